"""The fork of the aorta and the iliac arteries below it."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..coarse import Coarse
from .tube import Section, followed, lumen_band, section_at

__all__ = ["Fork", "fork_below"]

Floats = npt.NDArray[np.float64]

_ABOVE_MM = 16.0
"""How far above the end of the round sections the fork is looked for."""
_BELOW_MM = 40.0
_LEAST_SHARE = 0.12
"""Each branch has at least this share of the aorta's area."""
_LEAST_MM2 = 12.0
_LASTS_MM = 7.0
"""Two branches stay apart for at least so long; an island of calcium does not."""
_REACH_MM = 45.0


@dataclass(frozen=True, eq=False)
class Fork:
    """Where the aorta parts, and its two branches downwards."""

    height_mm: float
    """Of the first slice with two lumens, from the first block."""
    left: tuple[Section, ...] = field(repr=False)
    right: tuple[Section, ...] = field(repr=False)


def fork_below(coarse: Coarse, tube: tuple[Section, ...], level: float) -> Fork | None:
    """The fork at the lower end of a tube; None if the scan does not show it."""
    parts = _two_parts(coarse, tube, level)
    if parts is None:
        return None
    k, spots = parts
    spacing = np.array(coarse.spacing_mm)
    before = min(tube, key=lambda s: abs(s.middle[0] - (k * spacing[0] + 12)))
    branches = []
    for spot in sorted(spots, key=lambda s: s.mean(axis=0)[1]):
        middle = np.array([k, *spot.mean(axis=0)]) * spacing
        radius = float(np.sqrt(len(spot) * spacing[1] * spacing[2] / np.pi))
        way = middle - before.middle
        axis = way / np.linalg.norm(way)
        start = section_at(coarse, middle, axis, level, radius)
        branches.append(tuple(followed(coarse, start, axis)) if start is not None else ())
    right, left = branches
    return Fork(k * float(spacing[0]), left, right)


def _two_parts(
    coarse: Coarse, tube: tuple[Section, ...], level: float
) -> tuple[int, list[npt.NDArray[np.int64]]] | None:
    """Slice in which two lumens are first surely apart, and the blocks (n, 2) of each there."""
    from scipy.ndimage import binary_dilation, label

    spacing = np.array(coarse.spacing_mm)
    last = tube[-1]
    first = min(tube, key=lambda s: abs(s.middle[0] - last.middle[0] - _ABOVE_MM))
    low, high = lumen_band(level, 0.6)
    need = max(_LEAST_SHARE * first.area, _LEAST_MM2) / (spacing[1] * spacing[2])
    at = np.rint(first.middle / spacing).astype(int)
    reach = np.ceil(_REACH_MM / spacing).astype(int)
    rows = slice(max(at[1] - reach[1], 0), at[1] + reach[1])
    columns = slice(max(at[2] - reach[2], 0), at[2] + reach[2])
    corner = np.array([rows.start, columns.start])
    j, i = np.ogrid[rows, columns]
    _, height, width = coarse.values.shape
    j, i = j[j[:, 0] < height], i[:, i[0] < width]
    current = (
        np.hypot(j * spacing[1] - first.middle[1], i * spacing[2] - first.middle[2])
        < 0.8 * first.radius
    )
    apart_mm = 0.0
    stop = max(int((last.middle[0] - _BELOW_MM) / spacing[0]), 0)
    for k in range(at[0] - 1, stop - 1, -1):
        piece = coarse.values[k, rows, columns]
        labels, _ = label((piece > low) & (piece < high))
        touched = np.unique(labels[binary_dilation(current) & (labels > 0)])
        sizes = [(int(np.count_nonzero(labels == n)), int(n)) for n in touched]
        kept = [n for size, n in sorted(sizes, reverse=True) if size >= need][:2]
        if not kept:
            return None
        current = np.isin(labels, kept)
        apart_mm = apart_mm + spacing[0] if len(kept) == 2 else 0.0
        if apart_mm > min(_LASTS_MM, (k + 1) * spacing[0]):
            return k, [np.argwhere(labels == n) + corner for n in kept]
    return None
