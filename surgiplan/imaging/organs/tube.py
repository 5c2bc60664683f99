"""A large vessel followed by its round cross-sections."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ..coarse import Coarse

__all__ = ["ANGLES", "Section", "Tube", "followed", "rays", "section_at"]

Floats = npt.NDArray[np.float64]

ANGLES = 48
"""Rays of a cross-section."""
WALL_HU = 50.0
"""Wall and soft tissue around a contrast-filled lumen."""
STEP_MM = 2.0
_RAY_MM = 0.75
_GROWTH = 1.3
"""A radius grows no more from one section to the next; more is a branch or a leak."""
_TILT_DEG = 10.0
"""The next section is the smallest among those tilted by so much."""
_STEEP = 0.9
"""Cosine to the long axis of the body above which a tube runs along it."""
_LEAKY = 0.4
"""Share of rays without a border at which a section is no tube any more."""
_TOUCHING = 0.15
_KEPT = 1.15
_SWELL = 1.75
"""Area over the usual one before it at which a vessel has opened into a chamber."""
_SHRINK = 0.3
_LOOK_BACK_MM = 30.0

_angle = np.arange(ANGLES) * 2 * np.pi / ANGLES
CIRCLE = np.stack([np.cos(_angle), np.sin(_angle)], 1)


def _even_directions(count: int) -> Floats:
    """Directions spread evenly over a sphere, (count, 3)."""
    n = np.arange(count) + 0.5
    k = 1 - 2 * n / count
    turn = np.pi * (1 + 5**0.5) * n
    aside = np.sqrt(1 - k**2)
    return np.stack([k, aside * np.sin(turn), aside * np.cos(turn)], 1)


_SPHERE = _even_directions(400)


@dataclass(frozen=True, eq=False)
class Section:
    """One cross-section; places and lengths in mm from the first block, in (k, j, i) order."""

    middle: Floats
    axis: Floats
    across: Floats
    """Shape (2, 3): the directions of angle 0 and 90 degrees."""
    radii: Floats = field(repr=False)
    """Distance of the border from the middle, (ANGLES,)."""
    level: float
    """Median of the inside [HU]."""
    leaky: float
    """Share of rays whose border was not seen."""

    @property
    def area(self) -> float:
        """Area within the border [mm²]."""
        turned = np.roll(self.radii, -1)
        return float(0.5 * np.sin(2 * np.pi / ANGLES) * (self.radii * turned).sum())

    @property
    def radius(self) -> float:
        """Radius of a disc of the same area."""
        return float(np.sqrt(self.area / np.pi))

    @property
    def border(self) -> Floats:
        """Points of the border, (ANGLES, 3)."""
        return np.asarray(self.middle + (self.radii[:, None] * CIRCLE) @ self.across)


Tube = Sequence[Section]


def rays(coarse: Coarse, middle: Floats, across: Floats, reach_mm: float) -> tuple[Floats, Floats]:
    """Values along the rays of a plane, (ANGLES, n), and their distances (n,) [mm].

    Beyond the blocks a value is that of air.
    """
    values, r = _ray_values(coarse, middle[None], across[None], reach_mm)
    return values[0], r


def _ray_values(
    coarse: Coarse, middles: Floats, across: Floats, reach_mm: float
) -> tuple[Floats, Floats]:
    """The same for several planes: middles (m, 3), across (m, 2, 3); values (m, ANGLES, n)."""
    from scipy.ndimage import map_coordinates

    r = np.arange(0, reach_mm, _RAY_MM)
    directions = np.einsum("ac,mcx->max", CIRCLE, across)
    points = middles[:, None, None] + r[None, None, :, None] * directions[:, :, None]
    index = (points / np.array(coarse.spacing_mm)).reshape(-1, 3).T
    values = map_coordinates(coarse.values, index, order=1, mode="constant", cval=-1000.0)
    return values.reshape(len(middles), ANGLES, len(r)).astype(np.float64), r


def crossing(values: Floats, r: Floats, is_out: npt.NDArray[np.bool_], limit: Floats) -> Floats:
    """First place on each ray that is out, NaN where there is none before ``limit``."""
    first = np.argmax(is_out, axis=1)
    seen = is_out.any(axis=1) & (first > 0)
    place = np.where(seen, r[first] - 0.5 * _RAY_MM, np.nan)
    return np.where(place <= limit, place, np.nan)


def section_at(
    coarse: Coarse,
    middle: Floats,
    axis: Floats,
    level: float,
    like: Floats | float,
    *,
    wall_hu: float = WALL_HU,
) -> Section | None:
    """The lumen's cross-section around a point; None if the point lies outside the lumen.

    ``like`` are the radii (ANGLES,) or the radius to expect.
    """
    across = _across(axis)
    expected = np.broadcast_to(np.asarray(like, float), (ANGLES,))
    for _ in range(3):
        limit = np.maximum(_GROWTH * _smooth(expected), expected.mean() * 0.9) + 1.0
        values, r = rays(coarse, middle, across, float(limit.max()) + 2)
        threshold, ceiling = lumen_band(level, wall_hu=wall_hu)
        out = (values < threshold) | (values > ceiling)
        if out[:, 0].all():
            return None
        border = crossing(values, r, out, limit)
        missing = np.isnan(border)
        if missing.all():
            return None
        radii = _filled(border, np.minimum(limit, _GROWTH * np.nanmedian(border)))
        points = radii[:, None] * CIRCLE
        shift = _centroid(points)
        inside = values[r[None, :] < 0.7 * radii[:, None]]
        section = Section(
            middle, axis, across, radii, float(np.median(inside)), float(missing.mean())
        )
        if np.linalg.norm(shift) < 0.4:
            break
        middle = middle + shift @ across
        expected = np.full(ANGLES, section.radius)
    return section


def followed(
    coarse: Coarse,
    start: Section,
    direction: Floats,
    *,
    stop: float = np.inf,
    wall_hu: float = WALL_HU,
) -> list[Section]:
    """The sections from ``start`` (included) along ``direction`` until the tube ends."""
    tube = [replace(start, axis=direction)]
    doubtful = 0
    back = int(_LOOK_BACK_MM / STEP_MM)
    while len(tube) * STEP_MM < stop:
        found = _next(coarse, tube, wall_hu)
        if found is None:
            break
        usual = float(np.median([s.area for s in tube[-back:]]))
        if found.leaky > _TOUCHING:
            # Where another lumen touches, the tube keeps its size.
            most = _KEPT * np.sqrt(usual / np.pi)
            found = replace(found, radii=np.minimum(found.radii, most))
        if not _SHRINK * usual < found.area < _SWELL * usual:
            break
        doubtful = doubtful + 1 if found.leaky > _LEAKY else 0
        tube.append(found)
        if doubtful > 3:
            break
    while len(tube) > 1 and tube[-1].leaky > _LEAKY:
        tube.pop()
    return tube


def _next(coarse: Coarse, tube: list[Section], wall_hu: float) -> Section | None:
    last = tube[-1]
    level = float(np.median([s.level for s in tube[-10:]]))
    axis = last.axis
    ahead = last.middle + STEP_MM * axis
    end = np.array(coarse.spacing_mm) * (np.array(coarse.values.shape) - 1)
    if np.any(ahead < 0) or np.any(ahead > end):
        return None
    # Where the scan cuts the tube across, no direction can be seen.
    left_mm = end[0] - ahead[0] if axis[0] > 0 else ahead[0]
    if abs(axis[0]) < _STEEP or left_mm > last.radius:
        axis = _smallest(coarse, last, _ahead(coarse, last, level, wall_hu), level, wall_hu)
    found = section_at(
        coarse, last.middle + STEP_MM * axis, axis, level, last.radius, wall_hu=wall_hu
    )
    if found is None or (found.middle - last.middle) @ axis < 0.2 * STEP_MM:
        return None
    return found


def _ahead(coarse: Coarse, last: Section, level: float, wall_hu: float) -> Floats:
    """Where the tube goes on: the middle of what is seen through the lumen ahead.

    A branch shows as a small part of that, the tube itself as a large one.
    """
    from scipy.ndimage import map_coordinates

    facing = _SPHERE[_SPHERE @ last.axis > 0.1]
    reach = last.radius * np.array([0.7, 1.0, 1.3, 1.6])
    points = last.middle + facing[:, None] * reach[None, :, None]
    index = (points / np.array(coarse.spacing_mm)).reshape(-1, 3).T
    values = map_coordinates(coarse.values, index, order=1, mode="constant", cval=-1000.0).reshape(
        len(facing), -1
    )
    low, high = lumen_band(level, wall_hu=wall_hu)
    clear = np.all((values > low) & (values < high), axis=1)
    if not clear.any():
        return last.axis
    return _unit(last.axis + _unit(facing[clear].sum(axis=0)))


def _smallest(coarse: Coarse, last: Section, axis: Floats, level: float, wall_hu: float) -> Floats:
    """The direction, among the axis and some tilted ones, across which the tube is smallest."""
    axes = _tilts(axis)
    across = np.stack([_across(one) for one in axes])
    middles = last.middle + STEP_MM * axes
    limit = _GROWTH * last.radius + 1
    low, high = lumen_band(level, wall_hu=wall_hu)
    for _ in range(2):
        values, r = _ray_values(coarse, middles, across, limit + 1)
        out = (values < low) | (values > high)
        seen = out.any(axis=2)
        first = np.where(seen, r[np.argmax(out, axis=2)], limit)
        first = np.minimum(first, _GROWTH * np.median(first, axis=1)[:, None])
        shift = np.array([_centroid(one[:, None] * CIRCLE) for one in first])
        middles = middles + np.einsum("mc,mcx->mx", shift, across)
    areas = (first**2).sum(axis=1) * (2 - seen.mean(axis=1))
    areas[1:] *= 1.02
    return np.asarray(axes[int(np.argmin(areas))])


def _tilts(axis: Floats) -> Floats:
    across = _across(axis)
    angle = np.arange(6) * np.pi / 3
    aside = np.stack([np.cos(angle), np.sin(angle)], 1) @ across
    tilted = axis + np.tan(np.radians(_TILT_DEG)) * aside
    return np.vstack([axis, tilted / np.linalg.norm(tilted, axis=1)[:, None]])


def lumen_band(level: float, share: float = 0.5, wall_hu: float = WALL_HU) -> tuple[float, float]:
    """Lowest and highest value of a lumen, ``share`` of the way from its wall."""
    contrast = level - wall_hu
    return wall_hu + share * contrast, level + max(0.6 * contrast, 120.0)


def _across(axis: Floats) -> Floats:
    """Two directions across an axis, the first as near as may be to the patient's left."""
    left = np.array([0.0, 0.0, 1.0])
    if abs(axis @ left) > 0.95:
        left = np.array([1.0, 0.0, 0.0])
    u = _unit(left - (left @ axis) * axis)
    return np.stack([u, np.cross(axis, u)])


