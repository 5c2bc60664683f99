"""Reads the slices of a layout into one array, several at a time."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.jobs_report import Report
from surgiplan.model import VoxelGrid

from .decoders import at_a_time
from .native import is_native
from .pixels import Placed, place
from .series import ImageHeader
from .stack import Layout

__all__ = ["Allocate", "Partial", "Stacked", "stacked"]

_COARSE = 8
_BLOCK = 8
"""Slices that one thread reads in a row where that takes microseconds."""
_BLOCKS = 50
"""At least so many, for the sake of the progress shown."""
_PAUSE_SECONDS = 0.3
"""Between two pictures of what there is so far."""
Allocate = Callable[[tuple[int, int, int], type[np.int16] | type[np.float32]], npt.NDArray[Any]]
"""Gives memory for voxels of a shape and type; whoever loads decides where it lies."""


@dataclass(frozen=True)
class Partial:
    """A volume whose slices are still being decoded."""

    values: npt.NDArray[Any]
    """Read-only, (n, rows, columns).  It goes on being filled; a slice that is not ready shows the
    nearest one below that is."""
    grid: VoxelGrid
    ready: npt.NDArray[np.bool_]
    """Which slices are there, shape (n,)."""


@dataclass(frozen=True)
class Stacked:
    """The values of all slices of a layout."""

    values: npt.NDArray[Any]
    """Shape (n, rows, columns), int16 where all are whole and fit, else float32."""
    padded: int
    """Voxels that were raised to the value of air."""


def stacked(
    layout: Layout,
    report: Report,
    allocate: Allocate,
    partial: Callable[[Partial], None] | None = None,
) -> Stacked:
    """Read all slices.  Raises DicomError.

    Where each takes long they are read coarse to fine, and ``partial`` hears now and then of an
    even stack what there is.
    """
    images, count = layout.images, len(layout.images)
    values = allocate(
        (count, images[0].rows, images[0].columns),
        np.int16 if all(map(_is_whole, images)) else np.float32,
    )
    is_slow = not all(map(is_native, images))
    # Threads cost more than they save where nothing has to be decoded.
    several = _placed if is_slow else _placed_in_turn
    watch = _Watch(layout, partial if is_slow and layout.is_regular else None)
    todo = _coarse_to_fine(count) if is_slow else list(range(count))
    padded = read = 0
    size = 1 if is_slow else min(-(-count // _BLOCKS), _BLOCK)
    while todo:
        blocks = [todo[n : n + size] for n in range(0, len(todo), size)]
        for n, done in several(images, values, blocks, watch.begun):
            if read % size == 0:
                report(read / count, f"Reading slice {read + 1} of {count}")
            if done.fits:
                read += 1
                padded += done.padded
                watch.ready[n] = True
                watch.tell(values, n)
        todo = [n for n in todo if not watch.ready[n]]
        if todo:
            values = _widened(values, watch.ready, allocate)
    return Stacked(values, padded)


class _Watch:
    """Remembers which slices are there, and says so now and then."""

    def __init__(self, layout: Layout, partial: Callable[[Partial], None] | None) -> None:
        self.begun, self.ready = (np.zeros(len(layout.images), np.bool_) for _ in range(2))
        self._layout, self._partial = layout, partial
        self._coarse = -(-len(layout.images) // _COARSE)
        self._told = time.monotonic()

    def tell(self, values: npt.NDArray[Any], n: int) -> None:
        """Slice ``n`` has been added."""
        if self._partial is None:
            return
        # Until they come, the places after it that nobody fills yet show this slice too.
        after = self.begun[n + 1 : n + _COARSE]
        values[n + 1 : n + 1 + int(np.argmax([*after, True]))] = values[n]
        read, now = int(np.count_nonzero(self.ready)), time.monotonic()
        if read == self._coarse or (read > self._coarse and now > self._told + _PAUSE_SECONDS):
            self._told = now
            view = values.view()
            view.flags.writeable = False
            frame_uid = self._layout.images[0].frame_uid
            grid = VoxelGrid(values.shape, self._layout.affine(), frame_uid)
            self._partial(Partial(view, grid, self.ready.copy()))


def _placed(
    images: Sequence[ImageHeader],
    values: npt.NDArray[Any],
    blocks: Sequence[Sequence[int]],
    begun: npt.NDArray[np.bool_],
) -> Iterator[tuple[int, Placed]]:
    """Each slice that was read, in the order of ``blocks``, up to those that do not fit.

    Several at a time: files are read and numbers added without the interpreter's lock, and
    decoders are other processes.
    """
    waiting, running = deque(blocks), deque[Future[list[tuple[int, Placed]]]]()
    with ThreadPoolExecutor(at_a_time(), "surgiplan-slices") as threads:
        try:
            while waiting or running:
                while waiting and len(running) < 2 * at_a_time():
                    block = waiting.popleft()
                    begun[list(block)] = True
                    running.append(threads.submit(_block, images, values, block))
                for n, done in running.popleft().result():
                    if not done.fits:
                        waiting.clear()
                    yield n, done
        finally:
            threads.shutdown(cancel_futures=True)


def _placed_in_turn(
    images: Sequence[ImageHeader],
    values: npt.NDArray[Any],
    blocks: Sequence[Sequence[int]],
    begun: npt.NDArray[np.bool_],
) -> Iterator[tuple[int, Placed]]:
    """The same, one after the other."""
    for block in blocks:
        for n in block:
            begun[n] = True
            yield n, (done := place(images[n], values[n]))
            if not done.fits:
                return


def _block(
    images: Sequence[ImageHeader], values: npt.NDArray[Any], block: Sequence[int]
) -> list[tuple[int, Placed]]:
    return [(n, place(images[n], values[n])) for n in block]


def _coarse_to_fine(count: int) -> list[int]:
    """Every eighth slice first, then those between."""
    order = dict.fromkeys(n for step in (_COARSE, 4, 2, 1) for n in range(0, count, step))
    return list(order)


def _is_whole(header: ImageHeader) -> bool:
    return header.slope.is_integer() and header.intercept.is_integer()


def _widened(
    values: npt.NDArray[Any], ready: npt.NDArray[np.bool_], allocate: Allocate
) -> npt.NDArray[Any]:
    """The same as float32, as far as it is ready."""
    wide = allocate(values.shape, np.float32)
    for n in np.flatnonzero(ready):
        wide[n] = values[n]
    return wide
