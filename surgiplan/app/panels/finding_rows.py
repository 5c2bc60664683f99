"""The numbers of a simulation, in words and units a surgeon reads."""

from collections.abc import Mapping
from typing import Any

from surgiplan.model import Finding

__all__ = ["finding_rows"]

Row = tuple[str, str, str, str]

_TITLES = {
    "displacement_max_mm": "Displacement, max",
    "cut_face_displacement_mean_mm": "Cut face, mean",
    "stress_p99_kpa": "Stress, 99th perc.",
    "contact_pressure_max_kpa": "Contact pressure, max",
    "radial_force_n": "Radial force",
    "force_balance_error_fraction": "Force balance error",
    "discretisation_error_fraction": "Mesh error",
    "min_jacobian": "Smallest Jacobian",
    "iterations": "Iterations",
    "residual": "Residual",
    "poisson_ratio": "Poisson ratio",
    "elements": "Elements",
    "element": "Element",
}
_UNITS = {"_mm": "mm", "_kpa": "kPa", "_n": "N", "_ml": "ml", "_fraction": "%"}


def finding_rows(finding: Finding) -> list[Row]:
    """Rows for a NumberTable: convergence first, then what moves and what is loaded."""
    numbers: Mapping[str, Any] = finding.numbers
    rows: list[Row] = []
    if numbers.get("converged") is not None:
        word, verdict = ("yes", "pass") if numbers["converged"] else ("no", "fail")
        rows.append(("Converged", word, "", verdict))
    for name, title in _TITLES.items():
        if numbers.get(name) is not None:
            rows.append((title, _text(name, numbers[name]), "", ""))
    rows += _diameter_rows(numbers.get("stations_after"))
    remnant = numbers.get("remnant_after")
    if isinstance(remnant, Mapping):
        rows += [
            (_words(name), _text(name, value), "", "")
            for name, value in remnant.items()
            if isinstance(value, int | float) and name not in _TITLES
        ]
    return rows


def _diameter_rows(stations: Any) -> list[Row]:
    """How much the vessel widened, where it did most."""
    known = [
        one for one in stations or ()
        if one.get("d_area_before_mm") is not None and one.get("d_area_after_mm") is not None
    ]  # fmt: skip
    if not known:
        return []
    widest = max(known, key=lambda one: one["d_area_after_mm"] - one["d_area_before_mm"])
    change = f"{widest['d_area_before_mm']:.1f} → {widest['d_area_after_mm']:.1f} mm"
    return [(f"Diameter at {widest['s_mm']:.0f} mm", change, "", "")]


def _text(name: str, value: Any) -> str:
    if isinstance(value, str | bool):
        return str(value).partition(",")[0]
    unit = next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "")
    if unit == "%":
        return f"{100 * value:.2g} %"
    if name == "residual":
        return f"{value:.0e}"
    if isinstance(value, int):
        return f"{value:,}".replace(",", " ")
    return f"{value:.3g} {unit}".strip()


def _words(name: str) -> str:
    for ending in _UNITS:
        name = name.removesuffix(ending)
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
