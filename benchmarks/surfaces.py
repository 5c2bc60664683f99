"""Surfaces: ten labels of a full CT, and thinner copies, beside skimage and VTK."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from benchmarks.row import Row
from surgiplan.meshing import decimated, surface_of, surfaces_of
from surgiplan.model import Segment, Surface, VoxelGrid

__all__ = ["rows"]

_SHAPE, _SPACING = (400, 512, 512), (1.0, 0.7, 0.7)
_ORGAN_MM = np.array([80.0, 55.0, 70.0])
_VESSEL_MM = 4.0


@contextmanager
def rows() -> Iterator[tuple[Row, ...]]:
    """Ten ellipsoids of 100 to 170 mm, and an organ to be thinned out."""
    from scipy.ndimage import find_objects

    labels = _ten_labels()
    segments = _segments(labels, find_objects(labels))
    organ, vessel = _organ(), _vessel()
    surface, tube = surface_of(organ), surface_of(vessel)
    target = len(surface.triangles) // 10
    thin, peer = decimated(surface, target), _quadric(surface, target)
    organ_error = 100 * (surface.volume_ml / (4 / 3 * np.pi * _ORGAN_MM.prod() / 1000) - 1)
    vessel_error = 100 * (tube.volume_ml / vessel.volume_ml - 1)
    yield (
        Row("ten labels of a full CT as closed surfaces, one find_objects pass beside",
            partial(surfaces_of, segments, smooth=False),
            "scipy find_objects", partial(find_objects, labels), ratio=3),
        Row("ten labels of a full CT as closed surfaces",
            partial(surfaces_of, segments, smooth=False),
            "skimage marching cubes, cropped", partial(_skimage, segments), ratio=1 / 2.5),
        Row("the same, smoothed and given the volume of their voxels",
            partial(surfaces_of, segments)),
        Row("the same, with shared borders", partial(surfaces_of, segments, shared=True)),
        Row(f"surface of an organ of 14 x 11 x 16 cm (volume {organ_error:+.2f} %, vertices at "
            f"most {np.abs(_to_organ(surface.points_lps)).max():.2f} mm off)",
            partial(surface_of, organ)),
        Row(f"surface of a vessel of 4 mm radius (volume {vessel_error:+.2f} % of its voxels)",
            partial(surface_of, vessel)),
        Row(f"a tenth of {len(surface.triangles)} triangles (rms {_rms(thin):.3f} mm, peer "
            f"{_rms(peer):.3f} mm)", partial(decimated, surface, target),
            "vtkQuadricDecimation", partial(_quadric, surface, target), ratio=1 / 6),
    )  # fmt: skip


def _ten_labels() -> np.ndarray:
    labels = np.zeros(_SHAPE, np.uint8)
    for n in range(10):
        half = np.array([50.0, 65.0, 70.0]) * (1 + 0.02 * n)
        middle = np.array([67 + 133 * (n // 4), 90 + 179 * (n // 2 % 2), 90 + 179 * (n % 2)])
        _ellipsoid(labels, n + 1, middle, half)
    return labels


def _ellipsoid(labels: np.ndarray, number: int, middle: np.ndarray, half: np.ndarray) -> None:
    low = np.maximum(((middle - half) / _SPACING).astype(int), 0)
    high = np.minimum(((middle + half) / _SPACING).astype(int) + 2, labels.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    k, j, i = np.ogrid[box]
    level = sum(
        ((index * step - m) / h) ** 2
        for index, step, m, h in zip((k, j, i), _SPACING, middle, half, strict=True)
    )
    labels[box][np.asarray(level < 1)] = number


def _segments(labels: np.ndarray, boxes: Sequence[Any]) -> list[Segment]:
    grid = VoxelGrid(labels.shape, np.diag([*_SPACING, 1.0]))
    segments = []
    for n, box in enumerate(boxes):
        low, high = [one.start for one in box], [one.stop for one in box]
        name = f"label {n + 1}"
        segments.append(Segment(name, name, labels[box] == n + 1, grid.cropped(low, high)))
    return segments


def _skimage(segments: Sequence[Segment]) -> None:
    from skimage.measure import marching_cubes

    for one in segments:
        marching_cubes(np.pad(one.mask, 1).view(np.uint8), 0.5, spacing=_SPACING)


def _of(to_body: Callable[[np.ndarray], np.ndarray], half_mm: Sequence[float]) -> Segment:
    shape = tuple(int(2 * h / step) + 9 for h, step in zip(half_mm, _SPACING, strict=True))
    affine = np.diag([*_SPACING, 1.0])
    affine[:3, 3] = -(np.array(shape) - 1) / 2 * _SPACING + 0.21
    grid = VoxelGrid(shape, affine)
    points = grid.to_lps(np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1))
    return Segment("body", "body", to_body(points) < 0, grid)


def _to_organ(points: np.ndarray) -> np.ndarray:
    level = np.linalg.norm(points / _ORGAN_MM, axis=-1)
    return level * (level - 1) / np.linalg.norm(points / _ORGAN_MM**2, axis=-1).clip(1e-9)


def _organ() -> Segment:
    return _of(_to_organ, list(_ORGAN_MM))


def _vessel() -> Segment:
    axis = np.array([0.87, 0.4, 0.3]) / np.linalg.norm([0.87, 0.4, 0.3])

    def to_vessel(points: np.ndarray) -> np.ndarray:
        along = points @ axis
        across = np.linalg.norm(points - along[..., None] * axis, axis=-1)
        return np.maximum(across - _VESSEL_MM, np.abs(along) - 30)

    return _of(to_vessel, (30, 20, 20))


def _rms(surface: Surface) -> float:
    return float(np.sqrt(np.mean(_to_organ(surface.points_lps) ** 2)))


def _quadric(surface: Surface, triangles: int) -> Surface:
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
    from vtkmodules.vtkFiltersCore import vtkQuadricDecimation

    points, cells, mesh = vtkPoints(), vtkCellArray(), vtkPolyData()
    points.SetData(numpy_to_vtk(surface.points_lps.copy()))
    corners = surface.triangles.astype(np.int64).ravel()
    offsets = np.arange(0, len(corners) + 1, 3, dtype=np.int64)
    cells.SetData(numpy_to_vtkIdTypeArray(offsets), numpy_to_vtkIdTypeArray(corners))
    mesh.SetPoints(points)
    mesh.SetPolys(cells)
    thin = vtkQuadricDecimation()
    thin.SetInputData(mesh)
    thin.SetTargetReduction(1 - triangles / len(surface.triangles))
    thin.Update()
    output = thin.GetOutput()
    return Surface(
        points_lps=vtk_to_numpy(output.GetPoints().GetData()),
        triangles=vtk_to_numpy(output.GetPolys().GetConnectivityArray()).reshape(-1, 3),
    )
