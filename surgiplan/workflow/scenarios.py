"""What might be otherwise in this patient: scenarios as data, and the settings that they make."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from surgiplan.model import quantities

__all__ = ["Scenario", "settings_in"]


@dataclass(frozen=True)
class Scenario:
    """Other settings than those chosen: ``times`` multiplies, ``values`` replaces.

    Both by the name of the setting.
    """

    name: str
    times: Mapping[str, float] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


def settings_in(scenario: Scenario, settings: Any) -> tuple[Any, dict[str, Any]]:
    """The settings in a scenario, and which of them it changes.

    A number stays within the range of its setting.
    """
    known = quantities(type(settings))
    wanted: dict[str, Any] = {
        name: getattr(settings, name) * factor for name, factor in scenario.times.items()
    }
    wanted |= scenario.values
    for name, value in wanted.items():
        if name in known:
            about = known[name][0]
            wanted[name] = min(max(value, about.low), about.high)
    changed = {name: value for name, value in wanted.items() if value != getattr(settings, name)}
    return replace(settings, **changed), changed
