"""From a plan to the tissue's response."""

from collections.abc import Mapping
from typing import Any

from surgiplan.edits import RecordFinding
from surgiplan.errors import PlanError
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Case

from .remnant_response import remnant_response
from .settings import settings_from
from .vessel_response import vessel_response

__all__ = ["simulate", "simulation_settings"]


def simulate(
    case: Case, subject: str, settings: Mapping[str, Any] | None = None, *, report: Report = silent
) -> RecordFinding:
    """Tissue response to a placed stent or a planned resection, given by id or path.

    Raises PlanError for an unknown subject or setting, SolveError without convergence.
    """
    path = _subject(case, subject)
    values = settings_from(simulation_settings(case, subject), settings or {})
    respond = vessel_response if path.startswith("plan/stents") else remnant_response
    return RecordFinding(respond(case, path, values, report))


def simulation_settings(case: Case, subject: str) -> type:
    """The settings class of the simulation that suits a stent or a resection."""
    from surgiplan.mechanics import RemnantSettings, VesselSettings

    return VesselSettings if _subject(case, subject).startswith("plan/stents") else RemnantSettings


def _subject(case: Case, subject: str) -> str:
    """The path of a placement or resection given by id, name or path."""
    candidates = [p for p in case.paths() if p.startswith(("plan/stents/", "plan/resections/"))]
    for path in candidates:
        if subject in (path, path.rpartition("/")[2], case.at(path).name):
            return path
    known = ", ".join(path.rpartition("/")[2] for path in candidates) or "none yet"
    raise PlanError(f"There is no stent or resection {subject!r}; this case has: {known}.")
