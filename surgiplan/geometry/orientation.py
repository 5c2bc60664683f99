"""Anatomical letters of a direction in the patient."""

import numpy as np
import numpy.typing as npt

__all__ = ["letters"]

_LETTERS = (("L", "R"), ("P", "A"), ("S", "I"))
"""Letter of the positive and of the negative direction of each LPS axis."""

_WORTH_A_LETTER = 0.25
"""Direction cosine from which a lesser component is named too (about 15 degrees)."""


def letters(direction_lps: npt.ArrayLike) -> str:
    """The letters of a direction (3,) in LPS, largest component first: ``L``, ``RA``, ``SPL``.

    Raises ValueError for a zero or non-finite direction.
    """
    direction = np.asarray(direction_lps, float).reshape(3)
    length = np.linalg.norm(direction)
    if not np.isfinite(length) or length < 1e-12:
        raise ValueError(f"{direction} is no direction")
    cosines = direction / length
    order = np.argsort(-np.abs(cosines), kind="stable")
    named = [n for rank, n in enumerate(order) if not rank or abs(cosines[n]) > _WORTH_A_LETTER]
    return "".join(_LETTERS[n][int(cosines[n] < 0)] for n in named)
