"""How a stent fits, as rows of name, number, rule and sign."""

from typing import Any

__all__ = ["fit_rows"]

_ALWAYS = ("apposition_fraction", "foreshortening_fraction", "deployed_length_mm")
"""Numbers without a rule that are shown all the same."""


def fit_rows(fit: Any) -> tuple[list[tuple[str, str, str, str]], bool]:
    """Rows of a StentFit for a NumberTable, and whether a limit is unconfirmed."""
    from surgiplan.planning.words import limit_text, title_of, value_text

    rows, unconfirmed = [], False
    for rule in fit.rules:
        star = "" if rule.is_confirmed else "*"
        unconfirmed = unconfirmed or not rule.is_confirmed
        verdict = rule.verdict.value
        rows.append(
            (
                title_of(rule.about),
                value_text(rule.about, rule.value),
                limit_text(rule) + star,
                verdict if verdict != "unknown" else "attention",
            )
        )
    ruled = {rule.about for rule in fit.rules}
    for name in _ALWAYS:
        if name not in ruled:
            rows.append((title_of(name), value_text(name, getattr(fit, name)), "", ""))
    return rows, unconfirmed
