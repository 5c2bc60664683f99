"""Distances along the inside of a structure."""

import numpy as np
import numpy.typing as npt

from .morphology import Mask, Spacing

__all__ = ["geodesic_mm"]

_HALF_NEIGHBOURS = [
    (k, j, i) for k in (0, 1) for j in (-1, 0, 1) for i in (-1, 0, 1) if (k, j, i) > (0, 0, 0)
]
"""One of each pair of opposite neighbours of a voxel."""


def geodesic_mm(
    mask: Mask, seeds_kji: npt.NDArray[np.integer], spacing_mm: Spacing
) -> npt.NDArray[np.float32]:
    """Shortest way within a mask from each seed (n, 3) to every voxel [mm], (n, k, j, i).

    Steps go to the 26 neighbours; infinite outside the mask and where there is no way.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    number = np.full(mask.shape, -1, np.int32)
    number[mask] = np.arange(np.count_nonzero(mask), dtype=np.int32)
    starts, ends, lengths = [], [], []
    for step in _HALF_NEIGHBOURS:
        here, there = _shifted(number, step)
        both = (here >= 0) & (there >= 0)
        starts.append(here[both])
        ends.append(there[both])
        length = float(np.linalg.norm(np.array(step) * spacing_mm))
        lengths.append(np.full(len(starts[-1]), length))
    size = int(number.max()) + 1
    graph = coo_array(
        (np.concatenate(lengths), (np.concatenate(starts), np.concatenate(ends))), (size, size)
    ).tocsr()
    sources = [int(number[tuple(seed)]) for seed in seeds_kji]
    ways = dijkstra(graph, directed=False, indices=sources)
    result = np.full((len(sources), *mask.shape), np.inf, np.float32)
    result[:, mask] = ways
    return result


def _shifted(
    number: npt.NDArray[np.int32], step: tuple[int, int, int]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Each voxel's number beside that of its neighbour at ``step``."""
    here, there = [], []
    for n, length in zip(step, number.shape, strict=True):
        here.append(slice(max(-n, 0), length - max(n, 0)))
        there.append(slice(max(n, 0), length - max(-n, 0)))
    return number[tuple(here)], number[tuple(there)]
