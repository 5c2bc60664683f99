"""A stent after its vessel answered: planned beside achieved, and where it does not fit."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surgiplan.geometry import area_mm2, caliper_diameters_mm, tangents
from surgiplan.model import Branch, Points, StentPlacement

from .fit import CONTACT_MM
from .stents import planned_diameters_mm, rings_at, zigzag

__all__ = ["Achieved", "Lumen", "StationAfter", "achieved", "struts_after"]

Floats = npt.NDArray[np.float64]

_END_DIAMETERS = 1.0
"""Over how many diameters the direction of a stent's end is taken."""


@dataclass(frozen=True)
class StationAfter:
    """One station of the vessel: before, as planned (the stent in the lumen as it was), after.

    None where there is no stent.
    """

    s_mm: float
    d_area_before_mm: float
    d_area_after_mm: float
    d_min_after_mm: float
    d_max_after_mm: float
    d_area_planned_mm: float | None
    gap_max_mm: float | None
    contact_pressure_mean_kpa: float | None


@dataclass(frozen=True)
class Achieved:
    """What came of a stent.

    ``apposition_fraction``: part of its surface that touches the wall.  ``malapposed_mm``:
    stations from and to which it does not, somewhere around.  ``foreshortening_fraction``: how much
    shorter than labelled.  ``bend_before_deg`` and after: angle between the directions of the
    vessel at the stent's two ends; ``tortuosity_before``: length over the straight way, less 1.
    """

    apposition_fraction: float
    largest_gap_mm: float
    malapposed_mm: tuple[tuple[float, float], ...]
    deployed_length_mm: float
    foreshortening_fraction: float
    straightening_deg: float
    bend_before_deg: float
    bend_after_deg: float
    tortuosity_before: float
    tortuosity_after: float
    stations_after: tuple[StationAfter, ...]


@dataclass(frozen=True, eq=False)
class Lumen:
    """A lumen and the device in it, station by station of a simulation.

    ``s_mm`` (n,); ``before`` and ``after`` (n, angles, 3) contours in LPS; ``axis_after`` (n, 3)
    of the device; ``radius_mm`` (n,) to which it opens freely, NaN where there is none;
    ``pressure_kpa`` (n, angles) of the device on the wall.
    """

    s_mm: Floats
    before: Points
    after: Points
    axis_after: Points
    radius_mm: Floats
    pressure_kpa: Floats

    @property
    def stented(self) -> npt.NDArray[np.bool_]:
        """Where there is a device, (n,)."""
        return np.isfinite(self.radius_mm)

    @property
    def wall_mm(self) -> Floats:
        """Distance (n, angles) of the wall after from the device's axis, across it."""
        offset = self.after - self.axis_after[:, None]
        ahead = tangents(self.axis_after)
        along = np.einsum("nac,nc->na", offset, ahead)
        return np.asarray(np.sqrt(np.maximum((offset**2).sum(axis=-1) - along**2, 0.0)))

    @property
    def gap_mm(self) -> Floats:
        """Distance (n, angles) from the open device to the wall, NaN where there is none."""
        return np.asarray(np.maximum(self.wall_mm - self.radius_mm[:, None], 0.0))

    @property
    def diameters_mm(self) -> Floats:
        """Mean diameter (n,) to which the device is open."""
        open_mm = np.fmin(self.wall_mm, self.radius_mm[:, None])
        return np.asarray(2 * open_mm.mean(axis=1))


def achieved(branch: Branch, stent: StentPlacement, lumen: Lumen) -> Achieved:
    """The stent as it came to lie, beside the plan, at the same stations."""
    gap, stented = lumen.gap_mm, lumen.stented
    touching = gap[stented] <= CONTACT_MM
    rings = rings_at(stent, lumen.s_mm, lumen.diameters_mm)
    before, after = lumen.before[stented].mean(axis=1), lumen.after[stented].mean(axis=1)
    reach = _END_DIAMETERS * stent.design.diameter_mm
    bends = _bend_deg(before, reach), _bend_deg(after, reach)
    return Achieved(
        apposition_fraction=float(touching.mean()),
        largest_gap_mm=float(gap[stented].max()),
        malapposed_mm=_spans(lumen.s_mm[stented], np.any(~touching, axis=1)),
        deployed_length_mm=rings.length_mm,
        foreshortening_fraction=1 - rings.length_mm / stent.design.length_mm,
        straightening_deg=bends[0] - bends[1],
        bend_before_deg=bends[0],
        bend_after_deg=bends[1],
        tortuosity_before=_tortuosity(before),
        tortuosity_after=_tortuosity(after),
        stations_after=_stations(branch, stent, lumen, gap),
    )


