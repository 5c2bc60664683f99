"""Processes that decode images and may die: one that hangs, grows or crashes costs one image.

They belong to the program as its threads do: started when first needed, used again, and gone with
it.
"""

import atexit
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from surgiplan.errors import DicomError

from .decoding import COMMAND, receive, send

__all__ = ["Decoders", "Question", "at_a_time", "program_decoders"]

_START_SECONDS = 120.0
_MOST = 4
"""Each takes 45 MiB; a large scan shall need less than 300 MiB beside itself."""


@dataclass(frozen=True)
class Question:
    """What a decoder is asked, and what it may take for the answer."""

    name: str
    """What a person calls the file."""
    head: dict[str, Any]
    seconds: float
    largest: int
    """Bytes of the answer."""
    payload: Callable[[], bytes] = bytes
    """Reads the file, only called for a decoder that does not hold it; raises DicomError."""
    key: tuple[Any, ...] = ()
    """Names the payload, if the decoder shall hold it for the next question."""
    what: tuple[Any, ...] = ()
    """Names the image in its present state: what was fatal once is not tried again."""


def at_a_time() -> int:
    """How many images are decoded at a time: as many as there are cores, up to four."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), _MOST)
    return min(os.cpu_count() or 1, _MOST)


class _Fatal(DicomError):
    """An image that brought its decoder down, or kept it too long."""


class Decoders:
    """A pool of decoding processes.  Any thread may use it."""

    def __init__(self, count: int) -> None:
        self._free = threading.Semaphore(count)
        self._lock = threading.Lock()
        self._idle: list[_Decoder] = []
        self._life: tuple[int, int] | None = None
        self._fatal: dict[tuple[Any, ...], str] = {}
        """What brought a decoder down or held it up; nobody waits for that twice."""

    def ask(
        self, question: Question, room: Callable[[int], Any] = bytearray
    ) -> tuple[dict[str, Any], Any]:
        """The answer to a question, its bytes in what ``room`` gives for so many.

        Raises DicomError naming the file, whatever became of the decoder.
        """
        if (before := self._fatal.get(question.what)) is not None:
            raise DicomError(before)
        try:
            with self._lent() as decoder:
                what, raw = decoder.ask(question, room)
        except _Fatal as error:
            if question.what:
                self._fatal[question.what] = str(error)
            raise
        if sentence := what.get("sentence"):
            raise DicomError(str(sentence))
        if not what.get("ok"):
            raise DicomError(_sentence(question.name, str(what.get("why"))))
        return what, raw

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
def program_decoders() -> Decoders:
    """Those that belong to this program."""
    pool = Decoders(at_a_time())
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

    def ask(self, question: Question, room: Callable[[int], Any]) -> tuple[dict[str, Any], Any]:
        """Raises DicomError; afterwards ``is_usable`` says whether another question may come."""
        is_held = bool(question.key) and question.key == self._held
        payload = b"" if is_held else question.payload()
        self._held = question.key
        self.is_usable = False
        answer = None
        with self._deadline(question.seconds) as is_late, suppress(OSError, ValueError, KeyError):
            send(self._requests, question.head, payload)
            answer = receive(self._answers, question.largest, room)
        if answer is None:
            what = "it brought its decoder down"
            if is_late():
                what = f"not done after {question.seconds:.0f} s"
            raise _Fatal(_sentence(question.name, what))
        self.is_usable = not is_late() and answer[0].get("why") != "memory"
        return answer

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
    source = str(Path(__file__).resolve().parents[3])
    known = os.environ.get("PYTHONPATH")
    # A codec that a hostile file has taken over finds no passphrase here.
    inherited = {k: v for k, v in os.environ.items() if "PASSPHRASE" not in k}
    return inherited | {
        "PYTHONPATH": os.pathsep.join([source, known]) if known else source,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _sentence(name: str, why: str) -> str:
    if why == "changed":
        return f"{name} has changed since it was found; look into the folder again."
    reason = {
        "undecodable": "undecodable or truncated",
        "memory": "undecodable: more memory than an image may take",
    }.get(why, f"undecodable: {why}")
    return f"The pixels of {name} cannot be decoded ({reason}); copy or export this file again."
