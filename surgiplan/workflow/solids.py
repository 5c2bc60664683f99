"""What is to be meshed: the largest piece of a segment, or of a closed surface, as a distance."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError
from surgiplan.model import Segment, Surface

if TYPE_CHECKING:
    from surgiplan.meshing import SignedDistance

__all__ = ["Solid", "place_words", "solid_of_segment", "solid_of_surface"]

Floats = npt.NDArray[np.float64]

_SPLIT = 0.03
"""Part of a volume that may be left out where it hangs by less than a voxel."""
_SAMPLES_AN_EDGE = 4.0
_ALIKE = 0.02
_CRUMB = 0.001
"""Part of the volume below which a loose piece is not worth a word."""


@dataclass(frozen=True, eq=False)
class Solid:
    """A body in one piece."""

    name: str
    distance: "SignedDistance"
    volume_mm3: float
    left_out_mm3: tuple[float, ...] = ()
    """Of the other pieces, largest first, without crumbs."""
    mended: tuple[str, ...] = ()
    """What was done to a foreign surface, and how far that moved it."""


def solid_of_segment(segment: Segment) -> Solid:
    """The largest piece of a segment; voxels that touch at a corner hang together.

    Raises GeometryError for an empty segment, and for one whose parts hang together by less than
    a voxel.
    """
    from scipy.ndimage import label

    from surgiplan.meshing import signed_distance

    pieces, count = label(segment.mask, np.ones((3, 3, 3)))
    sizes = np.bincount(pieces.ravel())[1:]
    if count > 1:
        segment = replace(segment, mask=pieces == np.argmax(sizes) + 1)
    distance = signed_distance(segment)
    loose_mm3 = _loose_mm3(segment.name, distance)
    left_out = [*_others(sizes * segment.grid.voxel_mm3), *loose_mm3]
    volume_mm3 = segment.volume_ml * 1000 - sum(loose_mm3)
    return Solid(segment.name, distance, volume_mm3, tuple(sorted(left_out, reverse=True)))


def _loose_mm3(name: str, distance: "SignedDistance") -> list[float]:
    """Volumes of parts that hang on a body by less than the distance shows.

    Raises GeometryError where they are more than a small part of it.
    """
    from scipy.ndimage import label

    pieces, count = label(distance.values_mm < 0)
    sizes = np.bincount(pieces.ravel())[1:] * distance.grid.voxel_mm3
    if count < 2:
        return []
    order = np.argsort(-sizes, kind="stable")
    if sizes.max() >= (1 - _SPLIT) * sizes.sum():
        return [float(size) for size in sizes[order[1:]]]
    one, other = (distance.grid.to_lps(np.argwhere(pieces == n + 1)) for n in order[:2])
    first_ml, second_ml = sizes[order[:2]] / 1000
    raise GeometryError(
        f"{name[:1].upper()}{name[1:]} hangs together by less than a voxel at "
        f"{place_words(_nearest(one, other))} mm (LPS), between {first_ml:.1f} and "
        f"{second_ml:.1f} ml; bridge it, or make them two segments."
    )


def _nearest(one: Floats, other: Floats) -> Floats:
    """The middle (3,) between the two points of two clouds that are nearest."""
    from scipy.spatial import cKDTree

    far, which = cKDTree(one).query(other)
    nearest = int(np.argmin(far))
    return np.asarray((other[nearest] + one[which[nearest]]) / 2)


def place_words(point: Floats) -> str:
    """A point (3,) as a person reads it."""
    return ",".join(f"{x:.0f}" for x in point)


def solid_of_surface(surface: Surface, name: str, elements: int) -> Solid:
    """The largest body in a surface, sampled for so many elements; mended where that takes little.

    Raises GeometryError for a surface that stays open, and for one with nothing inside.
    """
    from scipy.ndimage import label

    from surgiplan.mechanics import inside_mm3
    from surgiplan.meshing import repaired, require_closed, surface_distance

    done = repaired(surface)
    require_closed(done.surface, name[:1].upper() + name[1:])
    mended: tuple[str, ...] = done.what
    if mended:
        mended = (*mended, f"moved nothing farther than {done.displacement_mm_max:.2f} mm")
    edge = (12 * done.surface.volume_ml * 1000 / elements) ** (1 / 3)
    distance = surface_distance(done.surface, edge / _SAMPLES_AN_EDGE)
    pieces, count = label(distance.values_mm < 0)
    sampled = inside_mm3(distance, distance.bounds_mm, 3 * distance.grid.spacing_mm[0])[0]
    left_out = _others(np.bincount(pieces.ravel())[1:] * distance.grid.voxel_mm3)
    # Where bodies overlap, the surface encloses some of the volume twice; the samples do not.
    whole = done.surface.volume_ml * 1000
    is_simple = count == 1 and abs(sampled / whole - 1) < _ALIKE
    return Solid(name, distance, whole if is_simple else sampled, left_out, mended)


def _others(sizes_mm3: npt.NDArray[np.floating]) -> tuple[float, ...]:
    """All sizes but the largest, without crumbs, the largest first."""
    ordered = np.sort(sizes_mm3)[::-1]
    return tuple(float(size) for size in ordered[1:] if size > _CRUMB * ordered[0])
