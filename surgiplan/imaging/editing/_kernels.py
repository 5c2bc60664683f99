"""Loops over voxels that arrays alone cannot express."""

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["flood", "spread", "watershed"]

_LEVELS = 256


@numba.njit(cache=True)
def flood(
    values: npt.NDArray[np.generic],
    low: float,
    high: float,
    seeds_kji: npt.NDArray[np.int64],
    found: npt.NDArray[np.bool_],
) -> None:
    """Mark in ``found`` what connects to seeds (n, 3) by faces, all of it from low to high."""
    size_k, size_j, size_i = values.shape
    stack = np.empty((max(4096, len(seeds_kji)), 3), np.int32)
    top = 0
    for n in range(len(seeds_kji)):
        stack[top] = seeds_kji[n]
        top += 1
    while top:
        top -= 1
        k, j, first = stack[top, 0], stack[top, 1], stack[top, 2]
        if found[k, j, first] or not low <= values[k, j, first] <= high:
            continue
        last = first
        while first > 0 and low <= values[k, j, first - 1] <= high:
            first -= 1
        while last < size_i - 1 and low <= values[k, j, last + 1] <= high:
            last += 1
        for i in range(first, last + 1):
            found[k, j, i] = True
        if top + 2 * (last - first + 3) > len(stack):
            larger = np.empty((2 * len(stack) + 4 * size_i, 3), np.int32)
            larger[:top] = stack[:top]
            stack = larger
        for side in range(4):
            beside_k = k + (side == 0) - (side == 1)
            beside_j = j + (side == 2) - (side == 3)
            if not (0 <= beside_k < size_k and 0 <= beside_j < size_j):
                continue
            goes_on = False
            for i in range(first, last + 1):
                free = not found[beside_k, beside_j, i]
                open_ = free and low <= values[beside_k, beside_j, i] <= high
                if open_ and not goes_on:
                    stack[top, 0], stack[top, 1], stack[top, 2] = beside_k, beside_j, i
                    top += 1
                goes_on = open_


@numba.njit(cache=True)
def spread(
    values: npt.NDArray[np.float32],
    lengths: npt.NDArray[np.float32],
    distance: npt.NDArray[np.float32],
    owner: npt.NDArray[np.uint8],
    dirty: npt.NDArray[np.bool_],
) -> None:
    """Let owners spread to where their way is shortest, until nothing changes.

    A step to one of 26 neighbours costs its length (``lengths`` (3, 3, 3)) times 1 + the square of
    the change of value.  Only rows (k, j) marked in ``dirty`` are looked at, and those beside what
    changes.  Of equal ways the lower number wins, so the order of the sweeps does not matter.
    """
    size_k, size_j, size_i = values.shape
    forwards = True
    while dirty.any():
        for n in range(size_k * size_j):
            row = n if forwards else size_k * size_j - 1 - n
            k, j = row // size_j, row % size_j
            if not dirty[k, j]:
                continue
            dirty[k, j] = False
            changed = False
            for turn in range(2):
                for m in range(size_i):
                    i = m if turn == 0 else size_i - 1 - m
                    best, who, here = distance[k, j, i], owner[k, j, i], values[k, j, i]
                    before, before_who = best, who
                    for dk in range(-1, 2):
                        if not 0 <= k + dk < size_k or (turn == 1 and dk != 0):
                            continue
                        for dj in range(-1, 2):
                            if not 0 <= j + dj < size_j or (turn == 1 and dj != 0):
                                continue
                            for di in range(-1, 2):
                                if not 0 <= i + di < size_i:
                                    continue
                                way = distance[k + dk, j + dj, i + di]
                                if way >= best:
                                    continue
                                change = values[k + dk, j + dj, i + di] - here
                                step = lengths[dk + 1, dj + 1, di + 1]
                                way += step * (np.float32(1) + change * change)
                                other = owner[k + dk, j + dj, i + di]
                                if way < best or (way == best and other < who):
                                    best, who = way, other
                    if best != before or who != before_who:
                        distance[k, j, i] = best
                        owner[k, j, i] = who
                        changed = True
            if changed:
                for beside_k in range(max(k - 1, 0), min(k + 2, size_k)):
                    for beside_j in range(max(j - 1, 0), min(j + 2, size_j)):
                        dirty[beside_k, beside_j] = True
        forwards = not forwards


@numba.njit(cache=True)
def watershed(relief: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8]) -> None:
    """Flood a relief from the labelled voxels, lowest first, until every voxel has a label.

    Voxels wait in one queue for each level, first come first served; neighbours share a face.
    """
    size_k, size_j, size_i = relief.shape
    flat, owners = relief.ravel(), labels.ravel()
    following = np.full(flat.size, -1, np.int32)
    first = np.full(_LEVELS, -1, np.int32)
    last = np.full(_LEVELS, -1, np.int32)
    for n in range(flat.size):
        if owners[n]:
            level = flat[n]
            if first[level] < 0:
                first[level] = n
            else:
                following[last[level]] = n
            last[level] = n
    level = 0
    while level < _LEVELS:
        n = first[level]
        if n < 0:
            level += 1
            continue
        first[level] = following[n]
        i = n % size_i
        j = n // size_i % size_j
        k = n // (size_i * size_j)
        for side in range(6):
            if side == 0 and k > 0:
                beside = n - size_i * size_j
            elif side == 1 and j > 0:
                beside = n - size_i
            elif side == 2 and i > 0:
                beside = n - 1
            elif side == 3 and i < size_i - 1:
                beside = n + 1
            elif side == 4 and j < size_j - 1:
                beside = n + size_i
            elif side == 5 and k < size_k - 1:
                beside = n + size_i * size_j
            else:
                continue
            if owners[beside]:
                continue
            owners[beside] = owners[n]
            height = max(level, flat[beside])
            following[beside] = -1
            if first[height] < 0:
                first[height] = beside
            else:
                following[last[height]] = beside
            last[height] = beside