def struts_after(stent: StentPlacement, lumen: Lumen) -> tuple[Points, npt.NDArray[np.int32]]:
    """The struts as they came to lie: points (p, 3) in LPS [mm] and the pairs (q, 2) they join.

    They follow the deformed lumen where they touch it, and are round where they do not.
    """
    from scipy.ndimage import map_coordinates

    rings = rings_at(stent, lumen.s_mm, lumen.diameters_mm)
    theta, s = zigzag(rings, stent.design.crowns)
    angles = lumen.after.shape[1]
    rows = np.interp(s, lumen.s_mm, np.arange(len(lumen.s_mm)))
    turned = (theta / (2 * np.pi) + stent.rotation_deg / 360) * angles
    columns = np.broadcast_to(turned % angles, rows.shape)
    filled = np.interp(lumen.s_mm, lumen.s_mm[lumen.stented], lumen.radius_mm[lumen.stented])
    share = np.minimum(filled[:, None] / np.maximum(lumen.wall_mm, 1e-9), 1.0)
    offset = (lumen.after - lumen.axis_after[:, None]) * share[..., None]
    surface = lumen.axis_after[:, None] + offset
    closed = np.concatenate([surface, surface[:, :1]], axis=1)
    points = np.stack(
        [
            map_coordinates(closed[..., c], [rows, columns], order=1, mode="nearest")
            for c in range(3)
        ],
        axis=-1,
    )
    number = np.arange(points.shape[0] * points.shape[1], dtype=np.int32).reshape(rows.shape)
    lines = np.stack([number[:, :-1], number[:, 1:]], axis=-1).reshape(-1, 2)
    return points.reshape(-1, 3), lines


def _stations(
    branch: Branch, stent: StentPlacement, lumen: Lumen, gap: Floats
) -> tuple[StationAfter, ...]:
    low, high = caliper_diameters_mm(lumen.after)
    planned = np.interp(lumen.s_mm, branch.stations_mm, planned_diameters_mm(branch, stent.design))
    diameters = [2 * np.sqrt(area_mm2(part) / np.pi) for part in (lumen.before, lumen.after)]

    def where_stented(values: Floats) -> list[float | None]:
        rows = zip(values, lumen.stented, strict=True)
        return [float(value) if here else None for value, here in rows]

    rows = zip(
        *(values.tolist() for values in (lumen.s_mm, *diameters, low, high)),
        where_stented(planned),
        where_stented(gap.max(axis=1)),
        where_stented(lumen.pressure_kpa.mean(axis=1)),
        strict=True,
    )
    return tuple(StationAfter(*row) for row in rows)


def _bend_deg(points: Points, reach_mm: float) -> float:
    """Angle between the directions of a line (n, 3) over its first and last ``reach_mm``."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    s = np.concatenate([[0.0], np.cumsum(steps)])
    reach = min(reach_mm, s[-1] / 2)
    ends = [_direction(points[part]) for part in (s <= reach + 1e-9, s >= s[-1] - reach - 1e-9)]
    return float(np.degrees(np.arccos(np.clip(ends[0] @ ends[1], -1.0, 1.0))))


def _direction(points: Points) -> Points:
    """Unit direction in which a line (n, 3) runs as a whole, by least squares."""
    offset = points - points.mean(axis=0)
    way = np.linspace(-1, 1, len(points)) @ offset
    return np.asarray(way / max(float(np.linalg.norm(way)), 1e-12))


def _tortuosity(points: Points) -> float:
    length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
    return length / max(float(np.linalg.norm(points[-1] - points[0])), 1e-9) - 1


def _spans(s_mm: Floats, flags: npt.NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    """Stations from and to which flags (n,) are set without a break."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    pairs = edges.reshape(-1, 2).tolist()
    return tuple((float(s_mm[start]), float(s_mm[end - 1])) for start, end in pairs)
