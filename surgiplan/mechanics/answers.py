"""Which element is of which tissue, and what the tissues answer to strain."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .material import Material

__all__ = ["Answer", "Tissue"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_MIXED_ABOVE = 0.45
_NEO_HOOKEAN = 0
_TRACE = 2

_EVENNESS = 1.0
"""Resistance to a change of volume that differs within an element with one pressure, in shear
moduli.  Without it such elements buckle under strong compression."""

_FIRMNESS = 100.0
"""Resistance to change of volume, in shear moduli, while the pressure is sought; 0.495 in terms of
Poisson's ratio."""


class Tissue:
    """The materials of ``count`` elements, as arrays for the kernels."""

    def __init__(
        self,
        material: Material | Sequence[Material],
        count: int,
        stiffness_factor: npt.ArrayLike | None = None,
        material_of: npt.ArrayLike | None = None,
        axes: npt.ArrayLike | None = None,
        *,
        mixed: bool | None = None,
    ) -> None:
        """As for ``Problem``; ValueError where the arrays do not fit the elements."""
        materials = list(material) if isinstance(material, Sequence) else [material]
        number = np.zeros(count, int) if material_of is None else np.asarray(material_of, int)
        factor = np.ones(count) if stiffness_factor is None else np.array(stiffness_factor, float)
        if number.shape != (count,) or factor.shape != (count,):
            raise ValueError(f"material_of and stiffness_factor must have {count} values")
        if not 0 <= number.min() <= number.max() < len(materials):
            raise ValueError(f"material_of names more than the {len(materials)} materials given")
        if not (factor > 0).all():
            raise ValueError("stiffness factors must be above zero")
        self.stiffness_factor = factor
        self._law = np.array([m.law for m in materials], np.int32)[number]
        self._kind = np.array([m.measure for m in materials], np.int32)[number]
        self._parameters = np.array([m.parameters for m in materials], float)[number]
        self._fibres = _fibres(materials, number, axes)
        moduli = np.array([m.stiffness_kpa for m in materials], float)[number]
        self.young_modulus_kpa = moduli[:, 0] * factor
        self.poisson_ratio = moduli[:, 1]
        above = self.poisson_ratio > _MIXED_ABOVE
        self._mixed = above if mixed is None else np.full(count, mixed)
        shear = moduli[:, 0] / (2 * (1 + moduli[:, 1]))
        self._uneven = _EVENNESS * shear
        self._firmness = np.where(
            self._mixed & (self._parameters[:, 8] > _FIRMNESS * shear), _FIRMNESS * shear, np.inf
        )

    @property
    def is_neo_hookean(self) -> npt.NDArray[np.bool_]:
        """Which elements (m,) are neo-Hookean and need not seek their pressure."""
        return np.asarray((self._law == _NEO_HOOKEAN) & np.isinf(self._firmness))

    @property
    def moduli(self) -> Floats:
        """First columns: mu, lambda [kPa]; factor; resistance to uneven change of volume (m, 4)."""
        mu, lam = self._parameters[:, 0], self._parameters[:, 8]
        return np.stack([mu, lam, self.stiffness_factor, self._uneven], axis=1)

    @property
    def is_linear(self) -> npt.NDArray[np.bool_]:
        """Which elements follow the linear theory (m,)."""
        return np.asarray(self._kind == _TRACE)

    @property
    def is_mixed(self) -> npt.NDArray[np.bool_]:
        """Which elements have a pressure of their own (m,)."""
        return self._mixed

    @property
    def seeks_pressure(self) -> bool:
        """Whether some elements resist a change of volume so much that it is sought in steps."""
        return bool(np.isfinite(self._firmness).any())

    def respond(
        self, part: slice, w: Floats, H: Floats, pressure_kpa: Floats | None, *, tangent: bool
    ) -> "Answer":
        """What the elements in ``part`` answer to strain.

        ``w`` (m, q) are volumes, ``H`` (m, q, 3, 3) displacement gradients at their points.  The
        own pressure of elements is held near a guess ``pressure_kpa`` of all, or else final.
        """
        from .laws import _kernels

        P, T = np.empty_like(H), np.empty_like(H)
        A = np.empty((*H.shape, 3, 3)) if tangent else np.empty((1, 1, 3, 3, 3, 3))
        shared, factor = np.zeros((len(H), 2)), self.stiffness_factor[part]
        firmness, guess = np.full(len(H), np.inf), np.zeros(len(H))
        if pressure_kpa is not None:
            firmness, guess = self._firmness[part], pressure_kpa[part]
        energy, smallest = _kernels.respond(
            H, w, self._law[part], self._kind[part], self._parameters[part], factor,
            self._fibres[part], self._mixed[part], self._uneven[part], firmness, guess, shared,
            P, A, T, tangent,
        )  # fmt: skip
        return Answer(energy, smallest, P, A, T, shared[:, 1].copy(), shared[:, 0].copy())


@dataclass(frozen=True, eq=False)
class Answer:
    """Energy [mN mm], smallest J, first stress, its slope A and that of the volume at the points.

    ``pressure_stiffness`` (m,) is of the elements' own pressure, 0 where they have none, and
    ``pressure_kpa`` (m,) that pressure before the stiffness factor.
    """

    energy: float
    smallest: float
    first_stress: Floats
    slope: Floats
    measure_slope: Floats
    pressure_stiffness: Floats
    pressure_kpa: Floats


def _fibres(
    materials: Sequence[Material], number: npt.NDArray[np.int_], axes: npt.ArrayLike | None
) -> Floats:
    """Two unit vectors (m, 2, 3) along the fibres of each element; zero where it has none."""
    found = np.zeros((len(number), 2, 3))
    for which, material in enumerate(materials):
        angle, own = material.fibre_angle_rad, number == which
        if angle is None:
            continue
        if axes is None:
            raise ValueError("a tissue with fibres needs the axes between which they lie")
        first, second = np.asarray(axes, float)[own].transpose(1, 0, 2)
        found[own, 0] = np.cos(angle) * first + np.sin(angle) * second
        found[own, 1] = np.cos(angle) * first - np.sin(angle) * second
    return found
