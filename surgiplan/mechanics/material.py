"""The tissue law: a compressible neo-Hookean solid, and the small-strain solid it starts as."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Material", "lame"]


def lame(young_modulus_kpa: float, poisson_ratio: float) -> tuple[float, float]:
    """First and second Lamé parameters (lambda, mu) of an isotropic solid [kPa]."""
    E, nu = young_modulus_kpa, poisson_ratio
    if E <= 0 or not -1 < nu < 0.5:
        raise ValueError(f"E = {E} kPa and nu = {nu} describe no elastic solid")
    return E * nu / ((1 + nu) * (1 - 2 * nu)), E / (2 * (1 + nu))


@dataclass(frozen=True)
class Material:
    """W = mu/2 (tr C - 3) - mu ln J + lambda/2 (ln J)^2, from Young's modulus and Poisson's ratio.

    The law of Bonet and Wood, Nonlinear Continuum Mechanics for Finite Element Analysis (2008).
    """

    young_modulus_kpa: float
    poisson_ratio: float

    @property
    def lame_kpa(self) -> tuple[float, float]:
        """Lambda and mu [kPa]."""
        return lame(self.young_modulus_kpa, self.poisson_ratio)

    def cauchy_kpa(self, gradient: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Cauchy stress [kPa] of deformation gradients (..., 3, 3)."""
        lam, mu = self.lame_kpa
        F, eye = gradient, np.eye(3)
        J = np.linalg.det(F)[..., None, None]
        b = F @ np.swapaxes(F, -1, -2)
        return np.asarray((mu * (b - eye) + lam * np.log(J) * eye) / J)

    def small_strain_kpa(self, gradient: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Stress [kPa] of the linear theory for deformation gradients (..., 3, 3)."""
        lam, mu = self.lame_kpa
        strain = (gradient + np.swapaxes(gradient, -1, -2)) / 2 - np.eye(3)
        trace = np.trace(strain, axis1=-2, axis2=-1)[..., None, None]
        return np.asarray(2 * mu * strain + lam * trace * np.eye(3))
