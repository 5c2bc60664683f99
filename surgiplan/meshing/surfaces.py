"""Closed surfaces of segments, and thinner copies of them."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError
from surgiplan.model import Segment, Surface

__all__ = ["Kind", "decimated", "is_closed", "surface_of"]

Kind = Literal["organ", "vessel"]

_SMOOTHING: dict[Kind, tuple[int, float]] = {"organ": (50, 0.003), "vessel": (20, 0.05)}
"""Passes and pass band of the windowed sinc: thin structures keep their width."""

_THIN = ("aorta", "arter", "vein", "vessel", "lumen", "tumour", "tumor", "lesion", "airway")
"""Parts of names whose structures are thin or small."""


def surface_of(segment: Segment, *, kind: Kind | None = None) -> Surface:
    """The closed surface of a segment in LPS [mm], normals outwards.

    ``kind`` follows from the name when it is not given.  Volumes shown to a surgeon come from
    the voxels, not from this surface.  Raises GeometryError for an empty segment.
    """
    from ._vtk import smooth_boundary

    if not segment.voxels:
        raise GeometryError(f"{segment.name} is empty, so it has no surface; segment it again.")
    passes, pass_band = _SMOOTHING[kind or _kind_of(segment)]
    padded = np.pad(segment.mask, 1)
    index, triangles = smooth_boundary(padded, segment.grid.spacing_mm, passes, pass_band)
    surface = _outward(segment.grid.to_lps(index - 1), triangles)
    if not is_closed(surface.triangles):
        raise GeometryError(f"The surface of {segment.name} is not closed; smooth the segment.")
    return surface


def decimated(surface: Surface, triangles: int) -> Surface:
    """A closed surface with about ``triangles`` triangles, or the same one if it has no more.

    Raises ValueError for fewer than four triangles.
    """
    import fast_simplification

    if triangles < 4:
        raise ValueError(f"a closed surface needs 4 triangles, not {triangles}")
    if len(surface.triangles) <= triangles:
        return surface
    # The library takes writeable arrays only.
    points, faces = fast_simplification.simplify(
        np.array(surface.points_lps, order="C"),
        np.array(surface.triangles, order="C"),
        target_count=triangles,
    )
    return Surface(points_lps=points, triangles=faces)


def is_closed(triangles: npt.NDArray[np.integer]) -> bool:
    """Whether each edge of triangles (m, 3) is met once in each direction: a closed 2-manifold."""
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    size = int(triangles.max()) + 1 if len(triangles) else 1
    there = np.sort(pairs[:, 0].astype(np.int64) * size + pairs[:, 1])
    back = np.sort(pairs[:, 1].astype(np.int64) * size + pairs[:, 0])
    once = bool(np.all(there[1:] != there[:-1]))
    return len(triangles) > 0 and once and bool(np.array_equal(there, back))


def _kind_of(segment: Segment) -> Kind:
    name = f"{segment.id} {segment.name}".lower()
    return "vessel" if any(part in name for part in _THIN) else "organ"


def _outward(points_lps: npt.NDArray[np.float64], triangles: npt.NDArray[np.int32]) -> Surface:
    surface = Surface(points_lps=points_lps, triangles=triangles)
    if surface.volume_ml > 0:
        return surface
    return Surface(points_lps=points_lps, triangles=triangles[:, ::-1])
