"""Loops over voxels that arrays alone cannot express."""

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["flood", "spread", "watershed"]

_LEVELS = 256
_STEEPEST = np.float32(10000.0)
"""No step costs more than so many times its length."""


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
    steps_kji: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.float32],
    distance: npt.NDArray[np.float32],
    owner: npt.NDArray[np.uint8],
    starts: npt.NDArray[np.bool_],
) -> None:
    """Let the owners of voxels spread to where their way is shortest.

    A step (n, 3) costs its length times 1 + the square of the change of value.  The ways begin at
    ``starts``, whose distances are known; of equal ways the lower number wins.  Voxels wait in
    layers thinner than any step, so one that is reached in its layer has its final way.
    """
    size_k, size_j, size_i = values.shape
    value, way, who, start = values.ravel(), distance.ravel(), owner.ravel(), starts.ravel()
    layer = np.float32(0.999) * lengths.min()
    heads = np.full(4096, -1, np.int64)
    waiting = np.empty(1 << 16, np.int32)
    after = np.empty(1 << 16, np.int32)
    count, highest = 0, 0
    for n in range(value.size):
        if start[n]:
            level = int(way[n] / layer)
            heads, waiting, after = _room(heads, level, waiting, after, count)
            waiting[count], after[count] = n, heads[level]
            heads[level] = count
            count += 1
            highest = max(highest, level)
    level = 0
    while level <= highest:
        entry = heads[level]
        if entry < 0:
            level += 1
            continue
        heads[level] = after[entry]
        n = waiting[entry]
        here = way[n]
        if int(here / layer) != level:
            continue
        i = n % size_i
        j = n // size_i % size_j
        k = n // (size_i * size_j)
        for side in range(len(steps_kji)):
            dk, dj, di = steps_kji[side]
            if not (0 <= k + dk < size_k and 0 <= j + dj < size_j and 0 <= i + di < size_i):
                continue
            beside = n + (dk * size_j + dj) * size_i + di
            if way[beside] <= here:
                continue
            change = value[beside] - value[n]
            arrival = here + lengths[side] * (np.float32(1) + min(change * change, _STEEPEST))
            if arrival > way[beside] or (arrival == way[beside] and who[n] >= who[beside]):
                continue
            way[beside] = arrival
            who[beside] = who[n]
            new = int(arrival / layer)
            if new >= len(heads) or count >= len(waiting):
                heads, waiting, after = _room(heads, new, waiting, after, count)
            waiting[count], after[count] = beside, heads[new]
            heads[new] = count
            count += 1
            highest = max(highest, new)


@numba.njit(cache=True)
def _room(
    heads: npt.NDArray[np.int64],
    level: int,
    waiting: npt.NDArray[np.int32],
    after: npt.NDArray[np.int32],
    count: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """The queue's arrays, longer where the next entry would not fit."""
    if level >= len(heads):
        longer = np.full(2 * level, -1, np.int64)
        longer[: len(heads)] = heads
        heads = longer
    if count >= len(waiting):
        more = np.empty(2 * count, np.int32)
        more[:count] = waiting
        behind = np.empty(2 * count, np.int32)
        behind[:count] = after
        return heads, more, behind
    return heads, waiting, after


@numba.njit(cache=True)
def watershed(relief: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8]) -> None:
    """Flood a relief from the labelled voxels, lowest first, until every voxel has a label.

    Voxels wait in one queue for each level, first come first served; neighbours share a face.
    """
    size_k, size_j, size_i = relief.shape
    # A rim that counts as labelled spares the question whether a voxel lies at the edge.
    owned = np.full((size_k + 2, size_j + 2, size_i + 2), 255, np.uint8)
    owned[1:-1, 1:-1, 1:-1] = labels
    heights = np.zeros(owned.shape, np.uint8)
    heights[1:-1, 1:-1, 1:-1] = relief
    flat, owners = heights.ravel(), owned.ravel()
    row = size_i + 2
    plane = row * (size_j + 2)
    steps = np.array([-plane, -row, -1, 1, row, plane])
    following = np.empty(flat.size, np.int32)
    first = np.full(_LEVELS, -1, np.int32)
    last = np.full(_LEVELS, -1, np.int32)
    for n in range(plane, flat.size - plane):
        if owners[n] == 0 or owners[n] == 255:
            continue
        # Most seeds lie among seeds.
        if (owners[n + 1] and owners[n - 1] and owners[n - row] and owners[n + row]) and (
            owners[n - plane] and owners[n + plane]
        ):
            continue
        level = flat[n]
        following[n] = -1
        if first[level] < 0:
            first[level] = n
        else:
            following[last[level]] = n
        last[level] = n
    # Unsigned, since an index that may be negative costs a question at each look.
    unsigned = steps.astype(np.uint64)
    for level in range(_LEVELS):
        waiting = first[level]
        while waiting >= 0:
            here = np.uint64(waiting)
            owner = owners[here]
            for step in unsigned:
                there = here + step
                if owners[there]:
                    continue
                owners[there] = owner
                place = max(np.uint64(level), np.uint64(flat[there]))
                following[there] = -1
                if first[place] < 0:
                    first[place] = there
                else:
                    following[np.uint64(last[place])] = there
                last[place] = there
            waiting = following[here]
    labels[:] = owned[1:-1, 1:-1, 1:-1]
