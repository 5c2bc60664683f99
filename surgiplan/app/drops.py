"""Files dropped on the window: a case is opened, anything else is looked into for scans."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QLabel, QWidget

__all__ = ["Drops"]

_WORDS = "Drop to look for scans\nFolders, DICOM files, ZIP, DICOMDIR, NIfTI, NRRD, MHA, or a case"


class Drops(QObject):
    """Takes drops for a widget and all that lies in it, and says so while something hovers."""

    def __init__(self, widget: QWidget, opened: Callable[[Sequence[Path]], None]) -> None:
        super().__init__(widget)
        self._widget, self._opened = widget, opened
        self.sign = QLabel(_WORDS, widget, objectName="dropSign")
        self.sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sign.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.sign.hide()
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DragEnter and isinstance(event, QDragEnterEvent):
            if _paths(event.mimeData()):
                event.acceptProposedAction()
                self._show_sign()
                return True
        elif event.type() == QEvent.Type.DragLeave:
            self.sign.hide()
        elif event.type() == QEvent.Type.Drop and isinstance(event, QDropEvent):
            self.sign.hide()
            if paths := _paths(event.mimeData()):
                event.acceptProposedAction()
                self._opened(paths)
                return True
        return False

    def _show_sign(self) -> None:
        area = self._widget.rect()
        self.sign.setGeometry(area.adjusted(24, 24, -24, -24))
        self.sign.raise_()
        self.sign.show()


def _paths(data: QMimeData) -> list[Path]:
    """The files and folders of this computer in what is dragged."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
