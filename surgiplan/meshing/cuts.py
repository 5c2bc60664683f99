"""Closed surfaces cut by planes."""

from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError
from surgiplan.model import Surface

from .repair import require_closed

__all__ = ["cut_by_plane"]


def cut_by_plane(
    surface: Surface, point_lps: npt.ArrayLike, normal: npt.ArrayLike
) -> tuple[Surface, Surface]:
    """Remnant and specimen of a closed surface; the specimen lies on the side of the normal.

    Both parts are closed and their volumes add up.  Raises GeometryError if the surface is not
    closed (with the place of its opening) or the plane misses it.
    """
    import manifold3d

    direction = np.asarray(normal, float)
    length = np.linalg.norm(direction)
    if not length > 1e-9:
        raise GeometryError("The cutting plane needs a normal that is not zero.")
    direction = direction / length
    require_closed(surface, "The surface")
    # Near the origin rounding is smallest.
    middle = surface.points_lps.mean(axis=0)
    solid = manifold3d.Manifold(
        manifold3d.Mesh64(
            vert_properties=np.ascontiguousarray(surface.points_lps - middle),
            tri_verts=np.ascontiguousarray(surface.triangles, np.uint64),
        )
    )
    if solid.status() != manifold3d.Error.NoError:
        raise GeometryError("The surface crosses itself too badly to be cut; smooth its segment.")
    offset = float(direction @ (np.asarray(point_lps, float) - middle))
    specimen, remnant = solid.split_by_plane(direction.tolist(), offset)
    if specimen.is_empty() or remnant.is_empty():
        raise GeometryError("The cutting plane misses the organ; move the plane into it.")
    return _surface(remnant, middle), _surface(specimen, middle)


def _surface(solid: Any, middle: npt.NDArray[np.float64]) -> Surface:
    mesh = solid.to_mesh64()
    return Surface(
        points_lps=np.asarray(mesh.vert_properties)[:, :3] + middle,
        triangles=np.asarray(mesh.tri_verts).astype(np.int32),
    )