def _unit(v: Floats) -> Floats:
    return np.asarray(v / np.linalg.norm(v))


def _smooth(radii: Floats) -> Floats:
    return np.asarray((np.roll(radii, 1) + radii + np.roll(radii, -1)) / 3)


def _filled(border: Floats, limit: Floats) -> Floats:
    """Unseen parts of a border drawn between the seen ones, then spikes cut off."""
    seen = np.flatnonzero(~np.isnan(border))
    n = len(border)
    around = np.concatenate([seen - n, seen, seen + n])
    radii = np.interp(np.arange(n), around, np.tile(border[seen], 3))
    windows = np.stack([np.roll(radii, shift) for shift in range(-4, 5)])
    usual = np.median(windows, axis=0)
    return np.asarray(np.minimum(np.clip(radii, 0.75 * usual, 1.2 * usual), limit))


def _centroid(points: Floats) -> Floats:
    """Centroid of a polygon (n, 2)."""
    x, y = points.T
    x1, y1 = np.roll(points, -1, axis=0).T
    cross = x * y1 - x1 * y
    area = cross.sum() / 2
    if abs(area) < 1e-6:
        return np.zeros(2)
    moments = np.array([((x + x1) * cross).sum(), ((y + y1) * cross).sum()])
    return np.asarray(moments / (6 * area))
