"""What acts on a mesh: weight, pressure, traction, springs, handles, contact, an expander."""

from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

from .contact import Bodies, Obstacle

__all__ = [
    "Expander",
    "Held",
    "Loads",
    "Position",
    "Pressure",
    "Springs",
    "Squeezed",
    "Traction",
    "gravity_m_per_s2",
    "held",
    "weight_mn_per_mm3",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

GIVING_WAY = 0.3
"""Stiffness left on a plateau: curves of nitinol slope, and without any a ring slips sideways."""

_STANDARD_GRAVITY_M_PER_S2 = 9.80665


class Position(Enum):
    """How a patient lies or stands, and the direction LPS in which things then fall."""

    SUPINE = (0.0, 1.0, 0.0)
    PRONE = (0.0, -1.0, 0.0)
    LEFT_SIDE = (1.0, 0.0, 0.0)
    RIGHT_SIDE = (-1.0, 0.0, 0.0)
    UPRIGHT = (0.0, 0.0, -1.0)


@dataclass(frozen=True, eq=False)
class Traction:
    """A dead force per reference area on faces (f, k): ``kpa`` (3,) or (f, 3)."""

    faces: Ints
    kpa: Floats


@dataclass(frozen=True, eq=False)
class Pressure:
    """A pressure against faces (f, k) that stays normal to them as they move.

    Positive ``kpa`` pushes into the body: blood on the lumen of a wall, gas on an organ.
    """

    faces: Ints
    kpa: float


@dataclass(frozen=True, eq=False)
class Springs:
    """An elastic bed under faces (f, k): kPa of pull per mm that they leave their place.

    One stiffness for all faces, or one for each (f,).
    The springs hold in every direction, as tissue that is grown to its neighbour does, or with
    ``slides`` only along the faces' normals at rest.  Their far ends move by ``pull_mm``: strong
    springs with a pull are a handle.  A pull (n, 3) of each node lays the springs to a shape that
    is not the one at rest: they are at ease where the nodes have moved by it.
    """

    faces: Ints
    stiffness_kpa_per_mm: float | Floats
    slides: bool = False
    pull_mm: tuple[float, float, float] | Floats = (0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Squeezed:
    """How a device answers when what holds it closes again: its loading branch.

    Its pressure rises with ``stiffness_kpa_per_mm`` until it gives way at ``plateau_kpa``.  At
    first it turns to that branch with the steeper ``turn_kpa_per_mm`` from where it was,
    ``depth_mm`` (f, q) inside its free radius at the quadrature points of its faces; 0 is from
    open.
    """

    stiffness_kpa_per_mm: float
    plateau_kpa: float
    turn_kpa_per_mm: float
    depth_mm: Floats | float = 0.0


@dataclass(frozen=True, eq=False)
class Expander:
    """A frictionless expander about an axis (k, 3) that pushes on inner faces (f, k).

    Its pressure is ``stiffness_kpa_per_mm`` times the depth of the wall inside ``radius_mm``
    (k,), times ``share`` (k,), which is 1 along the expander and fades to 0 at its ends; from
    ``plateau_kpa`` on it gives way with 0.3 of that stiffness.  The share stays with the wall: the
    expander does not slide along the vessel.  ``squeezed`` says what happens where it is closed
    again.  The axis stays where it is, or with ``bending_n_mm2`` (its bending stiffness, E I) it
    moves sideways as the wall pushes it, as a beam that is straight when free.  It is placed, and
    areas are measured, where the nodes have moved by ``placed_mm`` (n, 3); if not given, at rest.
    """

    faces: Ints
    axis_mm: Floats
    radius_mm: Floats
    share: Floats
    stiffness_kpa_per_mm: float
    plateau_kpa: float = np.inf
    squeezed: Squeezed | None = None
    bending_n_mm2: float | None = None
    placed_mm: Floats | None = None


@dataclass(frozen=True, eq=False)
class Held:
    """Components (n, 3) of the nodes that are held, and where they are moved to [mm]."""

    mask: npt.NDArray[np.bool_]
    displacement_mm: Floats


@dataclass(frozen=True, eq=False)
class Loads:
    """All that acts on a mesh at once; a load step applies a fraction of it.

    ``forces_mn`` (n, 3): dead forces on single nodes.  ``preloaded``: all but the expander acts
    whole from the beginning, and a load step opens the expander by its fraction.  ``holding_mn``
    (n, 3): dead forces that hold the tissue where it starts, and are let go by that fraction.
    """

    body_force_mn_per_mm3: Floats = field(default_factory=lambda: np.zeros(3))
    tractions: tuple[Traction, ...] = ()
    pressures: tuple[Pressure, ...] = ()
    springs: tuple[Springs, ...] = ()
    expander: Expander | None = None
    contacts: tuple[Obstacle | Bodies, ...] = ()
    forces_mn: Floats | None = None
    preloaded: bool = False
    holding_mn: Floats | None = None


def held(node_count: int, nodes: npt.ArrayLike, components: str = "xyz") -> Held:
    """``nodes`` (indices or a mask) held in place along the named components."""
    mask = np.zeros((node_count, 3), bool)
    rows = np.zeros(node_count, bool)
    marked = np.asarray(nodes)
    rows[marked if marked.size else []] = True
    for name in components:
        mask[rows, "xyz".index(name)] = True
    return Held(mask, np.zeros((node_count, 3)))


def gravity_m_per_s2(position: Position, *, head_down_rad: float = 0.0) -> Floats:
    """Acceleration (3,) LPS of a patient who lies so, tilted head down (negative: head up)."""
    down, head = np.array(position.value), np.array([0.0, 0.0, 1.0])
    tilted = np.cos(head_down_rad) * down + np.sin(head_down_rad) * head
    return np.asarray(_STANDARD_GRAVITY_M_PER_S2 * tilted / np.linalg.norm(tilted))


def weight_mn_per_mm3(density_kg_per_m3: float, gravity_m_per_s2: npt.ArrayLike) -> Floats:
    """Force of gravity per volume (3,) [mN/mm3]."""
    return density_kg_per_m3 * np.asarray(gravity_m_per_s2, float) * 1e-6
