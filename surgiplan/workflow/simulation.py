"""From a plan to the tissue's response."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from surgiplan.derived import Store
from surgiplan.edits import RecordFinding
from surgiplan.errors import GeometryError, PlanError, SolveError
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Case, Finding

from . import remnant_response as remnants
from . import vessel_response as vessels
from .places import with_place
from .scenarios import Scenario
from .settings import settings_from

__all__ = ["Simulation", "simulate", "simulation_of", "simulation_settings"]


@dataclass(frozen=True)
class Simulation:
    """One workflow: how it answers, from which settings, and what is asked of it.

    ``headlines`` are the numbers that need an error and a band; ``scenarios`` makes of the chosen
    settings what might be otherwise.
    """

    settings: type
    respond: Callable[[Case, str, Any, Report], Finding]
    headlines: tuple[str, ...]
    scenarios: Callable[[Any], tuple[Scenario, ...]]

    def answer(self, case: Case, path: str, settings: Any, report: Report) -> Finding:
        """The finding about what stands at ``path``; GeometryError and SolveError say where."""
        try:
            return self.respond(case, path, settings, report)
        except (GeometryError, SolveError) as error:
            raise with_place(error, case, path) from error


def simulate(
    case: Case,
    subject: str,
    settings: Mapping[str, Any] | None = None,
    *,
    report: Report = silent,
    kept: Store | None = None,
) -> RecordFinding:
    """Tissue response to a placed stent or a planned resection, given by id or path.

    A mesh that is among what was ``kept`` is not made again: the same bits, sooner.
    Raises PlanError for an unknown subject or setting, GeometryError for a shape that
    cannot be meshed, SolveError without convergence; both say where.
    """
    path = _subject(case, subject)
    simulation = simulation_of(path, kept)
    values = settings_from(simulation.settings, settings or {})
    return RecordFinding(simulation.answer(case, path, values, report))


def simulation_settings(case: Case, subject: str) -> type:
    """The settings class of the simulation that suits a stent or a resection."""
    return simulation_of(_subject(case, subject)).settings


def simulation_of(path: str, kept: Store | None = None) -> Simulation:
    """The simulation that suits what stands at a path of a case, with meshes that were kept."""
    from surgiplan.mechanics import RemnantSettings, VesselSettings

    if path.startswith("plan/stents"):
        return Simulation(
            VesselSettings, vessels.vessel_response, vessels.HEADLINES, vessels.scenarios
        )
    return Simulation(
        RemnantSettings,
        partial(remnants.remnant_response, kept=kept),
        remnants.HEADLINES,
        remnants.scenarios,
    )


def _subject(case: Case, subject: str) -> str:
    """The path of a placement or resection given by id, name or path."""
    candidates = [p for p in case.paths() if p.startswith(("plan/stents/", "plan/resections/"))]
    for path in candidates:
        if subject in (path, path.rpartition("/")[2], case.at(path).name):
            return path
    known = ", ".join(path.rpartition("/")[2] for path in candidates) or "none yet"
    raise PlanError(f"There is no stent or resection {subject!r}; this case has: {known}.")
