"""A rigid body in the way of the tissue."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .shapes import Shape

__all__ = ["Obstacle"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Obstacle:
    """A bone, a table, an instrument: faces (f, k) may touch and leave it, not enter it.

    Its pressure is ``stiffness_kpa_per_mm`` (one, or one for each face) times how deep the tissue
    is in it; without one, it is stiff against the tissue.  The pressure is then raised until the
    tissue is at most ``penetration_mm`` inside (augmented Lagrange); None leaves the stiffness as
    it is, that of a soft neighbour.  Contact begins ``clearance_mm`` inside the shape (one, (f, q)
    or (f, 1)): what overlaps in a scan does not press.  Friction holds up to
    ``friction_coefficient`` times the pressure.  By the whole load it has moved by ``moves_mm``.
    """

    faces: Ints
    shape: Shape
    stiffness_kpa_per_mm: float | Floats | None = None
    penetration_mm: float | None = 0.05
    friction_coefficient: float = 0.0
    clearance_mm: float | Floats = 0.0
    moves_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
