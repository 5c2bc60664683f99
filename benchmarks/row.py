"""One row, one claim: at most so much time or memory, or so much of a peer's."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

__all__ = ["Clock", "Row", "Spent"]

_REPEATS, _MOST_REPEATS = 3, 9
_SHORT_SECONDS = 0.5
"""Of processor time; what takes less is repeated more, since other programs disturb it more."""


class Clock(Enum):
    """What a claim is about."""

    PROCESSOR = "processor"
    """All threads and child processes; other programs hardly change it."""
    WALL = "wall"
    """What somebody waits; right where cores are the point, and only on an idle machine."""
    MEMORY = "MiB"
    """Peak beside what was there before."""


@dataclass(frozen=True)
class Spent:
    """What one piece of work took: seconds, or MiB where the work itself told them."""

    processor: float
    wall: float
    mib: float | None = None

    def by(self, clock: Clock) -> float:
        """The figure that a claim is about."""
        if clock is Clock.MEMORY:
            assert self.mib is not None
            return self.mib
        return self.wall if clock is Clock.WALL else self.processor


@dataclass(frozen=True)
class Row:
    """A claim: at most ``most`` seconds or MiB, at most ``ratio`` times the peer's.

    The work returns nothing, or a Spent where only it can tell what it took.
    """

    name: str
    ours: Callable[[], Any]
    peer_name: str = "–"
    peer: Callable[[], Any] | None = None
    most: float | None = None
    ratio: float | None = None
    clock: Clock = Clock.PROCESSOR

    @property
    def limit(self) -> str:
        """The claim in words."""
        unit = "MiB" if self.clock is Clock.MEMORY else "s"
        parts = []
        if self.most is not None:
            parts.append(f"≤ {self.most:.3g} {unit}")
        if self.ratio is not None and self.ratio < 1:
            parts.append(f"{1 / self.ratio:.3g} × faster")
        elif self.ratio is not None:
            parts.append(f"≤ {self.ratio:.3g} × peer")
        return ", ".join(parts) + (" (wall)" if self.clock is Clock.WALL else "")

    def measure(self) -> tuple[Spent, Spent | None]:
        """What ours and the peer take, best of three to nine in turns: both meet the same load."""
        ours, peers = [], []
        for n in range(_MOST_REPEATS):
            if n >= _REPEATS and min(one.processor for one in ours) > _SHORT_SECONDS:
                break
            ours.append(_once(self.ours))
            if self.peer and (n < _REPEATS or peers[-1].processor < _SHORT_SECONDS):
                peers.append(_once(self.peer))
        best = [min(all_, key=lambda one: one.by(self.clock)) for all_ in (ours, peers) if all_]
        return best[0], best[1] if self.peer else None

    def passes(self, ours: Spent, peer: Spent | None) -> bool:
        """Whether the claim holds."""
        figure = ours.by(self.clock)
        if self.most is not None and figure > self.most:
            return False
        if self.ratio is None or peer is None:
            return True
        return figure <= self.ratio * peer.by(self.clock)


def _once(work: Callable[[], Any]) -> Spent:
    start, before = time.perf_counter(), _processor_seconds()
    told = work()
    if isinstance(told, Spent):
        return told
    return Spent(_processor_seconds() - before, time.perf_counter() - start)


def _processor_seconds() -> float:
    times = os.times()
    ended = times.children_user + times.children_system
    return time.process_time() + ended + sum(map(_seconds_of, _children()))


def _children() -> list[str]:
    """Process ids of children that still run; none where the system does not tell."""
    found = []
    for task in Path("/proc/self/task").glob("*/children"):
        found += task.read_text().split()
    return found


def _seconds_of(child: str) -> float:
    try:
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
