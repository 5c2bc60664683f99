"""The two unit systems, mm-kg-s (kPa, mN) and mmHg-mL-s, and the conversions between them."""

__all__ = ["KPA_PER_MMHG", "MM3_PER_ML", "gravity_force_density"]

KPA_PER_MMHG = 0.133322
MM3_PER_ML = 1000.0
_STANDARD_GRAVITY_M_PER_S2 = 9.80665


def gravity_force_density(density_kg_per_m3: float) -> float:
    """Weight of a unit volume of tissue [mN/mm3] under standard gravity."""
    newton_per_m3 = density_kg_per_m3 * _STANDARD_GRAVITY_M_PER_S2
    return newton_per_m3 * 1e3 / 1e9
