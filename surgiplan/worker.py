"""A process that can be killed: it runs one function at a time and shares large arrays.

Arrays travel through shared memory, so that neither side waits while they are copied through a
pipe.  Only values made by this program pass here; nothing read from a file is ever unpickled.
"""

import multiprocessing
import os
import pickle
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import Any

from .offline import stay_offline

__all__ = ["Worker", "WorkerDied"]

_POLITE = 10
"""How far the process steps back behind the window, in the system's own measure."""

_SHARE_ABOVE_BYTES = 1 << 20
"""Smaller arrays are cheaper in the message itself."""


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

    def run(self, work: Callable[..., Any], progress: Callable[[float, str], None]) -> Any:
        """The value of ``work(report)``, computed in the process.

        Raises what ``work`` raised, and WorkerDied if the process was killed or crashed.
        """
        blocks: list[SharedMemory] = []
        try:
            self._pipe.send(_packed(work, blocks))
            while True:
                kind, content = self._pipe.recv()
                if kind == "progress":
                    progress(*content)
                    continue
                value = _unpacked(content)
                self._pipe.send(("received", None))
                if kind == "failed":
                    raise value
                return value
        except (EOFError, BrokenPipeError, ConnectionResetError, OSError) as gone:
            raise WorkerDied("the worker process ended without an answer") from gone
        finally:
            for block in blocks:
                _discard(block)

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
        pipe.send(("progress", (float(fraction), message)))

    while True:
        try:
            message = pipe.recv()
        except (EOFError, OSError):
            return
        if message[0] == "received":
            for block in blocks:
                block.close()
            blocks.clear()
            continue
        try:
            kind, value = "done", _unpacked(message)(report)
        except BaseException as error:
            # Codecs written in Rust raise panics that are not Exceptions.
            if isinstance(error, KeyboardInterrupt | SystemExit):
                return
            error.add_note(traceback.format_exc())
            kind, value = "failed", error
        try:
            pipe.send((kind, _packed(value, blocks)))
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            pipe.send(("failed", _packed(RuntimeError(f"answer cannot travel: {error}"), blocks)))
        value = None


_Packed = tuple[bytes, list[tuple[str | None, int, bytes]]]


def _packed(value: Any, blocks: list[SharedMemory]) -> _Packed:
    """``value`` as a message; its large buffers go to shared memory, added to ``blocks``."""
    buffers: list[pickle.PickleBuffer] = []
    message = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return message, [_sent(buffer.raw(), blocks) for buffer in buffers]


def _sent(raw: memoryview, blocks: list[SharedMemory]) -> tuple[str | None, int, bytes]:
    if raw.nbytes < _SHARE_ABOVE_BYTES or not _fits_in_shared_memory(raw.nbytes):
        return None, raw.nbytes, raw.tobytes()
    import numpy as np

    block = SharedMemory(create=True, size=raw.nbytes)
    blocks.append(block)
    # numpy copies without the interpreter lock, so the window keeps painting meanwhile.
    np.copyto(_bytes_of(block, raw.nbytes), np.frombuffer(raw, np.uint8))
    return block.name, raw.nbytes, b""


def _fits_in_shared_memory(size: int) -> bool:
    """Whether the system has that much left; writing beyond it would end the process."""
    try:
        room = os.statvfs("/dev/shm")
    except (OSError, AttributeError):
        return True
    return size < 0.8 * room.f_bavail * room.f_frsize


def _unpacked(message: _Packed) -> Any:
    """The value of a message, with buffers of its own."""
    content, sent = message
    return pickle.loads(content, buffers=[_received(*one) for one in sent])


def _received(name: str | None, size: int, inline: bytes) -> Sequence[Any] | bytearray:
    if name is None:
        return bytearray(inline)
    import numpy as np

    block = SharedMemory(name=name)
    own = np.empty(size, np.uint8)
    np.copyto(own, _bytes_of(block, size))
    _discard(block)
    return own  # type: ignore[return-value]


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
