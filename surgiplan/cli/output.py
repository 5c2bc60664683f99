"""What the user of a shell sees: progress and sentences on one side, answers on the other."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from surgiplan import RESEARCH_USE

__all__ = ["Answer", "Console", "plain", "remark"]

_BAR_WIDTH = 30


@dataclass(frozen=True)
class Answer:
    """What a command has to say: JSON for programs, lines for people."""

    json: Mapping[str, Any]
    lines: tuple[str, ...] = ()


@dataclass
class Console:
    """Standard output for the answer, standard error for everything else."""

    json: bool = False
    quiet: bool = False
    _last: str = field(default="", init=False)

    def report(self, fraction: float, message: str) -> None:
        """Show progress: a bar on a terminal, a line per new message elsewhere."""
        if self.quiet:
            return
        if sys.stderr.isatty():
            done = round(_BAR_WIDTH * min(max(fraction, 0.0), 1.0))
            bar = "█" * done + "░" * (_BAR_WIDTH - done)
            sys.stderr.write(f"\r\x1b[K{bar} {100 * fraction:3.0f} %  {message}")
            sys.stderr.flush()
        elif _words(message) != _words(self._last):
            sys.stderr.write(f"{100 * fraction:3.0f} %  {message}\n")
        self._last = message

    def complain(self, sentence: str) -> None:
        """One sentence on standard error."""
        self._end_bar()
        sys.stderr.write(f"surgiplan: {sentence}\n")

    def answer(self, answer: Answer) -> None:
        """The command's answer on standard output."""
        self._end_bar()
        if self.json:
            content = plain({"notice": RESEARCH_USE, **answer.json})
            sys.stdout.write(json.dumps(content, allow_nan=False, ensure_ascii=False) + "\n")
        else:
            sys.stdout.write("".join(f"{line}\n" for line in (*answer.lines, RESEARCH_USE)))
        sys.stdout.flush()

    def _end_bar(self) -> None:
        if self._last and sys.stderr.isatty() and not self.quiet:
            sys.stderr.write("\n")
        self._last = ""


def remark(sentence: str) -> None:
    """What a person must hear beside the answer, on standard error."""
    sys.stderr.write(f"surgiplan: {sentence}\n")


def _words(message: str) -> str:
    """A message without its numbers: ``slice 3 of 9`` and ``slice 4 of 9`` are one line."""
    return "".join(c for c in message if not c.isdigit())


def plain(value: Any) -> Any:
    """``value`` as plain JSON: arrays as lists, what is not finite as null."""
    import numpy as np

    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)
