"""Collects cyclic garbage on the main thread alone.

VTK objects must not die on another thread: VTK's own collector would hold its lock there and wait
for the interpreter, while the main thread waits for that lock (seen: the window froze for good).
"""

import gc

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

__all__ = ["MainThreadGarbage"]

_EVERY_MS = 1000


class MainThreadGarbage(QObject):
    """Switches the automatic collection off while any window lives, and collects by a timer."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._collect)
        self._timer.start()

    def close(self) -> None:
        """Give the automatic collection back, unless another window still needs it off."""
        self._timer.stop()
        windows = QApplication.topLevelWidgets()
        others = [one for window in windows for one in window.findChildren(MainThreadGarbage)]
        if not any(one._timer.isActive() for one in others):
            gc.enable()

    def _collect(self) -> None:
        due = [n for n, limit in enumerate(gc.get_threshold()) if gc.get_count()[n] > limit > 0]
        if due:
            gc.collect(max(due))
