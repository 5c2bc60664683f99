"""What a hand on the screen does to a plan: pure geometry."""

import numpy as np
import numpy.typing as npt

from surgiplan.model import Branch, Points, Resection

__all__ = [
    "line_offset_mm",
    "nearest_on_polyline",
    "on_sphere",
    "turned",
    "turned_between",
]


def line_offset_mm(origin: Points, direction: Points, point: Points, axis: Points) -> float | None:
    """How far along a line (``point``, unit ``axis``) a ray comes closest; None if parallel."""
    along = float(direction @ axis)
    spread = 1.0 - along * along
    if spread < 1e-3:
        return None
    offset = point - origin
    return float((along * (direction @ offset) - axis @ offset) / spread)


def on_sphere(
    origin: Points, direction: Points, centre: Points, radius_mm: float, near: Points
) -> Points:
    """Where a ray meets a sphere, the place closer to ``near``; else where it comes closest."""
    offset = origin - centre
    b = float(direction @ offset)
    root = b * b - float(offset @ offset) + radius_mm**2
    if root <= 0:
        closest = offset - b * direction
        return centre + radius_mm * closest / np.linalg.norm(closest)
    places = [origin + (-b + sign * np.sqrt(root)) * direction for sign in (-1.0, 1.0)]
    return min(places, key=lambda place: float(np.linalg.norm(place - near)))


def turned_between(vector: Points, start: Points, end: Points) -> Points:
    """``vector`` turned as unit ``start`` is turned to unit ``end`` the short way."""
    axis = np.cross(start, end)
    sine, cosine = float(np.linalg.norm(axis)), float(start @ end)
    if sine < 1e-12:
        return vector
    return turned(vector, axis / sine, float(np.arctan2(sine, cosine)))


def turned(vector: Points, axis: Points, angle_rad: float) -> Points:
    """``vector`` turned about a unit axis by the right-hand rule."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    result: Points = c * vector + s * np.cross(axis, vector) + (1 - c) * (axis @ vector) * axis
    return result


def nearest_on_polyline(
    points: npt.NDArray[np.float64], place: npt.ArrayLike
) -> tuple[int, float, float]:
    """Piece of a polyline (n, d) nearest to a place (d,), the fraction along it, and the gap."""
    start, along = points[:-1], np.diff(points, axis=0)
    offset = np.asarray(place, float) - start
    length2 = np.maximum(np.einsum("ij,ij->i", along, along), 1e-12)
    t = np.clip(np.einsum("ij,ij->i", offset, along) / length2, 0, 1)
    gaps = np.linalg.norm(offset - t[:, None] * along, axis=1)
    n = int(np.argmin(gaps))
    return n, float(t[n]), float(gaps[n])


def station_mm(branch: Branch, flat: npt.NDArray[np.float64], place: npt.ArrayLike) -> float:
    """Station of a branch, seen as ``flat`` (n, 2), that lies nearest to a place on the screen."""
    n, t, _ = nearest_on_polyline(flat, place)
    stations = branch.stations_mm
    return float(stations[n] + t * (stations[n + 1] - stations[n]))


def slid(resection: Resection, by_mm: float) -> tuple[Points, Points]:
    """Point and normal of a cutting plane moved along its normal."""
    return resection.point_lps + by_mm * resection.normal, resection.normal
