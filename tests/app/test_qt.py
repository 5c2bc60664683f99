"""What we rely on in Qt's own binding."""

import sys
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget


class Speaker(QObject):
    said = Signal(object)


def test_qt_gives_back_the_references_it_takes(qapp: Any) -> None:
    # PySide6 6.12.0 on Python 3.11 loses one with each call, and the program ends after thousands.
    speaker, widget = Speaker(), QWidget()
    before = sys.getrefcount(True), sys.getrefcount(None)
    for _ in range(100):
        speaker.said.emit("something")
        widget.update()
    after = sys.getrefcount(True), sys.getrefcount(None)
    assert after[0] > before[0] - 50
    assert after[1] > before[1] - 50
