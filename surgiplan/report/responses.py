"""The chapter of the simulations: each number with its error and its band, and what was assumed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from surgiplan.model import Case, Finding

from .chart import station_profile
from .style import figure, heading, note, number, side_by_side, stale, table

__all__ = ["responses"]

_HEADLINES = {
    "displacement_max_mm": ("Largest displacement", "mm"),
    "cut_face_displacement_mean_mm": ("Mean displacement of the cut face", "mm"),
    "stress_p95_kpa": ("Stress, von Mises, 95th percentile", "kPa"),
    "stress_p99_kpa": ("Stress, von Mises, 99th percentile", "kPa"),
    "strain_p95": ("Largest strain, 95th percentile", ""),
    "strain_p99": ("Largest strain, 99th percentile", ""),
    "radial_force_n": ("Radial force of the stent", "N"),
    "apposition_fraction": ("Apposition", "%"),
    "largest_gap_mm": ("Largest gap to the wall", "mm"),
    "contact_pressure_max_kpa": ("Largest contact pressure", "kPa"),
}
_UNITS = {
    "_kpa_per_mm": "kPa/mm", "_kg_per_m3": "kg/m³", "_m_per_s2": "m/s²", "_mm": "mm",
    "_mm2": "mm²", "_kpa": "kPa", "_n": "N", "_ml": "ml", "_mmhg": "mmHg",
    "_deg": "°", "_fraction": "%",
}  # fmt: skip
_OF_A_SCENARIO = ("displacement_max_mm", "stress_p99_kpa")
_ROWS = 8


def responses(case: Case, pictures: Mapping[str, Any]) -> list[Any]:
    """What the simulations said and how far to trust it; nothing of what did not converge."""
    story: list[Any] = []
    for one in case.findings.values():
        story.append(heading(f"Simulation: {one.kind}"))
        if one.numbers.get("converged") is not True:
            story.append(note("It did not converge; there is nothing to show.", attention=True))
            continue
        if case.is_stale(one.made_from):
            story.append(stale("What this answer was computed from has changed since."))
        story += [*_headlines(one), *_pictures(one, pictures), *_stations(one), *_scenarios(one)]
        story += [*_solver(one), *(note(line) for line in one.numbers.get("assumptions", ()))]
    return story


def _headlines(finding: Finding) -> Iterator[Any]:
    """Each number with the error of its mesh and its band."""
    numbers = finding.numbers
    bands, errors = numbers.get("scenario_band", {}), numbers.get("discretisation", {})
    rows = [["Number", "Value", "Error of the mesh", "In all scenarios"]]
    for key in (k for k in dict.fromkeys([*_HEADLINES, *bands]) if _is_number(numbers.get(k))):
        title, unit = _HEADLINES.get(key, (_words(key), _unit(key)))
        error = errors.get(key)
        told = "–" if error is None else f"± {100 * error:.2g} %"
        rows.append([title, _short(numbers[key], unit), told, _band(bands.get(key), unit)])
    yield table(rows, [70, 30, 34, 40])
    if reason := numbers.get("discretisation_reason"):
        yield note(f"The error of the mesh is not known. {reason}", attention=True)
    if not bands:
        yield note(
            "No scenarios were computed: nobody knows this patient's tissue.", attention=True
        )


def _pictures(finding: Finding, pictures: Mapping[str, Any]) -> Iterator[Any]:
    drawn = [
        figure(pictures[name], 86, f"{what.capitalize()} after; the scanned shape as an outline")
        for what in ("displacement", "stress")
        if (name := f"finding {finding.id} {what}") in pictures
    ]
    if drawn:
        yield side_by_side(*drawn)


def _stations(finding: Finding) -> Iterator[Any]:
    """Diameters before, planned and after, some of them in a table, all of them drawn."""
    rows = finding.numbers.get("stations_after", ())
    known = [one for one in rows if _is_number(one.get(_at("after")))]
    if len(known) < 2:
        return
    yield station_profile(known)
    times = [
        t
        for t in ("before", "planned", "after")
        if any(_is_number(one.get(_at(t))) for one in known)
    ]
    rows = [["Along the vessel", *(t.capitalize() for t in times), "In all scenarios"]]
    for one in known[:: max(1, len(known) // _ROWS)]:
        low, high = one.get("d_area_after_low_mm"), one.get("d_area_after_high_mm")
        band = {"low": low, "high": high} if _is_number(low) and _is_number(high) else None
        shown = [number(one.get(_at(t)), 1, "mm") for t in times]
        rows.append([number(one["s_mm"], 0, "mm"), *shown, _band(band, "mm")])
    yield table(rows, [34, *([26] * len(times)), 40])


def _at(time: str) -> str:
    return f"d_area_{time}_mm"


def _scenarios(finding: Finding) -> Iterator[Any]:
    scenarios = finding.numbers.get("scenarios", ())
    if not scenarios:
        return
    rows = [["Scenario", "Changed", "Largest displacement", "Stress, 99th percentile"]]
    for one in scenarios:
        changed = [f"{_words(k)} {_plain(v, _unit(k))}" for k, v in one["settings"].items()]
        answer = [_short(one.get(key), _unit(key)) for key in _OF_A_SCENARIO]
        if not one["converged"]:
            answer = ["no answer", "–"]
        rows.append([one["name"].capitalize(), ", ".join(changed), *answer])
    yield table(rows, [34, 72, 34, 34])
    for one in scenarios:
        if not one["converged"]:
            yield note(f"{one['name'].capitalize()}: {one['reason']}", attention=True)


def _solver(finding: Finding) -> Iterator[Any]:
    """How it was computed, in small print."""
    n = finding.numbers
    second = n.get("second_mesh_elements")
    beside = f", beside a second mesh of {second}" if second else ""
    yield note(
        f"{n['tet_count']} elements ({n['element']}){beside}; residual {n['residual']:.1e}, force "
        f"balance {n['force_balance_error_fraction']:.1e}, {n['iterations']} iterations, smallest "
        f"Jacobian {n['min_jacobian']:.2f}, Poisson's ratio {n['poisson_ratio']:g}."
    )
    settings = ", ".join(f"{_words(k)} {_plain(v, _unit(k))}" for k, v in finding.settings.items())
    yield note(f"Settings: {settings}. Computed with {finding.software}.")


def _band(band: Mapping[str, Any] | None, unit: str) -> str:
    if not band:
        return "–"
    at_least = "at least " * bool(band.get("at_least"))
    return f"{at_least}{_digits(band['low'], unit)} to {_short(band['high'], unit)}"


def _short(value: Any, unit: str) -> str:
    return number(_digits(value, unit) if _is_number(value) else None, 0, unit)


def _digits(value: float, unit: str) -> str:
    return f"{100 * value if unit == '%' else value:.3g}"


def _plain(value: Any, unit: str) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"({', '.join(_plain(one, '') for one in value)}) {unit}".strip()
    if not _is_number(value):
        return str(value)
    return _short(value, unit) if unit == "%" else f"{value:g} {unit}".strip()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unit(key: str) -> str:
    return next((unit for ending, unit in _UNITS.items() if key.endswith(ending)), "")


def _words(key: str) -> str:
    """A key as words, its unit left to the number."""
    for ending in _UNITS:
        if key.endswith(ending):
            key = key.removesuffix(ending)
            break
    words = key.replace("_", " ")
    return words[:1].upper() + words[1:]
