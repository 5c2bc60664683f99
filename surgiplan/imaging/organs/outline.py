"""Where the patient ends and air, clothes and table begin, in blocks."""

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.morphology import Mask, Spacing, dilated, labelled, largest, opened

__all__ = ["body_blocks", "filled_in_slices", "parts_in_slices"]

Floats = npt.NDArray[np.float32]

_SKIN_HU = -300.0
_TABLE_MM = 6.0
"""Table tops and blankets are thinner than twice this."""

_FOAM_HU = -940.0
"""Aerated lung lies above; air and the foam of a mattress mostly below."""

_AIR_HU = -925.0
"""A cut through lung at the side of the scan is denser than this, the air around it is not."""

_PASSAGE_MM = 9.0
"""Air flows around arms through wider gaps than twice this; mouth and windpipe are narrower."""

_IN_SLICES = np.array([np.zeros((3, 3)), [[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.zeros((3, 3))], bool)


def body_blocks(values: Floats, spacing_mm: Spacing) -> Mask:
    """The patient in upright blocks [HU], filled: without table, with lungs and bowel gas.

    Empty where there is nothing but air.  Lungs that the side of the scan cuts belong to the body,
    the air between arms and trunk does not.
    """
    tissue = values > _SKIN_HU
    # Lung keeps a thin chest wall from looking as thin as a table top.
    lung = filled_in_slices(tissue) & (values > _FOAM_HU)
    solid = largest(opened(tissue | lung, _TABLE_MM, spacing_mm))
    if not solid.any():
        return solid
    outside = _outside(values, solid, spacing_mm)
    body: Mask = largest(~outside)
    return body


def filled_in_slices(mask: Mask) -> Mask:
    """With the holes of each slice filled that do not reach the sides of the array."""
    labels, count = parts_in_slices(~mask)
    open_parts = _at_the_sides(labels, count)
    result: Mask = mask | ~open_parts[labels]
    return result


def _outside(values: Floats, solid: Mask, spacing_mm: Spacing) -> Mask:
    """What is around the patient: air from the sides of the scan, and what lies in it."""
    empty = ~solid
    labels, count = parts_in_slices(empty)
    size = np.maximum(np.bincount(labels.ravel(), minlength=count + 1), 1)
    airy = np.bincount(labels[values < _AIR_HU], minlength=count + 1) / size
    open_air = _at_the_sides(labels, count) & (airy > 0.3)
    wide = ~dilated(solid, _PASSAGE_MM, spacing_mm)
    rooms, sizes = labelled(wide)
    reached = np.bincount(rooms[wide & open_air[labels]], minlength=len(sizes)) > 0
    flowing = dilated(reached[rooms], _PASSAGE_MM, spacing_mm)
    around = np.bincount(labels[flowing & empty], minlength=count + 1) / size
    outside = open_air | (around > 0.5)
    outside[0] = False
    result: Mask = outside[labels]
    return result


def parts_in_slices(mask: Mask) -> tuple[npt.NDArray[np.int32], int]:
    """Parts connected within slices, numbered from 1, and how many there are."""
    from scipy.ndimage import label

    labels = np.empty(mask.shape, np.int32)
    return labels, int(label(mask, structure=_IN_SLICES, output=labels))


def _at_the_sides(labels: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.bool_]:
    """Which of the parts reach the sides of their slice."""
    sides = np.zeros(count + 1, bool)
    for edge in (labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1]):
        sides[edge.ravel()] = True
    sides[0] = False
    return sides
