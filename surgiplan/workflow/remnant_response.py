"""How an organ settles after the planned part of it is removed."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from surgiplan.derived import Store
from surgiplan.jobs_report import Report, part
from surgiplan.model import Case, Finding, Resection, Segment

from .answers import HEADLINES as _ALWAYS
from .answers import finding_of, history_of, mesh_numbers, plain_numbers, tidy
from .kept_meshes import stuffed_once
from .neighbours import among_neighbours
from .organs import organ_in
from .remnant_surfaces import (
    embedded_arrays,
    embedded_numbers,
    fine_response,
    margin_numbers,
)
from .scenarios import Scenario

if TYPE_CHECKING:
    from surgiplan.mechanics import RemnantResponse
    from surgiplan.planning import Division

__all__ = ["HEADLINES", "remnant_response", "scenarios", "settled_remnant"]

HEADLINES = (
    *_ALWAYS,
    "cut_face_displacement_mean_mm",
    "cut_face_retraction_mean_mm",
    "cut_edge_gape_mm",
    "handle_force_n",
)
"""Numbers that come with an error and a band."""


def scenarios(settings: Any) -> tuple[Scenario, ...]:
    """What might be otherwise in this patient than ``settings`` (``RemnantSettings``) say."""
    from surgiplan.mechanics import tissue, tissues

    known = tissue(settings.tissue if settings.tissue in tissues() else "liver")
    supports = (
        "bed_kpa_per_mm", "attachment_kpa_per_mm", "cava_kpa_per_mm", "vessel_kpa_per_mm"
    )  # fmt: skip
    found = (
        Scenario("soft tissue", times={"stiffness_factor": known.low}),
        Scenario("stiff tissue", times={"stiffness_factor": known.high}),
        Scenario("soft supports", times=dict.fromkeys(supports, 0.5)),
        Scenario("stiff supports", times=dict.fromkeys(supports, 2.0)),
    )
    if not settings.insufflation_mmhg:
        return found
    return (
        *found,
        Scenario("low gas pressure", times={"insufflation_mmhg": 2 / 3}),
        Scenario("high gas pressure", times={"insufflation_mmhg": 5 / 4}),
    )


def remnant_response(
    case: Case, path: str, settings: Any, report: Report, *, kept: Store | None = None
) -> Finding:
    """The finding about the resection at ``path``; ``settings`` are ``RemnantSettings``.

    The mesh is taken from ``kept`` if it is there.
    """
    return settled_remnant(case, path, settings, report, kept=kept)[0]


def settled_remnant(
    case: Case, path: str, settings: Any, report: Report, *, kept: Store | None = None
) -> tuple[Finding, "RemnantResponse"]:
    """The same, and the answer that it was made from, from which one may go on."""
    from surgiplan.mechanics import CutPlane, settle_remnant
    from surgiplan.planning import divide

    resection: Resection = case.at(path)
    target = case.segment(resection.target_id)
    division = divide(target, resection)
    report(0.02, f"Measuring distances in {target.name}")
    with_hu = settings.tissue_by_hu != "off"
    found = organ_in(case, target, resection.lesion_id, with_hu=with_hu)
    if settings.contact_with_neighbours == "on":
        found = among_neighbours(case, target, found)
    removed = CutPlane(resection.point_lps, resection.normal)
    stuff = stuffed_once(target, kept, _volumes_mm3(target, division))
    answer = settle_remnant(found.organ, removed, settings, part(report, 0.1, 0.85), stuff=stuff)
    quality = replace(
        answer.response.mesh_quality,
        volume_error_fraction=answer.volume_before_ml / division.remnant_ml - 1,
    )
    report(0.85, "Carrying surfaces along")
    seen, arrays = fine_response(found, resection, answer)
    arrays |= embedded_arrays(found, resection, answer)
    if answer.neighbours is not None:
        pressed = answer.pressed_kpa(seen.points_mm)
        arrays["contact_pressure_kpa"] = pressed.astype(np.float32)
    lesion = case.segments.get(resection.lesion_id)
    numbers = {
        **plain_numbers(answer.response),
        "mesh_quality": mesh_numbers(quality),
        **_cut_numbers(answer),
        "tissue": answer.tissue,
        "history": history_of(answer.steps),
        "remnant_after": {
            **_remnant(answer, division.remnant_ml),
            **margin_numbers(lesion, resection, answer),
        },
        "embedded": embedded_numbers(found, arrays),
        "assumptions": [*answer.assumptions, *found.remarks],
    }
    inputs = [path, *found.made_from]
    finding = finding_of(case, path, "remnant response", inputs, settings, numbers, seen)
    return replace(finding, arrays={**finding.arrays, **arrays}), answer


def _cut_numbers(answer: "RemnantResponse") -> dict[str, Any]:
    face = answer.face
    found = {}
    if face is not None:
        found = {
            "cut_face_displacement_mean_mm": float(np.linalg.norm(face.displacement_mm)),
            "cut_face_retraction_mean_mm": face.retraction_mean_mm,
            "cut_face_retraction_max_mm": face.retraction_max_mm,
            "cut_edge_gape_mm": face.edge_gape_mm,
            "cut_edge_displacement_max_mm": face.edge_displacement_max_mm,
            "cut_area_before_mm2": face.area_before_mm2,
            "cut_area_after_mm2": face.area_after_mm2,
        }
    if answer.handle_force_n is not None:
        found["handle_force_n"] = answer.handle_force_n
    if answer.neighbours is not None:
        force = float(np.linalg.norm(answer.neighbours.force_mn)) / 1000
        found["neighbour_force_n"] = force
        found["neighbour_area_mm2"] = answer.neighbours.area_mm2
    return found


def _remnant(answer: "RemnantResponse", remnant_ml: float) -> dict[str, Any]:
    face = answer.face
    return {
        "volume_ml": tidy(remnant_ml),
        "cut_face_displacement_mm": face.displacement_mm.tolist() if face else None,
        "mesh_volume_before_ml": tidy(answer.volume_before_ml),
        "mesh_volume_after_ml": tidy(answer.volume_after_ml),
        "volume_error_fraction": tidy(answer.volume_before_ml / remnant_ml - 1),
        "scan_miss_mm": tidy(answer.scan_miss_mm),
    }


def _volumes_mm3(organ: Segment, division: "Division") -> tuple[float, ...]:
    """What stays and what goes of an organ in one piece; of several the mesh takes the largest."""
    from scipy.ndimage import label

    _, pieces = label(organ.mask, np.ones((3, 3, 3)))
    return (1000 * division.remnant_ml, 1000 * division.resected_ml) if pieces == 1 else ()
