"""Settings of a method or a simulation, made from names and numbers."""

from collections.abc import Mapping
from dataclasses import fields
from math import isfinite
from typing import Any

from surgiplan.errors import PlanError
from surgiplan.model import check, quantities

__all__ = ["settings_from"]


def settings_from(settings_class: type, given: Mapping[str, Any]) -> Any:
    """An instance of a settings class from names and numbers or their text.

    Raises PlanError naming the settings there are, or a value outside its range.
    """
    known = {field.name: field for field in fields(settings_class)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            there_are = ", ".join(known) or "none"
            raise PlanError(f"There is no setting {name!r} here; there are: {there_are}.")
        values[name] = _parsed(name, value, name in quantities(settings_class))
        _require_same_length(name, values[name], known[name].default)
    settings = settings_class(**values)
    check(settings)
    return settings


def _require_same_length(name: str, value: Any, default: Any) -> None:
    """PlanError unless a setting of several numbers has as many, all finite."""
    if not isinstance(default, tuple):
        return
    given = value if isinstance(value, tuple | list) else ()
    if len(given) != len(default) or not all(isfinite(one) for one in given):
        raise PlanError(f"The setting {name} needs {len(default)} numbers, as in 0,9.81,0.")


def _parsed(name: str, value: Any, is_number: bool) -> Any:
    if not isinstance(value, str):
        return value
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    try:
        if "," in value:
            return tuple(float(part) for part in value.split(","))
        return float(value)
    except ValueError:
        if is_number:
            raise PlanError(f"The setting {name} needs a number, not {value!r}.") from None
        return value
