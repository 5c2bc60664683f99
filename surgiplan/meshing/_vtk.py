"""The VTK filters of meshing: numpy in, numpy out."""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["boundary"]

Floats = npt.NDArray[np.float64]
Triangles = npt.NDArray[np.int32]


def boundary(mask: npt.NDArray[np.bool_]) -> tuple[Floats, Triangles]:
    """Boundary of a mask (k, j, i) whose outermost voxels are all empty: discrete flying edges.

    Points (n, 3) in (k, j, i) voxel units, halfway between voxels; triangles (m, 3), outwards where
    (i, j, k) is right-handed.  Closed and 2-manifold: each point lies between a full and an empty
    voxel, and each of the four cells around it adds one piece to its fan.
    """
    from vtkmodules.vtkFiltersGeneral import vtkDiscreteFlyingEdges3D

    edges = vtkDiscreteFlyingEdges3D()
    edges.SetInputData(_image(mask.view(np.uint8)))
    edges.SetValue(0, 1)
    edges.ComputeNormalsOff()
    edges.ComputeScalarsOff()
    edges.Update()
    return _mesh(edges.GetOutput())


def _image(voxels: npt.NDArray[np.uint8]) -> Any:
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData

    image = vtkImageData()
    image.SetDimensions(voxels.shape[2], voxels.shape[1], voxels.shape[0])
    # The wrapper keeps the array alive that it looks into.
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(voxels).reshape(-1)))
    return image


def _mesh(output: Any) -> tuple[Floats, Triangles]:
    from vtkmodules.util.numpy_support import vtk_to_numpy

    if not output.GetNumberOfCells():
        return np.zeros((0, 3)), np.zeros((0, 3), np.int32)
    points_ijk = vtk_to_numpy(output.GetPoints().GetData())
    triangles = vtk_to_numpy(output.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    points = np.empty(points_ijk.shape)
    points[:] = points_ijk[:, ::-1]
    return points, triangles.astype(np.int32)
