"""Reads the slices of a layout into one array."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.jobs_report import Report

from .decoders import cores
from .native import is_native
from .pixels import Placed, place
from .series import ImageHeader
from .stack import Layout

__all__ = ["Allocate", "Stacked", "stacked"]

Allocate = Callable[[tuple[int, int, int], type[np.int16] | type[np.float32]], npt.NDArray[Any]]
"""Gives memory for voxels of a shape and type; whoever loads decides where it lies."""


@dataclass(frozen=True)
class Stacked:
    """The values of all slices of a layout."""

    values: npt.NDArray[Any]
    """Shape (n, rows, columns), int16 where all are whole and fit, else float32."""
    padded: int
    """Voxels that were raised to the value of air."""


def stacked(layout: Layout, report: Report, allocate: Allocate) -> Stacked:
    """Read all slices.  Raises DicomError."""
    images = layout.images
    count = len(images)
    shape = (count, images[0].rows, images[0].columns)
    values = allocate(shape, np.int16 if all(map(_is_whole, images)) else np.float32)
    todo = list(range(count))
    ready = np.zeros(count, np.bool_)
    padded = read = 0
    while todo:
        for n, done in _placed(images, values, todo):
            report(read / count, f"Reading slice {read + 1} of {count}")
            if done.fits:
                ready[n] = True
                read += 1
                padded += done.padded
        todo = [n for n in todo if not ready[n]]
        if todo:
            values = _widened(values, ready, allocate)
    return Stacked(values, padded)


def _placed(
    images: Sequence[ImageHeader], values: npt.NDArray[Any], todo: Sequence[int]
) -> Iterator[tuple[int, Placed]]:
    """Each slice that was read, in the order of ``todo``, up to the first that does not fit."""
    if all(is_native(images[n]) for n in todo):
        for n in todo:
            done = place(images[n], values[n])
            yield n, done
            if not done.fits:
                return
        return
    # Decoders work in processes of their own; these threads wait for them.
    waiting, running = deque(todo), deque[tuple[int, Future[Placed]]]()
    with ThreadPoolExecutor(cores(), "surgiplan-slices") as threads:
        try:
            while waiting or running:
                while waiting and len(running) < 2 * cores():
                    n = waiting.popleft()
                    running.append((n, threads.submit(place, images[n], values[n])))
                n, future = running.popleft()
                done = future.result()
                if not done.fits:
                    waiting.clear()
                yield n, done
        finally:
            threads.shutdown(cancel_futures=True)


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
