"""What a user may change: numbers with unit, range and meaning, and choices among a few names."""

from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from surgiplan.errors import PlanError

__all__ = ["Choice", "Quantity", "check", "choices", "quantities"]

About = TypeVar("About")


@dataclass(frozen=True)
class Quantity:
    """What one tunable number means.  Forms, command lines and reports are made from it."""

    unit: str
    low: float
    high: float
    meaning: str


@dataclass(frozen=True)
class Choice:
    """What a setting means that is one of a few names."""

    names: tuple[str, ...]
    meaning: str


def quantities(settings: type) -> dict[str, tuple[Quantity, Any]]:
    """The tunable numbers of a settings dataclass, with their defaults, in order."""
    return _annotated(settings, Quantity)


def choices(settings: type) -> dict[str, tuple[Choice, Any]]:
    """The settings of a dataclass that are one of a few names, with their defaults, in order."""
    return _annotated(settings, Choice)


def _annotated(settings: type, kind: type[About]) -> dict[str, tuple[About, Any]]:
    hints = get_type_hints(settings, include_extras=True)
    found = {}
    for field in fields(settings):
        hint = hints[field.name]
        if get_origin(hint) is not Annotated:
            continue
        about = next((a for a in get_args(hint)[1:] if isinstance(a, kind)), None)
        if about:
            found[field.name] = (about, None if field.default is MISSING else field.default)
    return found


def check(settings: Any) -> None:
    """Raise PlanError for a number of ``settings`` outside its range or a name not to choose.

    None is left alone.
    """
    for name, (about, _) in quantities(type(settings)).items():
        value = getattr(settings, name)
        if value is not None and not about.low <= value <= about.high:
            unit = "" if about.unit == "1" else f" {about.unit}"
            raise PlanError(
                f"{name} = {value:g}{unit} is outside its range of "
                f"{about.low:g} to {about.high:g}{unit} ({about.meaning}); choose another."
            )
    for name, (choice, _) in choices(type(settings)).items():
        value = getattr(settings, name)
        if value is not None and value not in choice.names:
            known = ", ".join(choice.names)
            raise PlanError(f"{name} = {value!r} is not one of {known} ({choice.meaning}).")
