"""From a plan to the tissue's response."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from surgiplan import __version__
from surgiplan.edits import RecordFinding
from surgiplan.errors import PlanError
from surgiplan.geometry import area_mm2
from surgiplan.jobs_report import Report, part, silent
from surgiplan.model import Branch, Case, Finding, Points, Resection, StentPlacement

from .settings import settings_from

if TYPE_CHECKING:
    from surgiplan.mechanics import Response

__all__ = ["simulate", "simulation_settings"]


def simulate(
    case: Case, subject: str, settings: Mapping[str, Any] | None = None, *, report: Report = silent
) -> RecordFinding:
    """Tissue response to a placed stent or a planned resection, given by id or path.

    Raises PlanError for an unknown subject or setting, SolveError without convergence.
    """
    path = _subject(case, subject)
    values = settings_from(simulation_settings(case, subject), settings or {})
    if path.startswith("plan/stents"):
        finding = _vessel_finding(case, path, values, report)
    else:
        finding = _remnant_finding(case, path, values, report)
    return RecordFinding(finding)


def simulation_settings(case: Case, subject: str) -> type:
    """The settings class of the simulation that suits a stent or a resection."""
    from surgiplan.mechanics import RemnantSettings, VesselSettings

    return VesselSettings if _subject(case, subject).startswith("plan/stents") else RemnantSettings


def _vessel_finding(case: Case, path: str, settings: Any, report: Report) -> Finding:
    from surgiplan.mechanics import deploy_stent
    from surgiplan.planning import expander

    stent: StentPlacement = case.at(path)
    centerline = case.plan.centerlines[stent.centerline_id]
    branch = centerline.branch(stent.branch)
    axis, contours, radius_mm = expander(branch, stent)
    answer = deploy_stent(axis, contours, radius_mm, settings, report)
    rows = zip(
        _stations_mm(branch, axis),
        _area_diameters_mm(contours),
        _area_diameters_mm(answer.contours_mm),
        strict=True,
    )
    stations = [
        {"s_mm": _tidy(s), "d_area_before_mm": _tidy(before), "d_area_after_mm": _tidy(after)}
        for s, before, after in rows
    ]
    inputs = [path, f"plan/centerlines/{centerline.id}", f"segments/{centerline.segment_id}"]
    numbers = {**_numbers(answer.response), **_numbers(answer), "stations_after": stations}
    return _finding(case, path, "vessel response", inputs, settings, numbers, answer.response)


def _stations_mm(branch: Branch, axis: Points) -> npt.NDArray[np.float64]:
    """Distance along the branch of consecutive points of it (n, 3), shape (n,)."""
    steps = np.linalg.norm(np.diff(axis, axis=0), axis=1)
    return branch.nearest_station_mm(axis[0]) + np.concatenate([[0.0], np.cumsum(steps)])


def _area_diameters_mm(contours: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Diameters (n,) of the circles with the areas of contours (n, angles, 3)."""
    return np.asarray(2 * np.sqrt(area_mm2(contours) / np.pi))


def _remnant_finding(case: Case, path: str, settings: Any, report: Report) -> Finding:
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
        "volume_ml": _tidy(division.remnant_ml),
        "cut_face_displacement_mm": answer.cut_displacement_mm.tolist(),
        "mesh_volume_before_ml": _tidy(answer.volume_before_ml),
        "mesh_volume_after_ml": _tidy(answer.volume_after_ml),
    }
    numbers = {
        **_numbers(answer.response),
        "cut_face_displacement_mean_mm": float(np.linalg.norm(answer.cut_displacement_mm)),
        "remnant_after": remnant,
        "assumptions": list(answer.assumptions),
    }
    inputs = [path, f"segments/{organ.id}"]
    return _finding(case, path, "remnant response", inputs, settings, numbers, answer.response)


def _numbers(answer: Any) -> dict[str, Any]:
    """The plain values among the fields of a response."""
    values = {field.name: getattr(answer, field.name) for field in fields(answer)}
    plain = {n: list(v) if isinstance(v, tuple) else v for n, v in values.items()}
    return {n: _tidy(v) for n, v in plain.items() if isinstance(v, float | int | str | list)}


def _finding(
    case: Case,
    path: str,
    kind: str,
    inputs: Sequence[str],
    settings: Any,
    numbers: Mapping[str, Any],
    response: "Response",
) -> Finding:
    values = {f.name: getattr(settings, f.name) for f in fields(settings)}
    return Finding(
        id=f"{path.rpartition('/')[2]}_response",
        kind=kind,
        subject=path,
        made_from=case.made_from(*inputs),
        settings={name: value for name, value in values.items() if value is not None},
        numbers=numbers,
        arrays={
            "points_lps": np.asarray(response.points_mm, np.float64),
            "triangles": np.asarray(response.triangles, np.int32),
            "displacement_mm": np.asarray(response.displacement_mm, np.float32),
            "von_mises_kpa": np.asarray(response.von_mises_kpa, np.float32),
        },
        software=f"surgiplan {__version__}",
    )


def _tidy(value: Any) -> Any:
    """Plain Python for JSON; what is not finite becomes None."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value


def _subject(case: Case, subject: str) -> str:
    """The path of a placement or resection given by id, name or path."""
    candidates = [p for p in case.paths() if p.startswith(("plan/stents/", "plan/resections/"))]
    for path in candidates:
        if subject in (path, path.rpartition("/")[2], case.at(path).name):
            return path
    known = ", ".join(path.rpartition("/")[2] for path in candidates) or "none yet"
    raise PlanError(f"There is no stent or resection {subject!r}; this case has: {known}.")
