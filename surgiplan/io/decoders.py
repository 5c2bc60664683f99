"""Processes that decode images and may die: one that hangs, grows or crashes costs one image.

They belong to the program as its threads do: started when first needed, as many as there are
cores, used again, and gone with it.
"""

import atexit
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import DicomError

from .decoding import COMMAND, receive, send
from .series import ImageHeader

__all__ = ["Decoders", "cores", "decoded"]

_SECONDS = 10.0
"""For any one image; slow codecs take 0.1 s for a slice."""
_BYTES_A_SECOND = 4 << 20
"""Of decoded pixels, which huge images may take besides."""
_START_SECONDS = 120.0
_LARGEST_FRAME_BYTES = 1 << 30
_LARGEST_FILE_BYTES = 2 << 30
_LARGEST_GROWTH = 2000
"""Compressed pixels never grow more than this; a header that claims it is damaged or hostile."""
_COPIES = 6
"""How often a codec holds the pixels of an image at a time."""
_LARGEST_SAMPLE_BYTES = 16
"""Bytes of the answer for each byte of pixels: bits may become bytes, greys colours."""
_KINDS = {"b", "u", "i", "f"}


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def decoded(header: ImageHeader) -> npt.NDArray[Any]:
    """The stored pixels of an image, decoded in another process; of all frames if it means all.

    Raises DicomError naming the file, whatever became of the decoder.
    """
    size = header.file_bytes // (1 if header.frame is None else max(header.frames, 1))
    if header.rows * header.columns <= 0 or size > _LARGEST_FRAME_BYTES:
        raise DicomError(
            f"{header.name} claims {header.rows} x {header.columns} pixels, more than can be "
            "decoded (undecodable); export it again."
        )
    try:
        stored = header.pixel_bytes or header.path.stat().st_size
    except OSError:
        stored = 0
    if header.file_bytes > _LARGEST_GROWTH * stored > 0:
        raise DicomError(_sentence(header, "it claims more pixels than it can hold"))
    return _pool().decode(header, size)


class Decoders:
    """A pool of decoding processes.  Any thread may use it."""

    def __init__(self, count: int) -> None:
        self._free = threading.Semaphore(count)
        self._lock = threading.Lock()
        self._idle: list[_Decoder] = []
        self._life: tuple[int, int] | None = None

    def decode(self, header: ImageHeader, size: int) -> npt.NDArray[Any]:
        """The image behind a header, about ``size`` bytes.  Raises DicomError."""
        with self._lent() as decoder:
            return decoder.decode(header, size)

    def close(self) -> None:
        """End the processes that have nothing to do."""
        with self._lock:
            while self._idle:
                self._idle.pop().kill()

    @contextmanager
    def _lent(self) -> Iterator["_Decoder"]:
        with self._free:
            with self._lock:
                decoder = self._idle.pop() if self._idle else None
                if self._life is None and os.name == "posix":
                    # Closes with this process, however it ends; see decoding._die_with_parent.
                    self._life = os.pipe()
            if decoder is not None and not decoder.is_alive:
                decoder.kill()
                decoder = None
            decoder = decoder or _Decoder(self._life)
            try:
                yield decoder
            finally:
                if decoder.is_usable:
                    with self._lock:
                        self._idle.append(decoder)
                else:
                    decoder.kill()


@cache
def _pool() -> Decoders:
    pool = Decoders(cores())
    atexit.register(pool.close)
    return pool


class _Decoder:
    """One process.  One thread uses it at a time."""

    def __init__(self, life: tuple[int, int] | None) -> None:
        self._held: tuple[Any, ...] = ()
        self._process = subprocess.Popen(
            [*_program(), COMMAND, *([str(life[0])] if life else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            pass_fds=(life[0],) if life else (),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        with self._deadline(_START_SECONDS):
            self.is_usable = receive(self._answers, 0) is not None
        if not self.is_usable:
            self.kill()
            raise DicomError("No decoder could be started; close other programs and try again.")

    def decode(self, header: ImageHeader, size: int) -> npt.NDArray[Any]:
        """Raises DicomError; afterwards ``is_usable`` says whether another image may come."""
        seconds = _SECONDS + size / _BYTES_A_SECOND
        head, payload = self._request(header, size)
        self.is_usable = False
        answer = None
        with self._deadline(seconds) as is_late, suppress(OSError, ValueError, KeyError):
            send(self._requests, head, payload)
            answer = receive(self._answers, _LARGEST_SAMPLE_BYTES * size)
        if answer is None:
            why = f"not done after {seconds:.0f} s" if is_late() else "it brought its decoder down"
            raise DicomError(_sentence(header, why))
        what, raw = answer
        self.is_usable = not is_late() and what.get("why") != "memory"
        if not what.get("ok"):
            raise DicomError(_sentence(header, str(what.get("why"))))
        values = np.frombuffer(raw, np.dtype(str(what["dtype"])))
        if values.dtype.kind not in _KINDS:
            raise DicomError(_sentence(header, "undecodable"))
        return values.reshape(what["shape"])

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process now, whatever it does."""
        self.is_usable = False
        self._process.kill()
        self._process.wait()
        for pipe in (self._requests, self._answers):
            with suppress(OSError):
                pipe.close()

    def _request(self, header: ImageHeader, size: int) -> tuple[dict[str, Any], bytes]:
        """Head and payload; a file of many frames is sent once."""
        try:
            about = header.path.stat()
            key = (header.path, header.member, about.st_size, about.st_mtime_ns)
            payload = b""
            if key != self._held:
                # A plain file sets aside at once whatever it is asked for.
                most = _LARGEST_FILE_BYTES if header.member else about.st_size
                with header.open() as file:
                    payload = file.read(min(most, _LARGEST_FILE_BYTES))
        except Exception as error:
            # An archive can raise nearly anything on what was damaged meanwhile.
            raise DicomError(
                f"{header.name} cannot be read any more ({type(error).__name__}); export it again."
            ) from error
        if payload:
            self._held = key if header.frames > 1 else ()
        memory = _COPIES * size + 3 * len(payload)
        keep = header.frames > 1
        head = {"uid": header.sop_uid, "frame": header.frame, "keep": keep, "memory": memory}
        return head, payload

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[Any]:
        """Kill the process if it takes longer; gives a function that says whether it did."""
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            yield late.is_set
        finally:
            timer.cancel()


def _program() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable]
    # Never a module that happens to lie in the current folder.
    return [sys.executable, "-P", "-m", "surgiplan"]


def _environment() -> dict[str, str]:
    source = str(Path(__file__).resolve().parents[2])
    known = os.environ.get("PYTHONPATH")
    return os.environ | {
        "PYTHONPATH": os.pathsep.join([source, known]) if known else source,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _sentence(header: ImageHeader, why: str) -> str:
    if why == "changed":
        return f"{header.name} has changed since it was found; look into the folder again."
    reason = {
        "undecodable": "undecodable or truncated",
        "memory": "undecodable: more memory than an image may take",
    }.get(why, f"undecodable: {why}")
    return (
        f"The pixels of {header.name} cannot be decoded ({reason}); copy or export this file again."
    )
