"""The VTK filters of meshing: numpy in, numpy out."""

import numpy as np
import numpy.typing as npt

__all__ = ["smooth_boundary"]


def smooth_boundary(
    mask: npt.NDArray[np.bool_],
    spacing_mm: tuple[float, float, float],
    passes: int,
    pass_band: float,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """Boundary of a mask (k, j, i) whose outermost voxels are all empty, smoothed.

    Points (n, 3) in (k, j, i) voxel units, triangles (m, 3).  Discrete flying edges, then a
    windowed sinc filter (Taubin, Zhang and Golub, 1996) in a space scaled to millimetres.
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkFiltersCore import vtkWindowedSincPolyDataFilter
    from vtkmodules.vtkFiltersGeneral import vtkDiscreteFlyingEdges3D

    image = vtkImageData()
    image.SetDimensions(mask.shape[2], mask.shape[1], mask.shape[0])
    image.SetSpacing(spacing_mm[2], spacing_mm[1], spacing_mm[0])
    voxels = np.ascontiguousarray(mask).view(np.uint8)
    image.GetPointData().SetScalars(numpy_to_vtk(voxels.reshape(-1)))

    edges = vtkDiscreteFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, 1)
    edges.ComputeNormalsOff()
    edges.ComputeScalarsOff()

    sinc = vtkWindowedSincPolyDataFilter()
    sinc.SetInputConnection(edges.GetOutputPort())
    sinc.SetNumberOfIterations(passes)
    sinc.SetPassBand(pass_band)
    sinc.NormalizeCoordinatesOn()
    sinc.BoundarySmoothingOff()
    sinc.FeatureEdgeSmoothingOff()
    sinc.NonManifoldSmoothingOn()
    sinc.Update()

    mesh = sinc.GetOutput()
    points_ijk = vtk_to_numpy(mesh.GetPoints().GetData()).astype(np.float64)
    triangles = vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    return points_ijk[:, ::-1] / np.array(spacing_mm), triangles.astype(np.int32)
