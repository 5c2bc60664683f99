"""A process that can be killed: it runs one function at a time and shares large arrays.

Arrays travel through shared memory, so that neither side waits while they are copied through a
pipe; mapped ones (``mapped``) are not copied at all.  Only values made by this program pass here;
nothing read from a file is ever unpickled.
"""

import multiprocessing
import os
import pickle
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import reduction
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import Any

from . import mapped
from .offline import stay_offline

__all__ = ["Worker", "WorkerDied"]

_POLITE = 10
"""How far the process steps back behind the window, in the system's own measure."""

_SHARE_ABOVE_BYTES = 1 << 20
"""Smaller arrays are cheaper in the message itself."""
_KEEP_ABOVE_BYTES = 1 << 26
"""A case has few larger arrays than this, and a process may have a thousand files open."""


class WorkerDied(Exception):
    """The worker process ended without an answer."""


class Worker:
    """One spawned process.  Lives on one thread of the parent, but for ``kill``."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def run(
        self,
        work: Callable[..., Any],
        progress: Callable[[float, str], None],
        partial: Callable[[Any], None] | None = None,
    ) -> Any:
        """The value of ``work(report)``, computed in the process.

        With ``partial`` the work is called as ``work(report, partial=...)``, and ``partial`` gets
        what it has so far; mapped arrays in there go on being filled.

        Raises what ``work`` raised, and WorkerDied if the process was killed or crashed.
        """
        blocks: list[SharedMemory] = []
        try:
            kind, value = self._conversation(work, progress, partial, blocks)
        except (EOFError, OSError) as gone:
            raise WorkerDied("the worker process ended without an answer") from gone
        finally:
            for block in blocks:
                _discard(block)
        if kind == "failed":
            raise value
        return value

    def _conversation(
        self,
        work: Callable[..., Any],
        progress: Callable[[float, str], None],
        partial: Callable[[Any], None] | None,
        blocks: list[SharedMemory],
    ) -> tuple[str, Any]:
        """Kind and value of the last answer."""
        known: _Known = {}
        _send(self._pipe, "work", (work, partial is not None), blocks)
        while True:
            kind, value = _receive(self._pipe, known)
            if kind == "progress":
                progress(*value)
            elif kind == "partial" and partial is not None:
                partial(value)
            else:
                _send(self._pipe, "received", None, blocks)
                return kind, value

    def kill(self) -> None:
        """End the process now, whatever it does."""
        self._process.kill()
        self._process.join()

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.is_alive()

    @property
    def pid(self) -> int | None:
        """Process id."""
        return self._process.pid


def _serve(pipe: Connection) -> None:
    """The life of the process: receive, run, answer."""
    stay_offline()
    # The window comes first: on a busy machine it must paint while this computes.
    with suppress(OSError, AttributeError):
        os.nice(_POLITE)
    blocks: list[SharedMemory] = []

    def report(fraction: float, message: str) -> None:
        _send(pipe, "progress", (float(fraction), message), blocks)

    def partial(value: Any) -> None:
        _send(pipe, "partial", value, blocks)

    while True:
        try:
            kind, value = _receive(pipe, {})
        except (EOFError, OSError):
            return
        if kind == "received":
            for block in blocks:
                block.close()
            blocks.clear()
            continue
        try:
            work, tells_partial = value
            kind, value = "done", work(report, partial=partial) if tells_partial else work(report)
        except BaseException as error:
            # Codecs written in Rust raise panics that are not Exceptions.
            if isinstance(error, KeyboardInterrupt | SystemExit):
                return
            error.add_note(traceback.format_exc())
            kind, value = "failed", error
        try:
            _send(pipe, kind, value, blocks)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            _send(pipe, "failed", RuntimeError(f"answer cannot travel: {error}"), blocks)
        value = work = None


@dataclass(frozen=True)
class _Buffer:
    """One buffer of a message: where it is."""

    size: int
    inline: bytes = b""
    name: str = ""
    """Of a block of shared memory."""
    is_mapped: bool = False
    """Its descriptor follows the message."""
    is_kept: bool = True
    """Whether the receiver maps it as long as it lives; each such array keeps two files open."""


_Message = tuple[str, bytes, list[_Buffer]]


def _send(pipe: Connection, kind: str, value: Any, blocks: list[SharedMemory]) -> None:
    """Send a value; blocks of shared memory are added to ``blocks``, to be kept till it arrived."""
    buffers: list[pickle.PickleBuffer] = []
    content = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    arrays: list[Any] = []
    message: _Message = kind, content, [_placed(b.raw(), arrays, blocks) for b in buffers]
    pipe.send(message)
    for array in arrays:
        descriptor = mapped.shared_descriptor(array)
        assert descriptor is not None
        reduction.send_handle(pipe, descriptor, None)


def _placed(raw: memoryview, arrays: list[Any], blocks: list[SharedMemory]) -> _Buffer:
    """Where a buffer will be found.  What is mapped already stays where it is."""
    import numpy as np

    if mapped.shared_descriptor(raw) is not None:
        arrays.append(raw)
        return _Buffer(raw.nbytes, is_mapped=True)
    if raw.nbytes < _SHARE_ABOVE_BYTES:
        return _Buffer(raw.nbytes, inline=raw.tobytes())
    copy = mapped.empty((raw.nbytes,), np.uint8)
    if mapped.shared_descriptor(copy) is not None:
        arrays.append(copy)
        is_kept = raw.nbytes >= _KEEP_ABOVE_BYTES
        place, shared = _Buffer(raw.nbytes, is_mapped=True, is_kept=is_kept), copy
    else:
        block = SharedMemory(create=True, size=raw.nbytes)
        blocks.append(block)
        place, shared = _Buffer(raw.nbytes, name=block.name), _bytes_of(block, raw.nbytes)
    # numpy copies without the interpreter lock, so the window keeps painting meanwhile.
    np.copyto(shared, np.frombuffer(raw, np.uint8))
    return place


_Known = dict[tuple[int, int], Any]
"""Memory that was mapped before, by device and number: each is mapped once."""


def _receive(pipe: Connection, known: _Known) -> tuple[str, Any]:
    """Kind and value of the next message."""
    kind, content, places = pipe.recv()
    return kind, pickle.loads(content, buffers=[_found(place, pipe, known) for place in places])


def _found(place: _Buffer, pipe: Connection, known: _Known) -> Any:
    import numpy as np

    if place.is_mapped:
        descriptor = reduction.recv_handle(pipe)
        try:
            if not place.is_kept:
                return mapped.opened(descriptor).copy()
            about = os.fstat(descriptor)
            key = about.st_dev, about.st_ino
            if key not in known:
                known[key] = mapped.opened(descriptor)
            return known[key]
        finally:
            os.close(descriptor)
    if not place.name:
        return bytearray(place.inline)
    block = SharedMemory(name=place.name)
    own = np.empty(place.size, np.uint8)
    np.copyto(own, _bytes_of(block, place.size))
    _discard(block)
    return own


def _bytes_of(block: SharedMemory, size: int) -> Any:
    """The first ``size`` bytes of a block as a numpy array, shape (size,)."""
    import numpy as np

    return np.ndarray((size,), np.uint8, buffer=block.buf)


def _discard(block: SharedMemory) -> None:
    try:
        block.close()
        block.unlink()
    except (FileNotFoundError, BufferError):
        pass
