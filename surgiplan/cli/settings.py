"""Settings of a method or a simulation, told to a program and to a person."""

from typing import Any

from surgiplan.model import choices, quantities

__all__ = ["settings_json", "settings_lines"]


def settings_json(settings: type) -> list[dict[str, Any]]:
    """Each setting with unit, range or names, default and meaning."""
    numbers = [
        {
            "name": name,
            "unit": about.unit,
            "low": about.low,
            "high": about.high,
            "default": default,
            "meaning": about.meaning,
        }
        for name, (about, default) in quantities(settings).items()
    ]
    named = [
        {
            "name": name,
            "names": list(about.names),
            "default": default,
            "meaning": about.meaning,
        }
        for name, (about, default) in choices(settings).items()
    ]
    return numbers + named


def settings_lines(settings: list[dict[str, Any]]) -> list[str]:
    """The same for a person, one line a setting."""
    return [_line(one) for one in settings]


def _line(one: dict[str, Any]) -> str:
    option = f"    --{one['name'].replace('_', '-')}"
    if "names" in one:
        values = f"{', '.join(one['names'])}; default {one['default'] or 'estimated'}"
    else:
        default = "estimated" if one["default"] is None else f"{one['default']:g}"
        values = f"[{one['unit']}] {one['low']:g} to {one['high']:g}, default {default}"
    return f"{option} {values}: {one['meaning']}"
