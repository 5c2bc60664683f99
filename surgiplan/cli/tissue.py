"""Commands about the tissue: what is known of it, and what a simulation can be told."""

from argparse import Namespace
from dataclasses import fields
from typing import Any

import numpy as np

from .output import Answer, Console
from .settings import settings_json, settings_lines

__all__ = ["simulations", "tissues"]

_ABOUT = {
    "stent": "how a vessel answers the stent placed in it",
    "resection": "how an organ settles after the planned part of it is removed",
}


def simulations(options: Namespace, console: Console) -> Answer:
    """The settings of `simulate`, for a stent and for a resection."""
    from surgiplan.mechanics import RemnantSettings, VesselSettings

    listed, lines = [], []
    for name, settings in (("stent", VesselSettings), ("resection", RemnantSettings)):
        known = settings_json(settings)
        listed.append({"name": name, "about": _ABOUT[name], "settings": known})
        lines += [f"{name}: {_ABOUT[name]}", *settings_lines(known)]
    return Answer({"simulations": listed}, tuple(lines))


def tissues(options: Namespace, console: Console) -> Answer:
    """The tissues with their laws, parameters, ranges and sources."""
    from surgiplan.mechanics import tissues as known

    listed, lines = [], []
    for one in known().values():
        law: Any = one.material
        values = {field.name: getattr(law, field.name) for field in fields(law)}
        parameters = {n: _plain(value) for n, value in values.items() if value is not None}
        listed.append(
            {
                "name": one.name,
                "law": type(law).__name__,
                "parameters": parameters,
                "density_kg_per_m3": one.density_kg_per_m3,
                "low_factor": one.low,
                "high_factor": one.high,
                "source": one.source,
                "confirmed": one.confirmed,
            }
        )
        told = ", ".join(f"{key} {value}" for key, value in parameters.items())
        doubt = "" if one.confirmed else " (unconfirmed)"
        lines.append(f"{one.name}: {listed[-1]['law']}, {told}")
        lines.append(f"    times {one.low:g} to {one.high:g}; {one.source}{doubt}")
    return Answer({"tissues": listed}, tuple(lines))


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list | np.ndarray):
        return [_plain(one) for one in value]
    return float(f"{float(value):.6g}")
