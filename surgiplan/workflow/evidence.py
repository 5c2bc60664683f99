"""How far to trust a simulation: a second mesh, scenarios of what nobody knows, the way there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from surgiplan.derived import Store
from surgiplan.edits import RecordFinding
from surgiplan.errors import GeometryError, PlanError, SolveError
from surgiplan.jobs_report import Report, part, silent
from surgiplan.model import Case, Finding

from .scenarios import Scenario, settings_in
from .settings import settings_from
from .simulation import Simulation, simulation_of

__all__ = ["substantiate"]

Numbers = Mapping[str, Any]

_NO_ANSWER = (GeometryError, PlanError, SolveError)
_LOAD_STEPS = 3
_STATION = "d_area_after_mm"
_SECOND_MESH = 0.15
"""Share of the second mesh in the whole work, for the progress bar."""


def substantiate(
    case: Case, finding: Finding, *, report: Report = silent, kept: Store | None = None
) -> RecordFinding:
    """The same finding with the error of its mesh, the band of its scenarios, and its loading.

    Its number of elements is changed, then its settings, one scenario at a time; id, inputs,
    settings and fields stay, and equilibria on the way are added where it has none.  A run without
    an answer is named in the numbers.  Raises PlanError for a finding that is stale, Cancelled.
    """
    if case.is_stale(finding.made_from):
        raise PlanError(
            f"What {finding.id} was computed from has changed since; simulate {finding.subject} "
            f"again first."
        )
    runs = _Runs(case, finding, simulation_of(finding.subject, kept))
    mesh = runs.second_mesh(part(report, 0.0, _SECOND_MESH))
    scenarios = runs.scenarios(part(report, _SECOND_MESH, 0.9))
    numbers, arrays = runs.loading(part(report, 0.9, 1.0))
    numbers = {**finding.numbers, **mesh, **scenarios, **numbers}
    return RecordFinding(replace(finding, numbers=numbers, arrays={**finding.arrays, **arrays}))


@dataclass(frozen=True)
class _Run:
    """One scenario: its numbers, or the sentence that says why there are none."""

    scenario: Scenario
    changed: Mapping[str, Any]
    numbers: Numbers | None
    reason: str = ""


class _Runs:
    def __init__(self, case: Case, finding: Finding, simulation: Simulation) -> None:
        self._case, self._finding, self._simulation = case, finding, simulation
        self._settings = _at_once(settings_from(simulation.settings, finding.settings))
        self._first = finding.numbers

    def _answer(self, settings: Any, report: Report) -> Finding:
        return self._simulation.answer(self._case, self._finding.subject, settings, report)

    def _respond(self, settings: Any, report: Report) -> Numbers:
        return self._answer(settings, report).numbers

    def loading(self, report: Report) -> tuple[Numbers, Mapping[str, Any]]:
        """Numbers and arrays of the equilibria on the way, where it would have some."""
        if self._first.get("history") != [] or self._first.get("recoil_fraction") is not None:
            return {}, {}
        settings = replace(self._settings, load_steps=_LOAD_STEPS)
        try:
            found = self._answer(settings, _named(report, "loading"))
        except _NO_ANSWER:
            return {}, {}
        arrays = {name: found.arrays[name] for name in ("steps_mm", "step_fractions")}
        return {"history": found.numbers["history"]}, arrays

    def second_mesh(self, report: Report) -> dict[str, Any]:
        """The error of each headline number, by its key and of the largest displacement."""
        other = self._other_mesh(report)
        if isinstance(other, str):
            return {"discretisation_reason": other}
        errors = dict(self._errors(other))
        return {
            "discretisation_error_fraction": errors["displacement_max_mm"],
            "discretisation_reason": None,
            "discretisation": errors,
            "second_mesh_elements": other["tet_count"],
        }

    def _other_mesh(self, report: Report) -> Numbers | str:
        """The answer of a second mesh, or the sentence that says why there is none."""
        from surgiplan.mechanics import other_element_counts
        from surgiplan.model import quantities

        reason = ""
        fewest = int(quantities(self._simulation.settings)["elements"][0].low)
        counts = other_element_counts(int(self._settings.elements), fewest)
        for n, wanted in enumerate(counts):
            span = part(report, n / len(counts), (n + 1) / len(counts))
            named = _named(span, f"second mesh, {wanted} elements")
            try:
                return self._respond(replace(self._settings, elements=wanted), named)
            except _NO_ANSWER as error:
                reason = f"A second mesh of about {wanted} elements gave no answer: {error}"
        return reason

    def _errors(self, other: Numbers) -> Iterator[tuple[str, float | None]]:
        from surgiplan.mechanics import mesh_error_fraction

        first = self._first
        meshes = first["tet_count"], other["tet_count"]
        energy_error = first["stress_energy_error_estimate_fraction"]

        def error(value: float, beside: float) -> float | None:
            return mesh_error_fraction(value, beside, *meshes, energy_error_fraction=energy_error)

        for key in _headlines(self._simulation, first, other):
            yield key, error(first[key], other[key])
        pairs = list(_stations(first, other))
        if pairs:
            yield _STATION, max(filter(None, (error(*pair) for pair in pairs)), default=None)

    def scenarios(self, report: Report) -> dict[str, Any]:
        """Every scenario with its numbers, and from the lowest to the highest of each."""
        wanted = self._simulation.scenarios(self._settings)
        runs = []
        for n, scenario in enumerate(wanted):
            span = part(report, n / len(wanted), (n + 1) / len(wanted))
            runs.append(self._run(scenario, _named(span, scenario.name)))
        answers = [run.numbers for run in runs if run.numbers is not None]
        keys = _headlines(self._simulation, self._first, *answers)
        is_open = len(answers) < len(runs)
        band = {
            key: _band(self._first[key], [one[key] for one in answers], is_open=is_open)
            for key in keys
        }
        found: dict[str, Any] = {
            "scenarios": [_listed(run, keys) for run in runs],
            "scenario_band": band,
        }
        if "stations_after" in self._first:
            found["stations_after"] = _banded_stations(self._first["stations_after"], answers)
        return found

    def _run(self, scenario: Scenario, report: Report) -> _Run:
        settings, changed = settings_in(scenario, self._settings)
        if not changed:
            reason = "It changes nothing: the settings lie at the end of their range already."
            return _Run(scenario, changed, None, reason)
        try:
            return _Run(scenario, changed, self._respond(settings, report))
        except _NO_ANSWER as error:
            return _Run(scenario, changed, None, str(error))


def _at_once(settings: Any) -> Any:
    """The settings without equilibria on the way, of which only the first answer shows any."""
    return replace(settings, load_steps=1) if hasattr(settings, "load_steps") else settings


def _named(report: Report, name: str) -> Report:
    def named(fraction: float, message: str) -> None:
        report(fraction, f"{name.capitalize()}: {message}")

    return named


def _headlines(simulation: Simulation, *answers: Numbers) -> list[str]:
    """The headline numbers that all answers have."""
    return [
        key
        for key in simulation.headlines
        if all(isinstance(one.get(key), int | float) for one in answers)
    ]


def _listed(run: _Run, keys: Sequence[str]) -> dict[str, Any]:
    about = {"name": run.scenario.name, "settings": dict(run.changed)}
    if run.numbers is None:
        return {**about, "converged": False, "reason": run.reason}
    return {**about, "converged": True, **{key: run.numbers[key] for key in keys}}


def _band(value: float, others: Sequence[float], *, is_open: bool) -> dict[str, Any]:
    """From lowest to highest; ``at_least`` where a scenario gave no answer."""
    band: dict[str, Any] = {
        "low": min(value, *others) if others else value,
        "value": value,
        "high": max(value, *others) if others else value,
    }
    return {**band, "at_least": True} if is_open else band


def _stations(*answers: Numbers) -> Iterator[tuple[float, ...]]:
    """The diameter after at each station in all answers, where all have one."""
    rows = zip(*(one.get("stations_after", ()) for one in answers), strict=True)
    for row in rows:
        found = tuple(one.get(_STATION) for one in row)
        if all(isinstance(one, int | float) for one in found):
            yield found


def _banded_stations(
    stations: Sequence[Mapping[str, Any]], answers: Sequence[Numbers]
) -> list[dict[str, Any]]:
    """Each station with the lowest and the highest diameter of all scenarios."""
    found = []
    for n, one in enumerate(stations):
        others = [answer["stations_after"][n].get(_STATION) for answer in answers]
        known = [d for d in (one.get(_STATION), *others) if d is not None]
        low, high = (min(known), max(known)) if known else (None, None)
        found.append({**one, "d_area_after_low_mm": low, "d_area_after_high_mm": high})
    return found
