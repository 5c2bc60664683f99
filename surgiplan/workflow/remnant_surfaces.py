"""What is drawn and measured of a settled remnant: fine surfaces that its elements carry along."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from surgiplan.model import Resection, Segment, Surface

from .answers import tidy
from .organs import InCase

if TYPE_CHECKING:
    from surgiplan.mechanics import RemnantResponse, Response

__all__ = ["embedded_arrays", "embedded_numbers", "fine_response", "margin_numbers"]

Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[Any]]

_TRIANGLES = 12_000
"""An embedded surface is thinned out to so many."""
_INSIDE_MM = 2.5
_NEAR_CUT_MM = 0.5


def fine_response(
    found: InCase, resection: Resection, answer: "RemnantResponse"
) -> "tuple[Response, Arrays]":
    """The response on the fine surface of the remnant, its steps, and which triangles are cut.

    The surface comes from the scan, cut as planned; the elements are several times coarser.
    """
    from surgiplan.mechanics import seen_on
    from surgiplan.meshing import surface_at_zero

    def height(points: Floats) -> Floats:
        return np.asarray((points - resection.point_lps) @ resection.normal)

    def kept(points: Floats) -> Floats:
        return np.maximum(found.distance(points), height(points))

    surface = surface_at_zero(kept, found.distance.bounds_mm)
    points = np.asarray(surface.points_lps)
    steps = answer.carried_steps_mm(points)
    middles = points[surface.triangles].mean(axis=1)
    cut = height(middles) > np.maximum(found.distance(middles), -_NEAR_CUT_MM)
    arrays = {
        "cut": cut,
        "steps_mm": steps.astype(np.float32),
        "step_fractions": np.array([step.fraction for step in answer.steps]),
    }
    return seen_on(answer.response, points, surface.triangles, steps[-1]), arrays


def embedded_arrays(found: InCase, resection: Resection, answer: "RemnantResponse") -> Arrays:
    """Surfaces of tumours and vessels, as far as they lie in what stays, and how they move."""
    arrays: Arrays = {}
    for segment in found.embedded:
        surface = _within(found, resection, _surface_of(segment))
        if surface is None:
            continue
        moved = answer.carried_mm(np.asarray(surface.points_lps))
        arrays |= {
            f"embedded/{segment.id}/points_lps": surface.points_lps,
            f"embedded/{segment.id}/triangles": surface.triangles,
            f"embedded/{segment.id}/displacement_mm": moved.astype(np.float32),
        }
    return arrays


def embedded_numbers(found: InCase, arrays: Mapping[str, Any]) -> list[dict[str, Any]]:
    """How far each embedded structure is displaced, where it lies in what stays."""
    rows = []
    for segment in found.embedded:
        moved = arrays.get(f"embedded/{segment.id}/displacement_mm")
        if moved is not None:
            length = np.linalg.norm(moved, axis=1)
            rows.append(
                {
                    "id": segment.id,
                    "name": segment.name,
                    "displacement_mean_mm": float(length.mean()),
                    "displacement_max_mm": float(length.max()),
                }
            )
    return rows


def margin_numbers(
    lesion: Segment | None, resection: Resection, answer: "RemnantResponse"
) -> dict[str, Any]:
    """The lesion's margin to the cut as planned, and after the remnant has settled.

    What was removed does not settle: its margin is that of the specimen, as planned.
    """
    if lesion is None or answer.face is None:
        return {}
    from surgiplan.planning import margin, skin_points

    planned = margin(lesion, resection)
    points = skin_points(lesion)
    left = (points - resection.point_lps) @ resection.normal < 0
    changes = np.zeros(len(points))
    if left.any():
        changes[left] = answer.away_from_cut_mm(points[left], settled=False)
        changes[left] -= answer.away_from_cut_mm(points[left], settled=True)
    after = margin(lesion, resection, changes_mm=changes)
    remark = "It was removed whole; the specimen's margin is as planned."
    if left.any():
        remark = "Part of it stays" if not left.all() else "It stays whole"
        remark += " in the remnant; a negative margin is its depth behind the cut."
    return {
        "margin_min_planned_mm": tidy(planned.min_mm),
        "margin_p5_planned_mm": tidy(planned.p5_mm),
        "margin_min_after_mm": tidy(after.min_mm),
        "margin_p5_after_mm": tidy(after.p5_mm),
        "margin_remark": remark,
    }


def _surface_of(segment: Segment) -> Surface:
    from surgiplan.meshing import decimated, surface_of

    surface = surface_of(segment)
    if len(surface.triangles) > _TRIANGLES:
        surface = decimated(surface, _TRIANGLES)
    return surface


def _within(found: InCase, resection: Resection, surface: Surface) -> Surface | None:
    """The part of a surface that lies in what stays of the organ."""
    points = np.asarray(surface.points_lps)
    inside = found.distance(points) < _INSIDE_MM
    inside &= (points - resection.point_lps) @ resection.normal < _NEAR_CUT_MM
    kept = surface.triangles[inside[surface.triangles].all(axis=1)]
    if not len(kept):
        return None
    used, numbers = np.unique(kept, return_inverse=True)
    return Surface(points[used], numbers.reshape(-1, 3).astype(np.int32))
