"""Names as a person reads them."""

from typing import Any

from surgiplan.model import Case, StentPlacement

__all__ = ["shown_name"]

_RESPONSES = {"vessel response": "Wall response", "remnant response": "Remnant response"}


def shown_name(noun: Any, case: Case) -> str:
    """What a part of a case is called on the screen; a name that the user gave stays as it is."""
    if hasattr(noun, "subject"):
        return _response_name(noun, case)
    if isinstance(noun, StentPlacement) and noun.name.startswith(noun.design.name.split(",")[0]):
        return f"Stent {noun.design.diameter_mm:g} × {noun.design.length_mm:g}"
    name = noun.name.replace("_", " ")
    return str(name[:1].upper() + name[1:])


def _response_name(finding: Any, case: Case) -> str:
    word = _RESPONSES.get(finding.kind, finding.kind)
    subject = case.at(finding.subject)
    alike = [one for one in case.findings.values() if one.kind == finding.kind]
    if len(alike) < 2 or subject is None:
        return word
    return f"{word}, {shown_name(subject, case)}"
