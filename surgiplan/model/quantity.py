"""Numbers a user may change: each with its unit, its range and its meaning."""

from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from surgiplan.errors import PlanError

__all__ = ["Quantity", "check", "quantities"]


@dataclass(frozen=True)
class Quantity:
    """What one tunable number means.  Forms, command lines and reports are made from it."""

    unit: str
    low: float
    high: float
    meaning: str


def quantities(settings: type) -> dict[str, tuple[Quantity, Any]]:
    """The tunable numbers of a settings dataclass, with their defaults, in order."""
    hints = get_type_hints(settings, include_extras=True)
    found = {}
    for field in fields(settings):
        hint = hints[field.name]
        if get_origin(hint) is not Annotated:
            continue
        about = next((a for a in get_args(hint)[1:] if isinstance(a, Quantity)), None)
        if about:
            found[field.name] = (about, None if field.default is MISSING else field.default)
    return found


def check(settings: Any) -> None:
    """Raise PlanError if a number of ``settings`` lies outside its range; None is left alone."""
    for name, (about, _) in quantities(type(settings)).items():
        value = getattr(settings, name)
        if value is not None and not about.low <= value <= about.high:
            unit = "" if about.unit == "1" else f" {about.unit}"
            raise PlanError(
                f"{name} = {value:g}{unit} is outside its range of "
                f"{about.low:g} to {about.high:g}{unit} ({about.meaning}); choose another."
            )
