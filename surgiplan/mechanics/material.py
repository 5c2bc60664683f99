"""The tissue laws, each with its parameters; all stresses in kPa.

Invariants and stretches with a bar leave out the change of volume.  Every law ends with its
resistance to change of volume: lambda/2 (ln J)^2, K/2 (J - 1)^2 or, in the linear theory,
lambda/2 (tr e)^2.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = [
    "HolzapfelGasserOgden",
    "Linear",
    "Material",
    "MooneyRivlin",
    "NeoHookean",
    "NeoHookeanIsochoric",
    "Ogden",
    "Polynomial",
    "RaghavanVorp",
    "bulk_modulus",
    "lame",
]

Floats = npt.NDArray[np.float64]

# The numbers by which the kernels know law and volume measure.
_NEO_HOOKEAN, _INVARIANTS, _OGDEN, _LINEAR = range(4)
_LOG, _DIFFERENCE, _TRACE = range(3)


def lame(young_modulus_kpa: float, poisson_ratio: float) -> tuple[float, float]:
    """First and second Lamé parameters (lambda, mu) of an isotropic solid [kPa]."""
    E, nu = young_modulus_kpa, poisson_ratio
    if not (E > 0 and -1 < nu < 0.5):
        raise ValueError(f"E = {E} kPa and nu = {nu} describe no elastic solid")
    return E * nu / ((1 + nu) * (1 - 2 * nu)), E / (2 * (1 + nu))


def bulk_modulus(shear_modulus_kpa: float, poisson_ratio: float) -> float:
    """K [kPa] that gives a law of this shear modulus this Poisson's ratio at small strain."""
    mu, nu = shear_modulus_kpa, poisson_ratio
    return 2 * mu * (1 + nu) / (3 * (1 - 2 * nu))


class Material(Protocol):
    """A tissue law: codes and parameters for the kernels, and its moduli at small strain.

    ``fibre_angle_rad``: of two families of fibres against the first axis of the tissue, or None.
    """

    @property
    def law(self) -> int: ...
    @property
    def measure(self) -> int: ...
    @property
    def parameters(self) -> tuple[float, ...]: ...
    @property
    def stiffness_kpa(self) -> tuple[float, float]:
        """Young's modulus [kPa] and Poisson's ratio at small strain."""
        ...

    @property
    def fibre_angle_rad(self) -> float | None: ...


@dataclass(frozen=True)
class _Isotropic:
    """What is told by Young's modulus and Poisson's ratio alone."""

    young_modulus_kpa: float
    poisson_ratio: float
    fibre_angle_rad = None

    def __post_init__(self) -> None:
        lame(self.young_modulus_kpa, self.poisson_ratio)

    @property
    def parameters(self) -> tuple[float, ...]:
        lam, mu = lame(self.young_modulus_kpa, self.poisson_ratio)
        return (mu, *[0.0] * 7, lam)

    @property
    def stiffness_kpa(self) -> tuple[float, float]:
        return self.young_modulus_kpa, self.poisson_ratio


@dataclass(frozen=True)
class NeoHookean(_Isotropic):
    """W = mu/2 (tr C - 3) - mu ln J + lambda/2 (ln J)^2, from Young's modulus and Poisson's ratio.

    The law of Bonet and Wood, Nonlinear Continuum Mechanics for Finite Element Analysis (2008).
    """

    law = _NEO_HOOKEAN
    measure = _LOG


@dataclass(frozen=True)
class Linear(_Isotropic):
    """The linear theory, W = mu e:e + lambda/2 (tr e)^2 of the small strain e; turning costs."""

    law = _LINEAR
    measure = _TRACE


