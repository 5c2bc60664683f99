"""What a vascular plan would measure: centrelines with sections, diameters, lengths, angles."""

import numpy as np

from .anatomy.arteries import Arteries
from .curves import Vessel, ellipse_perimeter, smooth_path
from .grid import Points
from .lesion_truth import Json

_STATION_MM = 2.0
_ABOVE_RENAL_MM = 62.0
_NEAR_OSTIUM_MM = 7.0
_BEFORE_FORK_MM = 9.0


def vessel_paths(arteries: Arteries, scale: float) -> list[Json]:
    """Axes from above the coeliac trunk to both common femoral arteries."""
    paths = []
    for side, iliac in (("left", arteries.iliac_left), ("right", arteries.iliac_right)):
        line = _joined(arteries, iliac)
        lengths = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        stations = _stations(arteries.aorta, _clear_aorta(arteries), line, lengths, scale)
        stations += _stations(iliac, _clear_iliac(arteries, iliac, side), line, lengths, scale)
        paths.append(
            {
                "name": f"aorta_to_iliac_{side}",
                "length_mm": float(lengths[-1]) * scale,
                "points_lps": _listed(line * scale),
                "stations": stations,
            }
        )
    return paths


def vessel_measures(arteries: Arteries, scale: float) -> Json:
    """Neck, sac and lengths, in patient lengths."""
    aorta = arteries.aorta
    measures: Json = {
        "renal_to_bifurcation_length_mm": (arteries.fork_s - arteries.renal_s) * scale,
        "common_iliac_diameter_left_mm": _mean_diameter(arteries.iliac_left, 25, 60) * scale,
        "common_iliac_diameter_right_mm": _mean_diameter(arteries.iliac_right, 25, 60) * scale,
    }
    below = aorta.s_mm > arteries.renal_s
    wide = 2 * np.maximum(aorta.a_mm, aorta.b_mm)
    measures["lumen_max_diameter_mm"] = float(wide[below].max()) * scale
    if arteries.sac is None:
        return measures
    neck = aorta.part(arteries.renal_s + 3, arteries.neck_end_s - 3)
    start, end, fork = (
        aorta.at(s) for s in (arteries.renal_s, arteries.neck_end_s, arteries.fork_s)
    )
    above = aorta.at(arteries.renal_s - 45)
    return measures | {
        "neck_diameter_mm": _mean_diameter(neck, neck.s_mm[0], neck.s_mm[-1]) * scale,
        "neck_diameter_min_mm": float(2 * np.minimum(neck.a_mm, neck.b_mm).min()) * scale,
        "neck_diameter_max_mm": float(2 * np.maximum(neck.a_mm, neck.b_mm).max()) * scale,
        "neck_length_mm": (arteries.neck_end_s - arteries.renal_s) * scale,
        "neck_angle_deg": _angle(end - start, fork - end),
        "suprarenal_neck_angle_deg": _angle(start - above, end - start),
        "sac_outer_max_diameter_mm": float(
            2 * np.maximum(arteries.sac.a_mm, arteries.sac.b_mm).max()
        )
        * scale,
    }


def vessel_landmarks(arteries: Arteries, scale: float) -> Json:
    """Points on the axis that a user would pick."""
    aorta = arteries.aorta
    neck = 0.5 * (arteries.renal_s + arteries.neck_end_s) if arteries.sac else arteries.renal_s + 15
    centre = aorta.at(0.5 * (arteries.renal_s + arteries.fork_s))
    if arteries.sac is not None:
        centre = arteries.sac.points[int(np.argmax(arteries.sac.a_mm))]
    points = {
        "lumen_proximal": aorta.at(arteries.renal_s - _ABOVE_RENAL_MM),
        "lowest_renal": aorta.at(arteries.renal_s),
        "lumen_infrarenal_neck": aorta.at(neck),
        "neck_end": aorta.at(arteries.neck_end_s),
        "sac_centre": centre,
        "bifurcation": aorta.at(arteries.fork_s),
        "iliac_left_distal": arteries.iliac_left.at(_iliac_end(arteries.iliac_left)),
        "iliac_right_distal": arteries.iliac_right.at(_iliac_end(arteries.iliac_right)),
        "iliac_left_internal_ostium": arteries.internal_left.path[0],
        "iliac_right_internal_ostium": arteries.internal_right.path[0],
        "lumen_descending_thoracic": aorta.at(aorta.nearest_s((21, 27, 258))),
    }
    return {name: [float(v) for v in point * scale] for name, point in points.items()}


