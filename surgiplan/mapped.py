"""Arrays in memory that two processes can share without a copy, where the system has it (Linux).

The memory has no name and no place on any disk; it is gone with the last process that maps it.
Elsewhere the arrays are ordinary ones.
"""

import math
import mmap
import os
import sys
import weakref
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["empty", "opened", "shared_descriptor"]


def empty(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """An array like ``numpy.empty`` in memory that can be shared.

    Raises MemoryError where the system has not that much to give: it would promise it all the same
    and end a process later.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size > (free := _available_bytes()):
        raise MemoryError(f"{size >> 20} MiB are needed and {free >> 20} MiB are free")
    if sys.platform != "linux" or size == 0:
        return np.empty(shape, dtype)
    try:
        descriptor = os.memfd_create("surgiplan", os.MFD_CLOEXEC)
        try:
            os.ftruncate(descriptor, size)
            return np.ndarray(shape, dtype, buffer=_Mapping(descriptor, size))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise MemoryError(f"{size} bytes cannot be mapped ({error.strerror})") from error


def shared_descriptor(array: Any) -> int | None:
    """The file descriptor of the memory that ``array``, or a view of it, fills from end to end.

    None if it lies elsewhere.  The descriptor lives as long as the array.
    """
    size, found = array.nbytes, array
    while isinstance(found, np.ndarray | memoryview):
        found = found.base if isinstance(found, np.ndarray) else found.obj
    return found.descriptor if isinstance(found, _Mapping) and len(found) == size else None


def opened(descriptor: int) -> npt.NDArray[np.uint8]:
    """All the bytes behind a descriptor from another process; it may be closed afterwards."""
    size = os.fstat(descriptor).st_size
    return np.ndarray((size,), np.uint8, buffer=_Mapping(descriptor, size))


def _available_bytes() -> int:
    """What programs can still take without pushing others out; boundless where nobody says."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            found = next(line for line in file if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return sys.maxsize
    return int(found.split()[1]) * 1024


class _Mapping(mmap.mmap):
    """Mapped memory with a descriptor of its own."""

    descriptor: int

    def __new__(cls, descriptor: int, size: int) -> "_Mapping":
        self = super().__new__(cls, descriptor, size)
        self.descriptor = os.dup(descriptor)
        weakref.finalize(self, os.close, self.descriptor)
        return self
