"""Outlines of masks, and masks of outlines: closed polygons in one plane of a scan."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError

__all__ = ["filled", "outlines"]

Floats = npt.NDArray[np.float64]

_CROSSINGS_AT_ONCE = 1 << 22
_MOST_CROSSINGS = 1 << 26
"""Of the contours in one slice with its rows; a slice of bone has a few thousand."""


def outlines(plane: npt.NDArray[np.bool_]) -> list[Floats]:
    """Closed polygons (n, 2) as (row, column) around a mask (rows, columns), one for each island.

    They run halfway between voxels inside and outside, so ``filled`` gives the very same mask.  A
    hole is joined to its island by a channel of no width (a keyhole), walked both ways.
    """
    from skimage.measure import find_contours

    padded = np.pad(plane.astype(np.float32), 1)
    found = find_contours(padded, 0.5, fully_connected="low")
    rings = [_corners(ring[:-1] - 1.0) for ring in found]
    # Signed areas tell islands from holes, since low values lie on one side all along.
    areas = [_signed_area(ring) for ring in rings]
    islands = [n for n, area in enumerate(areas) if area * areas[int(np.argmax(np.abs(areas)))] > 0]
    holes: dict[int, list[Floats]] = {n: [] for n in islands}
    for n in sorted(set(range(len(rings))) - set(islands)):
        larger = [m for m in islands if abs(areas[m]) > abs(areas[n])]
        around = [m for m in larger if _holds(rings[m], rings[n])]
        holes[min(around, key=lambda m: abs(areas[m]))].append(rings[n])
    return [_with_holes(rings[n], holes[n]) for n in islands]


def filled(polygons: Sequence[Floats], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Voxels (rows, columns) whose middle lies within an odd number of closed polygons (n, 2).

    So a polygon within another is a hole, also if a keyhole joins the two.  Raises
    SegmentationError for lines that only cost time.
    """
    toggles = np.zeros((shape[0], shape[1] + 1), np.uint8)
    left = _MOST_CROSSINGS
    for polygon in polygons:
        ends = np.roll(polygon, -1, axis=0)
        low, high = np.minimum(polygon[:, 0], ends[:, 0]), np.maximum(polygon[:, 0], ends[:, 0])
        # Half-open, so that an edge's end counts once: rows low <= r < high.
        first = np.clip(np.ceil(low), 0, shape[0]).astype(np.int64)
        counts = np.clip(np.ceil(high), 0, shape[0]).astype(np.int64) - first
        left -= int(counts.sum())
        if left < 0:
            raise SegmentationError(
                "A contour runs to and fro over the scan too often; draw or export it again."
            )
        for part in _parts(counts):
            edges = np.flatnonzero(counts[part] > 0) + part.start
            if len(edges):
                _toggle(toggles, polygon[edges], ends[edges], first[edges], counts[edges])
    return np.bitwise_xor.accumulate(toggles, axis=1)[:, :-1].astype(bool)


def _parts(counts: npt.NDArray[np.int64]) -> list[slice]:
    """Runs of edges that together cross a bounded number of rows."""
    blocks = np.cumsum(counts) // _CROSSINGS_AT_ONCE
    ends = [*(np.flatnonzero(np.diff(blocks)) + 1).tolist(), len(counts)]
    return [slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]


def _toggle(
    toggles: npt.NDArray[np.uint8],
    starts: Floats,
    ends: Floats,
    first: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
) -> None:
    """Mark, in each row that an edge crosses, the first column behind it."""
    edge = np.repeat(np.arange(len(counts)), counts)
    rows = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    slope = (ends[:, 1] - starts[:, 1]) / (ends[:, 0] - starts[:, 0])
    columns = starts[edge, 1] + (rows - starts[edge, 0]) * slope[edge]
    behind = np.clip(np.ceil(columns), 0, toggles.shape[1] - 1).astype(np.int64)
    np.bitwise_xor.at(toggles, (rows, behind), np.uint8(1))


def _corners(ring: Floats) -> Floats:
    """The points where it turns."""
    before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    # Halves of whole numbers: exact.
    corners: Floats = ring[before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]]
    return corners


def _signed_area(ring: Floats) -> float:
    row, column = ring.T
    return float(np.sum(row * np.roll(column, -1) - column * np.roll(row, -1)) / 2)


def _holds(ring: Floats, other: Floats) -> bool:
    """Whether ``other`` lies within ``ring``; the two never cross."""
    row, column = other[0]
    ends = np.roll(ring, -1, axis=0)
    crossing = (np.minimum(ring[:, 0], ends[:, 0]) <= row) & (
        row < np.maximum(ring[:, 0], ends[:, 0])
    )
    a, b = ring[crossing], ends[crossing]
    at = a[:, 1] + (row - a[:, 0]) * (b[:, 1] - a[:, 1]) / (b[:, 0] - a[:, 0])
    return bool(np.count_nonzero(at > column) % 2)


def _with_holes(ring: Floats, holes: Sequence[Floats]) -> Floats:
    from scipy.spatial import cKDTree

    for hole in holes:
        away, nearest = cKDTree(ring).query(hole)
        b = int(np.argmin(away))
        a = int(nearest[b])
        turned = np.roll(hole, -b, axis=0)
        ring = np.concatenate([ring[: a + 1], turned, turned[:1], ring[a:]])
    return ring
