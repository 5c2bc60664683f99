"""The numbers of a simulation, in words and units a surgeon reads."""

from collections.abc import Mapping
from typing import Any

from surgiplan.model import Finding

__all__ = [
    "HEADLINE_HINTS",
    "band_words",
    "detail_rows",
    "headline_rows",
    "more_rows",
    "scenario_rows",
    "station_rows",
]

Row = tuple[str, str, str, str]

_HEADLINES = {
    "displacement_max_mm": ("Displacement", "The largest way that any tissue moved."),
    "cut_face_displacement_mean_mm": ("Cut face", "How far the face of the cut moved as a whole."),
    "stress_p95_kpa": ("Stress p95", "Von Mises stress; 95 % of the tissue has less."),
    "stress_p99_kpa": ("Stress p99", "Von Mises stress; 99 % of the tissue has less."),
    "strain_p95": ("Strain p95", "Largest principal strain; 95 % of the tissue has less."),
    "strain_p99": ("Strain p99", "Largest principal strain; 99 % of the tissue has less."),
    "cut_face_retraction_mean_mm": ("Cut draws back", "How far the face of the cut sank, mean."),
    "contact_pressure_mean_kpa": ("Contact, mean", "Pressure of the device where it touches."),
    "contact_pressure_max_kpa": ("Contact, most", "The largest pressure of the device."),
    "radial_force_n": ("Radial force", "Sum of the device's pressure over the wall."),
    "radial_resistive_force_n": ("Resists with", "Radial force if the vessel squeezed it now."),
    "apposition_fraction": ("Wall contact", "Share of the device's surface on the wall."),
    "largest_gap_mm": ("Largest gap", "Between the device and the wall."),
    "deployed_length_mm": ("Opened length", "Of the device along the vessel."),
    "foreshortening_fraction": ("Shortened by", "Of the device's length as planned."),
    "straightening_deg": ("Straightened", "Of the bend of the vessel along the device."),
    "cut_edge_gape_mm": ("Cut gapes", "How far the edge of the cut has opened."),
    "handle_force_n": ("Handle force", "What the hand pulls with."),
}
"""Key: the name in a row, and what it means."""
_DETAILS = {
    "force_balance_error_fraction": "Force balance error",
    "discretisation_error_fraction": "Mesh error, displacement",
    "stress_energy_error_estimate_fraction": "Stress energy error",
    "min_jacobian": "Smallest Jacobian",
    "iterations": "Iterations",
    "load_steps": "Load steps",
    "residual": "Residual",
    "scan_miss_mm": "Scan not met by",
    "contours_moved_mm": "Lumen smoothed by, max",
    "contours_moved_rms_mm": "Lumen smoothed by",
    "poisson_ratio": "Poisson ratio",
    "tet_count": "Elements",
    "elements": "Elements",
    "second_mesh_elements": "Elements, second mesh",
    "node_count": "Nodes",
    "element": "Element",
}
_UNITS = {
    "_kpa_per_mm": "kPa/mm", "_mm": "mm", "_kpa": "kPa", "_mn": "mN", "_n": "N", "_ml": "ml",
    "_mm2": "mm²", "_deg": "°", "_mmhg": "mmHg", "_fraction": "%", "_p95": "%", "_p99": "%",
}  # fmt: skip
HEADLINE_HINTS = dict(_HEADLINES.values())
"""What the names of rows mean, for those who point at them."""
_ONE_HUNDRED = ("%",)
_BALANCED = 1e-4
"""A force balance error above it is none to rely on (the issue's own target)."""
_STATIONS = 12
_LARGE = 1000


def headline_rows(finding: Finding) -> list[Row]:
    """Rows for a NumberTable: convergence, then each number with its band and its mesh error."""
    numbers = finding.numbers
    rows: list[Row] = []
    if numbers.get("converged") is not None:
        word, verdict = ("yes", "pass") if numbers["converged"] else ("no", "fail")
        rows.append(("Converged", word, "", verdict))
    banded = {name: _words(name) for name in numbers.get("scenario_band", ())}
    known = {name: title for name, (title, _) in _HEADLINES.items()}
    for name, title in {**banded, **known}.items():
        if isinstance(numbers.get(name), int | float):
            rows.append((title, _with_band(name, numbers), _mesh_error(name, numbers), ""))
    rows += _widened(numbers.get("stations_after"))
    rows += [row for name, row in _remnant_rows(numbers) if name == "volume_ml"]
    return rows + _margin(numbers) + _carried(numbers.get("embedded"))


def more_rows(finding: Finding) -> list[Row]:
    """Every other number with a unit that was computed."""
    numbers = finding.numbers
    shown = {**_HEADLINES, **_DETAILS, **numbers.get("scenario_band", {})}
    rows = [
        (_words(name), _text(name, value), "", "")
        for name, value in numbers.items()
        if name not in shown and _has_unit(name, value)
    ]
    return rows + [row for name, row in _remnant_rows(numbers) if name != "volume_ml"]


def detail_rows(finding: Finding) -> list[Row]:
    """How it was computed, and how good the answer is as an answer."""
    rows = []
    for name, title in _DETAILS.items():
        value = finding.numbers.get(name)
        if value is not None:
            verdict = ""
            if name == "force_balance_error_fraction":
                verdict = "pass" if value <= _BALANCED else "attention"
            rows.append((title, _text(name, value), "", verdict))
    return rows


