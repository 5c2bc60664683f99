"""How an organ settles after the planned part of it is removed."""

from typing import Any

import numpy as np

from surgiplan.jobs_report import Report, part
from surgiplan.model import Case, Finding, Resection

from .answers import HEADLINES as _ALWAYS
from .answers import finding_of, plain_numbers, tidy
from .scenarios import Scenario

__all__ = ["HEADLINES", "remnant_response", "scenarios"]

HEADLINES = (*_ALWAYS, "cut_face_displacement_mean_mm")
"""Numbers that come with an error and a band."""


def scenarios(settings: Any) -> tuple[Scenario, ...]:
    """What might be otherwise in this patient than ``settings`` (``RemnantSettings``) say."""
    from surgiplan.mechanics import tissue

    liver, supports = tissue("liver"), ("bed_kpa_per_mm", "attachment_kpa_per_mm")
    return (
        Scenario("soft tissue", times={"shear_modulus_kpa": liver.low}),
        Scenario("stiff tissue", times={"shear_modulus_kpa": liver.high}),
        Scenario("soft supports", times=dict.fromkeys(supports, 0.5)),
        Scenario("stiff supports", times=dict.fromkeys(supports, 2.0)),
    )


def remnant_response(case: Case, path: str, settings: Any, report: Report) -> Finding:
    """The finding about the resection at ``path``; ``settings`` are ``RemnantSettings``."""
    from surgiplan.mechanics import settle_remnant
    from surgiplan.meshing import signed_distance
    from surgiplan.planning import divide

    resection: Resection = case.at(path)
    organ = case.segment(resection.target_id)
    division = divide(organ, resection)
    report(0.02, f"Measuring distances in {organ.name}")
    distance = signed_distance(organ)
    answer = settle_remnant(
        distance,
        distance.bounds_mm,
        resection.point_lps,
        resection.normal,
        settings,
        part(report, 0.1, 1.0),
    )
    remnant = {
        "volume_ml": tidy(division.remnant_ml),
        "cut_face_displacement_mm": answer.cut_displacement_mm.tolist(),
        "mesh_volume_before_ml": tidy(answer.volume_before_ml),
        "mesh_volume_after_ml": tidy(answer.volume_after_ml),
    }
    numbers = {
        **plain_numbers(answer.response),
        "cut_face_displacement_mean_mm": float(np.linalg.norm(answer.cut_displacement_mm)),
        "remnant_after": remnant,
        "assumptions": list(answer.assumptions),
    }
    inputs = [path, f"segments/{organ.id}"]
    return finding_of(case, path, "remnant response", inputs, settings, numbers, answer.response)
