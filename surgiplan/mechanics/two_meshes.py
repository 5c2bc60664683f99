"""How far a number is from what endlessly small elements would give, told from two meshes."""

__all__ = ["LEAST", "ORDER", "SAFETY", "mesh_error_fraction", "other_element_counts"]

ORDER = 1.0
"""Assumed order of convergence.  Displacements of quadratic elements reach 3 where all is smooth
and less than 1 at a clamped edge; of one anatomy nobody knows which."""

SAFETY = 1.5
"""Factor on the extrapolated error.  Roache (J. Fluids Eng. 116:405, 1994) takes 3 for two meshes
and the full order, 1.25 where three meshes show the order."""

LEAST = 0.01
"""No smaller error is told: so well do two meshes of another shape agree by chance."""

_SHARES = (1 / 2, 2)


def mesh_error_fraction(
    value: float,
    other: float,
    elements: int,
    other_elements: int,
    *,
    energy_error_fraction: float = 0.0,
) -> float | None:
    """Estimated relative error of ``value``, found with ``elements``, beside ``other``.

    Richardson's extrapolation with an assumed order and a factor of safety (Roache's grid
    convergence index), but no less than the square of the stress's estimated error in the energy
    norm, which is the error of the work done, and no less than a percent: two meshes may
    agree by chance.  None where the value is 0 or both meshes have as many elements.
    """
    if value == 0 or elements == other_elements:
        return None
    fewer, more = sorted((elements, other_elements))
    ratio = float((more / fewer) ** (ORDER / 3))
    of_the_finer = SAFETY * abs(value - other) / (ratio - 1)
    error = of_the_finer if elements == more else ratio * of_the_finer
    return max(error / abs(value), energy_error_fraction**2, LEAST)


def other_element_counts(elements: int, fewest: int) -> tuple[int, ...]:
    """How many elements a second mesh may have, the cheapest first; the last is finer.

    ``fewest`` is what still makes a mesh.
    """
    return tuple(n for share in _SHARES if (n := round(share * elements)) >= fewest)
