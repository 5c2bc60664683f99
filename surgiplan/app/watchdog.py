"""Measures how long the window could not repaint, and where it was then."""

import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer

__all__ = ["Stall", "Watchdog"]

_BEAT_MS = 10


@dataclass(frozen=True)
class Stall:
    """One pause of the event loop."""

    seconds: float
    processor_s: float
    """How much of it the main thread computed; the rest it waited for other programs."""
    stack: str
    """Where the main thread was, as seen from another thread; empty for a short pause."""

    @property
    def where(self) -> str:
        """The innermost lines of our own that the main thread was in."""
        ours = [line.strip() for line in self.stack.splitlines() if "surgiplan" in line]
        calls = [line.rpartition(" in ")[2] for line in ours if line.startswith("File")]
        return " > ".join(calls[-3:]) or "an unknown place"


class Watchdog(QObject):
    """Records the longest pauses of the event loop it lives on.

    A timer beats every 10 ms; a thread looks at the main thread's stack while a beat is late.
    """

    def __init__(self, parent: QObject | None = None, *, look_after_s: float = 0.06) -> None:
        super().__init__(parent)
        self._look_after_s = look_after_s
        self._main = threading.get_ident()
        self._last = time.monotonic()
        self._last_cpu = time.thread_time()
        self._seen = ""
        self._stalls: list[Stall] = []
        self._stopped = threading.Event()
        self._is_looking = True
        self._timer = QTimer(self)
        self._timer.setInterval(_BEAT_MS)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """Begin to watch."""
        self._last, self._last_cpu = time.monotonic(), time.thread_time()
        self._timer.start()
        threading.Thread(target=self._look, daemon=True, name="surgiplan-watchdog").start()

    def stop(self) -> None:
        """Stop watching; what was seen stays."""
        self._timer.stop()
        self._stopped.set()

    def forget(self) -> None:
        """Begin anew, as after a pause that was meant."""
        self._last, self._last_cpu = time.monotonic(), time.thread_time()
        self._stalls.clear()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Look away while something is done that is no part of the program."""
        self._timer.stop()
        self._is_looking = False
        try:
            yield
        finally:
            self._last, self._seen = time.monotonic(), ""
            self._last_cpu = time.thread_time()
            self._is_looking = True
            self._timer.start()

    @property
    def stalls(self) -> tuple[Stall, ...]:
        """The longest pauses, longest first."""
        return tuple(sorted(self._stalls, key=lambda stall: -stall.seconds)[:10])

    @property
    def longest_s(self) -> float:
        """The longest time without a turn of the event loop [s]."""
        return max((stall.seconds for stall in self._stalls), default=0.0)

    def _beat(self) -> None:
        now = time.monotonic()
        pause = now - self._last - _BEAT_MS / 1000
        if pause > 0.02:
            self._stalls.append(Stall(pause, time.thread_time() - self._last_cpu, self._seen))
        self._last, self._seen = now, ""
        self._last_cpu = time.thread_time()

    def _look(self) -> None:
        while not self._stopped.wait(0.02):
            if (
                not self._is_looking
                or self._seen
                or time.monotonic() - self._last < self._look_after_s
            ):
                continue
            frame = sys._current_frames().get(self._main)
            if frame is not None:
                self._seen = "".join(traceback.format_stack(frame)[-8:])
