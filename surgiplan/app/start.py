"""Starts the program: the window first, everything heavy after it is seen."""

import logging
import os
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from .palette import dress
from .window import MainWindow

__all__ = ["start"]


def start(path: Path | None = None) -> int:
    """Open the window, on a case or a scan if given, and return its exit code."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    logging.basicConfig(level=logging.WARNING)
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("surgiplan")
    dress(application)
    window = MainWindow()

    def go_on() -> None:
        if path is not None:
            window.open_paths([path])

    window.ready.connect(lambda: window.documents.bring_back(go_on))
    window.show()
    QTimer.singleShot(0, window.finish_starting)
    return application.exec()