def scenario_rows(finding: Finding) -> list[Row]:
    """Each scenario with its largest displacement, or that it has no answer."""
    rows = []
    for one in finding.numbers.get("scenarios", ()):
        value = one.get("displacement_max_mm")
        name = str(one.get("name", "")).capitalize()
        if one.get("converged", True) and value is not None:
            rows.append((name, _text("displacement_max_mm", value), "", ""))
        else:
            rows.append((name, str(one.get("reason", "no answer")), "", "attention"))
    return rows


def station_rows(finding: Finding) -> list[Row]:
    """Some of the stations: diameter on the scan and after, with its band, and as planned."""
    stations = _known_stations(finding.numbers.get("stations_after"))
    step = max(1, -(-len(stations) // _STATIONS))
    rows = []
    for one in stations[::step]:
        change = f"{one['d_area_before_mm']:.1f} → {one['d_area_after_mm']:.1f}"
        low, high = one.get("d_area_after_low_mm"), one.get("d_area_after_high_mm")
        is_banded = low is not None and high is not None
        change += f" ({low:.1f} to {high:.1f})" if is_banded else " mm"
        planned = one.get("d_area_planned_mm")
        rows.append(
            (f"At {one['s_mm']:.0f} mm", change, f"plan {planned:.1f}" if planned else "", "")
        )
    return rows


def band_words(finding: Finding) -> str:
    """What brackets and ± mean beside the numbers; empty where there are none."""
    numbers = finding.numbers
    said = []
    if numbers.get("scenario_band"):
        said.append("In brackets: from the lowest to the highest of the scenarios below.")
        if any(one.get("at_least") for one in numbers["scenario_band"].values()):
            said.append("+: a scenario gave no answer, so the range may be wider.")
    if numbers.get("discretisation"):
        said.append("±: how much a second mesh differs.")
    return " ".join(said)


def _margin(numbers: Mapping[str, Any]) -> list[Row]:
    """The lesion's smallest margin, as planned and after."""
    remnant = numbers.get("remnant_after") or {}
    planned, after = (remnant.get(f"margin_min_{when}_mm") for when in ("planned", "after"))
    if planned is None or after is None:
        return []
    return [("Margin, least", f"{planned:.1f} → {after:.1f} mm", "", "")]


def _carried(structures: Any) -> list[Row]:
    """How far what lies inside was displaced: as a whole, and at most."""
    return [
        (
            str(one.get("name", one.get("id", ""))).capitalize().replace("_", " "),
            f"{one['displacement_mean_mm']:.2f} mm, most {one['displacement_max_mm']:.2f}",
            "", "",
        )
        for one in structures or ()
    ]  # fmt: skip


def _remnant_rows(numbers: Mapping[str, Any]) -> list[tuple[str, Row]]:
    remnant = numbers.get("remnant_after")
    return [
        (name, (_words(name), _text(name, value), "", ""))
        for name, value in (remnant.items() if isinstance(remnant, Mapping) else ())
        if isinstance(value, int | float) and name not in _HEADLINES
    ]


def _has_unit(name: str, value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and any(name.endswith(end) for end in _UNITS)


def _with_band(name: str, numbers: Mapping[str, Any]) -> str:
    band = numbers.get("scenario_band", {}).get(name)
    text = _text(name, numbers[name])
    if not band:
        return text
    scale = 100 if _unit(name) in _ONE_HUNDRED else 1
    more = "+" if band.get("at_least") else ""
    low, high = scale * band["low"], scale * band["high"]
    to = "–" if low >= 0 else "…"
    return f"{text} ({_short(low)}{to}{_short(high)}{more})"


def _short(value: float) -> str:
    """Two digits that count, all of them before the point."""
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"


def _mesh_error(name: str, numbers: Mapping[str, Any]) -> str:
    error = (numbers.get("discretisation") or {}).get(name)
    if error is None:
        return ""
    return f"±{100 * error:.2g}%" if error < 1 else ">±100%"


def _known_stations(stations: Any) -> list[Mapping[str, Any]]:
    return [
        one for one in stations or ()
        if one.get("d_area_before_mm") is not None and one.get("d_area_after_mm") is not None
    ]  # fmt: skip


def _widened(stations: Any) -> list[Row]:
    """How much the vessel widened, where it did most."""
    known = _known_stations(stations)
    if not known:
        return []
    widest = max(known, key=lambda one: one["d_area_after_mm"] - one["d_area_before_mm"])
    change = f"{widest['d_area_before_mm']:.1f} → {widest['d_area_after_mm']:.1f} mm"
    return [(f"Diameter at {widest['s_mm']:.0f} mm", change, "", "")]


def _unit(name: str) -> str:
    return next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "")


def _text(name: str, value: Any) -> str:
    if isinstance(value, str | bool):
        return str(value).partition(",")[0]
    unit = _unit(name)
    if unit == "%":
        return f"{100 * value:.2g} %" if abs(value) < 0.1 else f"{100 * value:.3g} %"
    if name == "residual":
        return f"{value:.0e}"
    if isinstance(value, int):
        return f"{value:,}".replace(",", " ")
    shown = f"{value:,.0f}".replace(",", " ") if abs(value) >= _LARGE else f"{value:.3g}"
    return f"{shown} {unit}".strip()


def _words(name: str) -> str:
    for ending in _UNITS:
        name = name.removesuffix(ending)
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
