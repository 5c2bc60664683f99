"""What tissue can press on: something rigid, or another body of the same mesh."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .shapes import Shape

__all__ = ["Bodies", "Obstacle"]

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


@dataclass(frozen=True, eq=False)
class Bodies:
    """Faces (f, k) may touch, slide along and leave the faces ``others`` (g, k), not enter them.

    The points of ``faces`` are kept out of the surface of ``others``, curved as its faces are; give
    the finer one first.  Stiffness, penetration and clearance are as for an ``Obstacle``.
    """

    faces: Ints
    others: Ints
    stiffness_kpa_per_mm: float | Floats | None = None
    penetration_mm: float | None = 0.05
    clearance_mm: float | Floats = 0.0
