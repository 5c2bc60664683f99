"""What the wall of a vessel is made of: a tissue by name, thrombus inside it, calcium in it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import numpy.typing as npt

from surgiplan.errors import PlanError
from surgiplan.model.quantity import Choice, Quantity

from .assembly import Problem
from .loads import Loads
from .material import Material, NeoHookean
from .mesh import Mesh
from .tissues import tissue
from .tube import Wall

__all__ = ["Deposits", "Layers", "WallSettings", "layers_of", "wall_range"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_WALLS = ("aorta", "aneurysm_wall", "iliac_artery", "femoral_artery", "hepatic_artery")
_THROMBUS, _CALCIUM = "thrombus", "plaque_calcified"


@dataclass(frozen=True)
class WallSettings:
    """The wall of a vessel, with ranges and where each default is from."""

    thickness_mm: Annotated[
        float,
        Quantity(
            "mm", 0.3, 5.0,
            "wall, grown outward from lumen and thrombus as in the scan; aorta about 1.5 "
            "(unconfirmed)",
        ),
    ] = 1.5  # fmt: skip
    wall_tissue: Annotated[str, Choice(_WALLS, "what the wall is made of")] = _WALLS[0]
    wall_stiffness_factor: Annotated[
        float, Quantity("1", 0.2, 5.0, "times as stiff as usual, within the tissue's own range")
    ] = 1.0
    young_modulus_kpa: Annotated[
        float | None,
        Quantity("kPa", 50.0, 5000.0, "of a wall of one modulus, in place of the tissue's own law"),
    ] = None
    poisson_ratio: Annotated[
        float, Quantity("1", 0.0, 0.499, "of a wall of one modulus; 0.5 is incompressible")
    ] = 0.49


@dataclass(frozen=True, eq=False)
class Deposits:
    """What a scan shows beside the lumen.

    ``thrombus_mm`` (n, angles): how thick it lies on the lumen at the points of its contours.
    ``calcified``: which of some points (p, 3) LPS lie in calcium (p,).
    """

    thrombus_mm: Floats | None = None
    calcified: Callable[[Floats], Flags] | None = None


@dataclass(frozen=True, eq=False)
class Layers:
    """Which element of a wall is of which tissue, and what was assumed about it."""

    materials: tuple[Material, ...]
    material_of: npt.NDArray[np.int64]
    factor: Floats
    assumptions: tuple[str, ...] = field(default=())

    def problem(self, mesh: Mesh, loads: Loads) -> Problem:
        """These tissues in a mesh of the wall under loads."""
        return Problem(mesh, self.materials, loads, self.factor, material_of=self.material_of)


def wall_range(settings: WallSettings) -> tuple[float, float]:
    """By what the stiffness of the wall may differ in its source: soft and stiff, as factors."""
    known = tissue(settings.wall_tissue)
    return known.low, known.high


def layers_of(wall: Wall, settings: WallSettings, deposits: Deposits) -> Layers:
    """The tissues of a wall that was scanned.  Raises PlanError for a factor beyond its source."""
    kinds = np.where(wall.is_thrombus, 1, 0)
    if deposits.calcified is not None:
        centres = wall.mesh.nodes_mm[wall.mesh.cells].mean(axis=1)
        kinds[np.asarray(deposits.calcified(centres))] = 2
    material, said = _wall_material(settings)
    return Layers(
        materials=(material, tissue(_THROMBUS).material, tissue(_CALCIUM).material),
        material_of=kinds,
        factor=np.where(kinds == 0, settings.wall_stiffness_factor, 1.0),
        assumptions=(said, _said_of_deposits(kinds, wall)),
    )


def _wall_material(settings: WallSettings) -> tuple[Material, str]:
    thick = f"The wall is {settings.thickness_mm:g} mm thick all over, which CT does not show"
    factor = settings.wall_stiffness_factor
    if settings.young_modulus_kpa is not None:
        E, nu = settings.young_modulus_kpa, settings.poisson_ratio
        return NeoHookean(E, nu), f"{thick}, of one modulus, {factor * E:g} kPa."
    known = tissue(settings.wall_tissue)
    name = known.name.replace("_", " ")
    if not known.low <= factor <= known.high:
        raise PlanError(
            f"wall_stiffness_factor = {factor:g} is outside {known.low:g} to {known.high:g}, the "
            f"range of the tissue {name} in its source; choose another, or give young_modulus_kpa."
        )
    doubt = "" if known.confirmed else ", unconfirmed"
    return known.material, f"{thick}, of the tissue {name} ({known.source}{doubt})."


def _said_of_deposits(kinds: npt.NDArray[np.int64], wall: Wall) -> str:
    thrombus, calcium = (kinds == 1).mean(), (kinds == 2).mean()
    if not thrombus and not calcium:
        return "No thrombus and no calcium was found at this wall; none is modelled."
    return (
        f"Thrombus up to {wall.thrombus_max_mm:.0f} mm thick ({thrombus:.0%} of the elements) and "
        f"calcium ({calcium:.0%}) are tissues of their own, each the same all through."
    )
