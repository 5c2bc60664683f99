"""Tissues by name: their laws, parameters and sources, from ``resources/tissues``."""

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from surgiplan.errors import PlanError
from surgiplan.resources import resource

from .material import (
    HolzapfelGasserOgden,
    Linear,
    Material,
    MooneyRivlin,
    NeoHookean,
    NeoHookeanIsochoric,
    Ogden,
    Polynomial,
    RaghavanVorp,
)

__all__ = ["KnownTissue", "tissue", "tissues"]

_ABOUT = ("law", "density_kg_per_m3", "low", "high", "source", "confirmed")


@dataclass(frozen=True)
class KnownTissue:
    """A tissue of the table.

    ``low`` and ``high`` multiply its moduli to the soft and the stiff end of its source's range;
    ``confirmed`` says whether the numbers were read in ``source`` or recalled.
    """

    name: str
    material: Material
    density_kg_per_m3: float
    low: float
    high: float
    source: str
    confirmed: bool


def tissues() -> dict[str, KnownTissue]:
    """All tissues of the table by name.  Raises PlanError for an entry that makes no sense."""
    found = {}
    for path in sorted(resource("tissues").glob("*.toml")):
        for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found[name] = _known(name, entry)
    return found


def tissue(name: str) -> KnownTissue:
    """The tissue of this name; PlanError names those there are."""
    known = tissues()
    if name not in known:
        raise PlanError(f"There is no tissue {name!r}; known are {', '.join(sorted(known))}.")
    return known[name]


def _known(name: str, entry: Mapping[str, Any]) -> KnownTissue:
    parameters = {key: value for key, value in entry.items() if key not in _ABOUT}
    try:
        material = _LAWS[entry["law"]](parameters)
        return KnownTissue(
            name=name,
            material=material,
            density_kg_per_m3=float(entry.get("density_kg_per_m3", 1050.0)),
            low=float(entry.get("low", 1.0)),
            high=float(entry.get("high", 1.0)),
            source=entry["source"],
            confirmed=entry["confirmed"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PlanError(
            f"The tissue {name} in the tables of tissues makes no sense ({error}); correct it."
        ) from error


def _young(p: Mapping[str, Any]) -> tuple[float, float]:
    """Young's modulus and Poisson's ratio from it or from the shear modulus."""
    nu = p["poisson_ratio"]
    if "young_modulus_kpa" in p:
        return p["young_modulus_kpa"], nu
    return 2 * p["shear_modulus_kpa"] * (1 + nu), nu


def _with_radians(p: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in p.items() if key != "fibre_angle_deg"}
    return {**rest, "fibre_angle_rad": math.radians(p["fibre_angle_deg"])}


_LAWS: dict[str, Callable[[Mapping[str, Any]], Material]] = {
    "holzapfel_gasser_ogden": lambda p: HolzapfelGasserOgden(**_with_radians(p)),
    "linear": lambda p: Linear(*_young(p)),
    "mooney_rivlin": lambda p: MooneyRivlin(**p),
    "neo_hookean": lambda p: NeoHookean(*_young(p)),
    "neo_hookean_isochoric": lambda p: NeoHookeanIsochoric(**p),
    "ogden": lambda p: Ogden(tuple((mu, a) for mu, a in p["terms"]), p["bulk_modulus_kpa"]),
    "polynomial": lambda p: Polynomial(**p),
    "raghavan_vorp": lambda p: RaghavanVorp(**p),
}
