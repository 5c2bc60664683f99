"""How long a new program takes until its window answers."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.row import Row, Spent

__all__ = ["rows"]

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


@contextmanager
def rows() -> Iterator[tuple[Row, ...]]:
    """Start-up."""
    yield (Row("start to usable window", _start, most=2.0),)


def _start() -> Spent:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    start = time.perf_counter()
    answer = subprocess.run(
        [sys.executable, "-c", _START],
        check=True,
        env=environment,
        cwd=Path(__file__).resolve().parent.parent,
        capture_output=True,
        text=True,
    )
    return Spent(float(answer.stdout.split()[-1]), time.perf_counter() - start)
