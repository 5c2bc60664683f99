"""All contacts of a problem together."""

import numpy as np
import numpy.typing as npt

from ..mesh import Mesh
from .against import Against
from .between import Between
from .obstacle import Bodies, Obstacle
from .pressing import Contacted, Pressing, SlotsOf, Sums, Touch

__all__ = ["Contacts"]

Floats = npt.NDArray[np.float64]


class Contacts:
    """The contacts of a mesh; ``young_modulus_kpa`` (m,) is of its elements."""

    def __init__(
        self,
        mesh: Mesh,
        contacts: tuple[Obstacle | Bodies, ...],
        young_modulus_kpa: Floats,
        slots: SlotsOf,
    ) -> None:
        self._each: list[Pressing] = [
            Against(mesh, one, young_modulus_kpa, slots)
            if isinstance(one, Obstacle)
            else Between(mesh, one, young_modulus_kpa, slots)
            for one in contacts
        ]

    def boldest_step(self, direction: Floats) -> float:
        """How much of a displacement (n, 3) is tried first: what falls must not fall through."""
        far = float(np.abs(direction).max(initial=0.0))
        reach = min((one.reach_mm for one in self._each), default=np.inf)
        return min(1.0, reach / far) if far > 0 else 1.0

    def begun(self) -> tuple[Touch, ...]:
        """Before anything touched."""
        return tuple(one.begun() for one in self._each)

    def add(self, u: Floats, load: float, touches: tuple[Touch, ...], sums: Sums) -> float:
        """Energy at ``u``; forces and tangent are added to the sums."""
        pairs = zip(self._each, touches, strict=True)
        return sum(one.add(u, load, touch, sums) for one, touch in pairs)

    def raised(
        self, u: Floats, load: float, touches: tuple[Touch, ...]
    ) -> tuple[Touch, ...] | None:
        """Pressing harder where something is too deep inside; None where nothing is."""
        pairs = list(zip(self._each, touches, strict=True))
        if all(one.keeps_apart(u, load, touch) for one, touch in pairs):
            return None
        return tuple(one.raised(u, load, touch) for one, touch in pairs)

    def carried(self, u: Floats, load: float, touches: tuple[Touch, ...]) -> tuple[Touch, ...]:
        """After a load step."""
        pairs = zip(self._each, touches, strict=True)
        return tuple(one.carried(u, load, touch) for one, touch in pairs)

    def answers(self, u: Floats, load: float, touches: tuple[Touch, ...]) -> tuple[Contacted, ...]:
        """The contacts at an equilibrium."""
        pairs = zip(self._each, touches, strict=True)
        return tuple(one.answer(u, load, touch) for one, touch in pairs)
