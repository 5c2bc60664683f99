"""Numbers of a plan as a person reads them: percent, millimetres, limits and verdicts."""

from .fit import Rule

__all__ = ["FIT_TITLES", "limit_text", "source_text", "title_of", "value_text"]

FIT_TITLES = {
    "oversizing_proximal_fraction": "Oversize proximal",
    "oversizing_distal_fraction": "Oversize distal",
    "apposition_fraction": "Wall contact",
    "proximal_seal_mm": "Proximal seal",
    "distal_seal_mm": "Distal seal",
    "largest_gap_mm": "Largest gap",
    "foreshortening_fraction": "Foreshortening",
    "deployed_length_mm": "Deployed length",
    "unmeasured_fraction": "Not measurable",
}
"""What the numbers of a ``StentFit`` are called on screen and paper."""


def title_of(name: str) -> str:
    """The name of a number on screen."""
    return FIT_TITLES.get(name, name.replace("_", " "))


def value_text(name: str, value: float) -> str:
    """A number with its unit: fractions as percent, lengths in mm; a dash if unknown."""
    if value != value:
        return "–"
    return f"{100 * value:.0f} %" if name.endswith("_fraction") else f"{value:.1f} mm"


def limit_text(rule: Rule) -> str:
    """The range in which a rule passes, ``10–20 %`` or ``≥ 15 mm``."""
    scale, unit = (100, "%") if rule.about.endswith("_fraction") else (1, "mm")
    low = None if rule.low is None else f"{scale * rule.low:.0f}"
    high = None if rule.high is None else f"{scale * rule.high:.0f}"
    if low and high:
        return f"{low}–{high} {unit}"
    return f"≥ {low} {unit}" if low else f"≤ {high} {unit}"


def source_text(rule: Rule) -> str:
    """Where the limits come from, with a word where they are not confirmed."""
    unconfirmed = "" if rule.is_confirmed or "unconfirmed" in rule.source else " (unconfirmed)"
    return rule.source + unconfirmed