def _joined(arteries: Arteries, iliac: Vessel) -> Points:
    """One smooth axis from the aorta into an iliac artery, a point every millimetre."""
    aorta = arteries.aorta
    upper = aorta.part(arteries.renal_s - _ABOVE_RENAL_MM, arteries.fork_s - _BEFORE_FORK_MM)
    lower = iliac.part(17.0, _iliac_end(iliac))
    controls = np.concatenate([upper.points[::2], lower.points[::2]])
    return smooth_path(controls, 1.0)


def _iliac_end(iliac: Vessel) -> float:
    """Arc length of the common femoral artery a little above the end of the scan."""
    inside = iliac.points[:, 2] > -150.0
    return float(iliac.s_mm[inside][-1])


def _clear_aorta(arteries: Arteries) -> Points:
    """Arc lengths on the aorta where the section is the ellipse alone."""
    aorta = arteries.aorta
    s = np.arange(
        arteries.renal_s - _ABOVE_RENAL_MM, arteries.fork_s - _BEFORE_FORK_MM, _STATION_MM
    )
    for branch in arteries.branches:
        ostium = aorta.nearest_s(branch.path[0])
        if np.linalg.norm(aorta.at(ostium) - branch.path[0]) < 3:
            s = s[np.abs(s - ostium) > branch.radii[0] + _NEAR_OSTIUM_MM]
    return s


def _clear_iliac(arteries: Arteries, iliac: Vessel, side: str) -> Points:
    other = arteries.iliac_right if side == "left" else arteries.iliac_left
    internal = arteries.internal_left if side == "left" else arteries.internal_right
    s = np.arange(0.0, _iliac_end(iliac), _STATION_MM)
    gaps = np.array([np.linalg.norm(other.points - p, axis=1).min() for p in iliac.at(s)])
    apart = gaps > 2 * float(iliac.a_mm[:40].max()) + 7.5
    near = np.linalg.norm(arteries.aorta.points[-1] - iliac.at(s), axis=1) < 9
    s = s[apart & ~near]
    ostium = iliac.nearest_s(internal.path[0])
    return np.asarray(s[(s < ostium - 8) | (s > ostium + 22)])


def _stations(
    vessel: Vessel, s_values: Points, line: Points, lengths: Points, scale: float
) -> list[Json]:
    stations = []
    for s in s_values:
        point = vessel.at(s)
        a, b = (float(np.interp(s, vessel.s_mm, v)) * scale for v in (vessel.a_mm, vessel.b_mm))
        tangent = np.array([np.interp(s, vessel.s_mm, c) for c in vessel.tangents.T])
        nearest = int(np.argmin(np.linalg.norm(line - point, axis=1)))
        stations.append(
            {
                "s_mm": float(lengths[nearest]) * scale,
                "point_lps": [float(v) for v in point * scale],
                "tangent": [float(v) for v in tangent / np.linalg.norm(tangent)],
                "d_min_mm": 2 * min(a, b),
                "d_max_mm": 2 * max(a, b),
                "area_mm2": float(np.pi * a * b),
                "perimeter_mm": float(ellipse_perimeter(np.array(a), np.array(b))),
            }
        )
    return stations


def _mean_diameter(vessel: Vessel, start: float, stop: float) -> float:
    part = vessel.part(start, stop)
    return float(np.mean(2 * np.sqrt(part.a_mm * part.b_mm)))


def _angle(a: Points, b: Points) -> float:
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _listed(points: Points) -> list[list[float]]:
    return [[float(v) for v in point] for point in points]