@dataclass(frozen=True, kw_only=True)
class Polynomial:
    """W of the invariants x = I1bar - 3 and y = I2bar - 3, with fibres, and K/2 (J - 1)^2.

    c10 x + c20 x^2 + c01 y + c02 y^2 + d1 (exp(d2 x) - 1), and for each of two families of fibres
    k1/(2 k2) (exp(k2 (I4 - 1)^2) - 1) where I4 > 1, at +- ``fibre_angle_rad`` to the first axis of
    the tissue in the plane of its first two.  I4 is the whole squared stretch of the fibre, volume
    change included, as Nolan et al. (J. Mech. Behav. Biomed. Mater. 39:48, 2014) found necessary.
    """

    bulk_modulus_kpa: float
    c10_kpa: float = 0.0
    c20_kpa: float = 0.0
    c01_kpa: float = 0.0
    c02_kpa: float = 0.0
    d1_kpa: float = 0.0
    d2: float = 0.0
    k1_kpa: float = 0.0
    k2: float = 0.0
    fibre_angle_rad: float | None = None
    law = _INVARIANTS
    measure = _DIFFERENCE

    def __post_init__(self) -> None:
        mu, K = self.shear_modulus_kpa, self.bulk_modulus_kpa
        if not (mu > 0 and K > 0):
            raise ValueError(f"shear modulus {mu} kPa and K = {K} kPa describe no elastic solid")
        if self.k1_kpa > 0 and not (self.k2 > 0 and self.fibre_angle_rad is not None):
            raise ValueError("fibres need k2 above zero and an angle")

    @property
    def shear_modulus_kpa(self) -> float:
        """Shear modulus at small strain, fibres left out [kPa]."""
        return 2 * (self.c10_kpa + self.c01_kpa + self.d1_kpa * self.d2)

    @property
    def parameters(self) -> tuple[float, ...]:
        shape = (self.c10_kpa, self.c20_kpa, self.c01_kpa, self.c02_kpa, self.d1_kpa, self.d2)
        return (*shape, self.k1_kpa, self.k2, self.bulk_modulus_kpa)

    @property
    def stiffness_kpa(self) -> tuple[float, float]:
        return _young_and_poisson(self.shear_modulus_kpa, self.bulk_modulus_kpa)


def NeoHookeanIsochoric(*, shear_modulus_kpa: float, bulk_modulus_kpa: float) -> Polynomial:
    """W = mu/2 (I1bar - 3) + K/2 (J - 1)^2."""
    return Polynomial(c10_kpa=shear_modulus_kpa / 2, bulk_modulus_kpa=bulk_modulus_kpa)


def MooneyRivlin(*, c10_kpa: float, c01_kpa: float, bulk_modulus_kpa: float) -> Polynomial:
    """W = c10 (I1bar - 3) + c01 (I2bar - 3) + K/2 (J - 1)^2."""
    return Polynomial(c10_kpa=c10_kpa, c01_kpa=c01_kpa, bulk_modulus_kpa=bulk_modulus_kpa)


def RaghavanVorp(*, a_kpa: float, b_kpa: float, bulk_modulus_kpa: float) -> Polynomial:
    """W = a (I1bar - 3) + b (I1bar - 3)^2 + K/2 (J - 1)^2 (J. Biomech. 33:475, 2000)."""
    return Polynomial(c10_kpa=a_kpa, c20_kpa=b_kpa, bulk_modulus_kpa=bulk_modulus_kpa)


def HolzapfelGasserOgden(
    *,
    shear_modulus_kpa: float,
    k1_kpa: float,
    k2: float,
    fibre_angle_rad: float,
    bulk_modulus_kpa: float,
) -> Polynomial:
    """mu/2 (I1bar - 3) with two families of fibres (J. Elasticity 61:1, 2000), K/2 (J - 1)^2."""
    return Polynomial(
        c10_kpa=shear_modulus_kpa / 2,
        k1_kpa=k1_kpa,
        k2=k2,
        fibre_angle_rad=fibre_angle_rad,
        bulk_modulus_kpa=bulk_modulus_kpa,
    )


@dataclass(frozen=True)
class Ogden:
    """W = sum of 2 mu/alpha^2 (l1^alpha + l2^alpha + l3^alpha - 3) with bars, + K/2 (J - 1)^2.

    ``terms``: up to three pairs of mu [kPa] and alpha.
    """

    terms: tuple[tuple[float, float], ...]
    bulk_modulus_kpa: float
    law = _OGDEN
    measure = _DIFFERENCE
    fibre_angle_rad = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.terms) <= 3 or any(alpha == 0 for _, alpha in self.terms):
            raise ValueError("an Ogden law has one to three terms, none with alpha = 0")
        if not (sum(mu for mu, _ in self.terms) > 0 and self.bulk_modulus_kpa > 0):
            raise ValueError("an Ogden law needs a positive shear and bulk modulus")

    @property
    def parameters(self) -> tuple[float, ...]:
        flat = [value for term in self.terms for value in term]
        return (*flat, *[0.0] * (8 - len(flat)), self.bulk_modulus_kpa)

    @property
    def stiffness_kpa(self) -> tuple[float, float]:
        return _young_and_poisson(sum(mu for mu, _ in self.terms), self.bulk_modulus_kpa)


def _young_and_poisson(mu: float, K: float) -> tuple[float, float]:
    return 9 * K * mu / (3 * K + mu), (3 * K - 2 * mu) / (6 * K + 2 * mu)
