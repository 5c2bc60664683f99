"""The catalogue of devices: which stents there are, and in which sizes."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surgiplan.errors import PlanError
from surgiplan.model import StentDesign
from surgiplan.resources import resource

__all__ = [
    "Device",
    "Force",
    "Sizes",
    "catalogue",
    "design",
    "device",
    "force_of",
    "read_devices",
]

_CROWN_MM = 7.5
"""Distance between neighbouring peaks of a free ring."""

_USUAL_FORCE = {
    "ring_kpa": 120.0,
    "plateau_kpa": 30.0,
    "loading_factor": 2.0,
    "bending_n_mm2": 100.0,
}


@dataclass(frozen=True)
class Sizes:
    """Sizes that a device comes in: the ones in ``steps``, or without steps any in between."""

    low_mm: float
    high_mm: float
    steps_mm: tuple[float, ...] = ()

    def __contains__(self, size_mm: float) -> bool:
        if self.steps_mm:
            return any(abs(size_mm - step) < 1e-6 for step in self.steps_mm)
        return self.low_mm <= size_mm <= self.high_mm

    def __str__(self) -> str:
        if self.steps_mm:
            return ", ".join(f"{step:g}" for step in self.steps_mm) + " mm"
        return f"{self.low_mm:g} to {self.high_mm:g} mm"


@dataclass(frozen=True)
class Force:
    """How stents of a family push and bend.

    ``ring_kpa``: pressure for each fraction of its radius that one is kept from opening, up to
    ``plateau_kpa``, from where it gives way.  ``loading_factor``: how many times harder it is to
    squeeze than it opens.  ``bending_n_mm2``: E I.  With ``balloon`` it is set by a balloon and
    springs back by ``recoil_fraction``.
    """

    ring_kpa: float
    plateau_kpa: float
    loading_factor: float
    bending_n_mm2: float
    balloon: bool
    recoil_fraction: float
    source: str
    is_confirmed: bool


@dataclass(frozen=True)
class Device:
    """One family of stents."""

    name: str
    title: str
    diameters: Sizes
    lengths: Sizes
    usual_diameter_mm: float
    usual_length_mm: float
    source: str
    force: Force

    def of(self, diameter_mm: float, length_mm: float) -> StentDesign:
        """The stent of that size.  Raises PlanError naming the sizes there are."""
        for what, size, sizes in (
            ("diameter", diameter_mm, self.diameters),
            ("length", length_mm, self.lengths),
        ):
            if size not in sizes:
                raise PlanError(
                    f"{self.title} does not come with a {what} of {size:g} mm; "
                    f"choose one of: {sizes}."
                )
        return StentDesign(
            name=f"{self.title} {diameter_mm:g} x {length_mm:g}",
            diameter_mm=float(diameter_mm),
            length_mm=float(length_mm),
            crowns=max(6, round(math.pi * diameter_mm / _CROWN_MM)),
            ring_mm=_ring_mm(diameter_mm, length_mm),
            source=self.source,
        )


def catalogue() -> tuple[Device, ...]:
    """All devices of the files ``resources/devices/*.toml``, in the order of the files."""
    files = sorted(resource("devices").glob("*.toml"))
    return tuple(device for path in files for device in read_devices(path))


def device(name: str) -> Device:
    """The device of that name.  Raises PlanError naming those there are."""
    known = {device.name: device for device in catalogue()}
    if name not in known:
        raise PlanError(
            f"There is no device {name!r}; the catalogue has: {', '.join(known) or 'none'}."
        )
    return known[name]


def design(
    name: str, diameter_mm: float | None = None, length_mm: float | None = None
) -> StentDesign:
    """A stent of the catalogue in the given size, or in its usual one.

    Raises PlanError for a name or a size that the catalogue does not have.
    """
    found = device(name)
    return found.of(
        found.usual_diameter_mm if diameter_mm is None else diameter_mm,
        found.usual_length_mm if length_mm is None else length_mm,
    )


def force_of(stent: StentDesign) -> Force:
    """How a stent pushes and bends, by its family; by that of the generic stent if it has none."""
    families = catalogue()
    for family in families:
        if stent.name.startswith(f"{family.title} "):
            return family.force
    return families[0].force


def read_devices(path: Path) -> tuple[Device, ...]:
    """The devices of one TOML file.  Raises PlanError if the file cannot be understood."""
    import tomllib

    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))["device"]
        return tuple(_device(table) for table in tables)
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise PlanError(
            f"The device file {path.name} cannot be understood ({problem}); repair or remove it."
        ) from problem


def _device(table: dict[str, Any]) -> Device:
    return Device(
        name=str(table["name"]),
        title=str(table["title"]),
        diameters=_sizes(table["diameters_mm"]),
        lengths=_sizes(table["lengths_mm"]),
        usual_diameter_mm=float(table["usual"]["diameter_mm"]),
        usual_length_mm=float(table["usual"]["length_mm"]),
        source=str(table["source"]),
        force=_force(table),
    )


def _force(table: dict[str, Any]) -> Force:
    numbers = {name: float(value) for name, value in table.get("force", _USUAL_FORCE).items()}
    return Force(
        **numbers,
        balloon=table.get("deployment") == "balloon",
        recoil_fraction=float(table.get("recoil_fraction", 0.0)),
        source=str(table.get("force_source", "assumed as for the generic stent")),
        is_confirmed=bool(table.get("force_confirmed", False)),
    )


def _sizes(entry: Any) -> Sizes:
    if isinstance(entry, dict):
        return Sizes(float(entry["low"]), float(entry["high"]))
    steps = tuple(float(step) for step in entry)
    return Sizes(min(steps), max(steps), steps)


def _ring_mm(diameter_mm: float, length_mm: float) -> float:
    """Height of a free ring: a third of the diameter, within 2 to 12 mm and half the length."""
    return float(min(max(diameter_mm / 3, 2.0), 12.0, length_mm / 2))
