"""Between numpy and VTK."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPolyData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkFiltersCore import vtkFlyingEdges2D

from surgiplan.model import Points, Volume, VoxelGrid

__all__ = [
    "contour_segments",
    "image_of",
    "index_to_lps",
    "pieces",
    "point_normals",
    "polylines",
    "quads",
    "set_points",
    "triangles",
]

Floats = npt.NDArray[np.floating[Any]]


def image_of(volume: Volume) -> vtkImageData:
    """The voxels in index space, sharing the memory of the volume."""
    slices, rows, columns = volume.grid.shape
    image = vtkImageData()
    image.SetDimensions(columns, rows, slices)
    flat = np.ascontiguousarray(volume.values).reshape(-1)
    image.GetPointData().SetScalars(numpy_to_vtk(flat))
    return image


def index_to_lps(grid: VoxelGrid) -> vtkMatrix4x4:
    """The map from voxel (i, j, k), VTK's order, to LPS [mm]."""
    affine = grid.affine[:, [2, 1, 0, 3]]
    result = vtkMatrix4x4()
    result.DeepCopy(affine.ravel().tolist())
    return result


def triangles(points_lps: Points, corners: npt.NDArray[np.integer[Any]]) -> vtkPolyData:
    """A triangle mesh with smooth normals."""
    data = vtkPolyData()
    set_points(data, points_lps)
    n = len(corners)
    offsets = np.arange(0, 3 * n + 1, 3, dtype=np.int64)
    data.SetPolys(_cells(offsets, np.asarray(corners, np.int64).reshape(-1)))
    normals = point_normals(points_lps, corners)
    data.GetPointData().SetNormals(numpy_to_vtk(normals.astype(np.float32), deep=True))
    return data


def quads(corners_lps: Points) -> vtkPolyData:
    """Flat quadrangles given by their corners, shape (n, 4, 3)."""
    data = vtkPolyData()
    set_points(data, corners_lps)
    n = 4 * len(corners_lps)
    data.SetPolys(_cells(np.arange(0, n + 1, 4, dtype=np.int64), np.arange(n, dtype=np.int64)))
    return data


def polylines(lines: Sequence[Points]) -> vtkPolyData:
    """Lines through points, each of shape (k, 3)."""
    data = vtkPolyData()
    points = np.concatenate(list(lines)) if len(lines) else np.zeros((0, 3))
    set_points(data, points)
    offsets = np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(np.int64)
    data.SetLines(_cells(offsets, np.arange(len(points), dtype=np.int64)))
    return data


def pieces(ends: Points) -> vtkPolyData:
    """Straight pieces given by their ends, shape (n, 2, 3)."""
    data = vtkPolyData()
    set_points(data, ends)
    corners = np.arange(2 * len(ends), dtype=np.int64)
    cells = vtkCellArray()
    cells.SetData(2, numpy_to_vtkIdTypeArray(corners, deep=True))
    data.SetLines(cells)
    return data


def set_points(data: vtkPolyData, points_lps: npt.ArrayLike) -> None:
    """Put other points, shape (n, 3), in place of those that the cells join."""
    coordinates = np.ascontiguousarray(points_lps, np.float64).reshape(-1, 3)
    points = vtkPoints()
    points.SetData(numpy_to_vtk(coordinates, deep=True))
    data.SetPoints(points)


def point_normals(
    points_lps: Points, corners: npt.NDArray[np.integer[Any]]
) -> npt.NDArray[np.float64]:
    """Unit normals of a mesh at its points, weighted by area, shape (n, 3)."""
    a, b, c = (points_lps[corners[:, n]] for n in range(3))
    faces = np.cross(b - a, c - a)
    flat = corners.reshape(-1)
    weights = np.repeat(faces, 3, axis=0)
    sums = [np.bincount(flat, weights[:, n], len(points_lps)) for n in range(3)]
    normals = np.stack(sums, axis=1)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    result: npt.NDArray[np.float64] = normals / np.where(length > 0, length, 1.0)
    return result


def contour_segments(mask: npt.NDArray[np.bool_]) -> Floats:
    """Outline of a 2D mask (rows, columns) as line ends in (row, column), shape (n, 2, 2)."""
    padded = np.pad(mask, 1).astype(np.uint8)
    image = vtkImageData()
    image.SetDimensions(padded.shape[1], padded.shape[0], 1)
    image.GetPointData().SetScalars(numpy_to_vtk(padded.reshape(-1)))
    edges = vtkFlyingEdges2D()
    edges.SetInputData(image)
    edges.ComputeScalarsOff()
    edges.SetValue(0, 0.5)
    edges.Update()
    outline = edges.GetOutput()
    if not outline.GetNumberOfLines():
        return np.zeros((0, 2, 2))
    points = vtk_to_numpy(outline.GetPoints().GetData())[:, 1::-1] - 1.0
    ends = vtk_to_numpy(outline.GetLines().GetConnectivityArray()).reshape(-1, 2)
    return np.asarray(points[ends], np.float64)


def _cells(offsets: npt.NDArray[np.int64], corners: npt.NDArray[np.int64]) -> vtkCellArray:
    cells = vtkCellArray()
    cells.SetData(
        numpy_to_vtkIdTypeArray(offsets, deep=True), numpy_to_vtkIdTypeArray(corners, deep=True)
    )
    return cells
