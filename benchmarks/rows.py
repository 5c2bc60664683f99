"""What is measured: one row, one claim."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surgiplan.resources import sample_study

__all__ = ["ROWS", "Row"]

_REPEATS = 3


@dataclass(frozen=True)
class Row:
    """A claim: at most ``seconds``, or at most ``ratio`` times the peer's time."""

    name: str
    ours: Callable[[], Any]
    peer_name: str = "–"
    peer: Callable[[], Any] | None = None
    seconds: float | None = None
    ratio: float | None = None

    @property
    def limit(self) -> str:
        """The claim in words."""
        parts = []
        if self.seconds is not None:
            parts.append(f"≤ {self.seconds:g} s")
        if self.ratio is not None:
            parts.append(f"≤ {self.ratio:g} × peer")
        return ", ".join(parts)

    def measure(self) -> tuple[float, float | None]:
        """Processor seconds of ours and of the peer, best of three."""
        return _best(self.ours), _best(self.peer) if self.peer else None

    def passes(self, ours: float, peer: float | None) -> bool:
        """Whether the claim holds."""
        slow = self.seconds is not None and ours > self.seconds
        return not (
            slow or (self.ratio is not None and peer is not None and ours > self.ratio * peer)
        )


def _best(work: Callable[[], Any]) -> float:
    return min(_once(work) for _ in range(_REPEATS))


def _once(work: Callable[[], Any]) -> float:
    before = _processor_seconds()
    own = work()
    return own if isinstance(own, float) else _processor_seconds() - before


def _processor_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _files() -> list[str]:
    return sorted(str(path) for path in sample_study().iterdir())


def _scan() -> None:
    from surgiplan import io

    io.scan([sample_study()])


def _scan_with_pydicom() -> None:
    import pydicom

    for path in _files():
        pydicom.dcmread(path, stop_before_pixels=True)


def _load() -> None:
    from surgiplan.workflow import import_scan

    import_scan(sample_study())


def _load_with_simpleitk() -> None:
    import SimpleITK as sitk

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(_files())
    sitk.GetArrayFromImage(reader.Execute())


_START = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from surgiplan.app.palette import dress
from surgiplan.app.window import MainWindow
application = QApplication(sys.argv[:1])
dress(application)
window = MainWindow()
window.ready.connect(application.quit)
window.show()
QTimer.singleShot(0, window.finish_starting)
application.exec()
print(time.process_time())
"""


def _start() -> float:
    """Processor seconds of a new program until its window is ready for a click."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    root = Path(__file__).resolve().parent.parent
    answer = subprocess.run(
        [sys.executable, "-c", _START],
        check=True,
        env=environment,
        cwd=root,
        capture_output=True,
        text=True,
    )
    return float(answer.stdout.split()[-1])


ROWS: tuple[Row, ...] = (
    Row("start to usable window", _start, seconds=2.0),
    Row("scan the sample study", _scan, "pydicom headers", _scan_with_pydicom, ratio=1.5),
    Row("load the sample study", _load, "SimpleITK series reader", _load_with_simpleitk, ratio=1.5),
)
