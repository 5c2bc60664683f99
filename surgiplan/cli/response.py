"""A tissue's response as lines for a person: each number with its error and its band."""

from collections.abc import Iterator, Mapping
from typing import Any

from surgiplan.model import Finding

__all__ = ["response_lines"]

_TITLES = {
    "displacement_max_mm": ("largest displacement", "mm"),
    "stress_p95_kpa": ("stress, 95th percentile", "kPa"),
    "stress_p99_kpa": ("stress, 99th percentile", "kPa"),
    "strain_p95": ("strain, 95th percentile", ""),
    "strain_p99": ("strain, 99th percentile", ""),
    "radial_force_n": ("radial force", "N"),
    "apposition_fraction": ("apposition, as a fraction", ""),
    "largest_gap_mm": ("largest gap", "mm"),
    "cut_face_displacement_mean_mm": ("mean displacement of the cut face", "mm"),
}


def response_lines(finding: Finding) -> Iterator[str]:
    """The headline numbers, how they were computed, and which scenario gave no answer."""
    numbers = finding.numbers
    yield (
        f"{finding.id}: {numbers['element']}, {numbers['iterations']} iterations, "
        f"residual {numbers['residual']:.1e}"
    )
    for key, (title, unit) in _TITLES.items():
        if key in numbers:
            yield f"    {title} {_quantity(numbers[key], unit)}{_trust(numbers, key)}"
    if reason := numbers.get("discretisation_reason"):
        yield f"    mesh error unknown: {reason}"
    for one in numbers.get("scenarios", ()):
        if not one["converged"]:
            yield f"    {one['name']}: no answer. {one['reason']}"


def _quantity(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}".strip()


def _trust(numbers: Mapping[str, Any], key: str) -> str:
    """The error of the mesh and the band of the scenarios, where they are known."""
    error = numbers.get("discretisation", {}).get(key)
    band = numbers.get("scenario_band", {}).get(key)
    said = []
    if error is not None:
        said.append(f"mesh ± {100 * error:.2g} %")
    if band:
        at_least = "at least " * bool(band.get("at_least"))
        said.append(f"scenarios {at_least}{band['low']:.3g} to {band['high']:.3g}")
    return f" ({'; '.join(said)})" if said else ""
