"""The one place that shows an error: a sentence above the views, its details folded away."""

import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from surgiplan.errors import Cancelled, GeometryError, SurgiplanError

__all__ = ["NoticeBar", "Notices", "install_excepthook"]

_LOG = logging.getLogger("surgiplan.app")


class Notices(QObject):
    """Where every part of the window says what went wrong, or what was done."""

    shown = Signal(str, str, str)
    """Kind (``fail``, ``attention`` or ``done``), sentence, details."""
    cleared = Signal()
    placed = Signal(tuple)
    """Where in LPS [mm] to look, if the error has a place."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.last = ""

    def show(self, error: BaseException) -> None:
        """Show an error.  Cancelled is silent; what nobody foresaw comes with its details."""
        if isinstance(error, Cancelled):
            return
        details = "".join(traceback.format_exception(error))
        if isinstance(error, SurgiplanError):
            _LOG.info("%s", error)
            self.say(str(error), kind="fail")
            if isinstance(error, GeometryError) and error.point_lps is not None:
                self.placed.emit(error.point_lps)
            return
        _LOG.error("%s", details)
        sentence = (
            f"Something went wrong that we did not foresee ({type(error).__name__}); the case is "
            "unchanged. Save it, and send us the details."
        )
        self.say(sentence, kind="fail", details=details)

    def say(self, sentence: str, *, kind: str = "attention", details: str = "") -> None:
        """Show a sentence."""
        self.last = sentence
        self.shown.emit(kind, sentence, details)

    def clear(self) -> None:
        """Take the sentence away, as after an action that worked."""
        self.last = ""
        self.cleared.emit()

    @contextmanager
    def shown_here(self) -> Iterator[None]:
        """Errors inside become sentences; the rest of the slot is skipped."""
        try:
            yield
        except Exception as error:
            self.show(error)


_SEEN_MS = 10_000
"""How long a sentence about success stays."""

_SIGNS = {"fail": "✕", "attention": "!", "done": "✓"}


class NoticeBar(QFrame):
    """One sentence, its details folded, and Dismiss; never in the way of other work."""

    def __init__(self, notices: Notices, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._sign = QLabel()
        self.text = QLabel(objectName="noticeText")
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._more = QPushButton("Details", objectName="noticeDetails")
        self._more.setCheckable(True)
        dismiss = QPushButton("Dismiss", objectName="noticeDismiss")
        dismiss.clicked.connect(notices.clear)
        self._details = QPlainTextEdit(objectName="noticeTraceback")
        self._details.setReadOnly(True)
        self._details.setMaximumHeight(160)
        self._more.toggled.connect(self._unfold)
        row = QHBoxLayout()
        row.addWidget(self._sign)
        row.addWidget(self.text, 1)
        row.addWidget(self._more)
        row.addWidget(dismiss)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 8, 6)
        column.addLayout(row)
        column.addWidget(self._details)
        self.hide()
        parent.installEventFilter(self)
        self._gone = QTimer(self)
        self._gone.setSingleShot(True)
        self._gone.setInterval(_SEEN_MS)
        self._gone.timeout.connect(notices.clear)
        notices.shown.connect(self._show)
        notices.cleared.connect(self.hide)

    def _unfold(self, is_open: bool) -> None:
        self._details.setVisible(is_open)
        self._place()

    def _show(self, kind: str, sentence: str, details: str) -> None:
        self.setProperty("kind", kind)
        self.style().unpolish(self)
        self.style().polish(self)
        self._sign.setText(_SIGNS[kind])
        self.text.setText(sentence)
        self._details.setPlainText(details)
        self._more.setVisible(bool(details))
        self._more.setChecked(False)
        self._details.hide()
        self._gone.stop()
        if kind == "done":
            self._gone.start()
        self.show()
        self._place()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _place(self) -> None:
        """Lie over the upper views, so that nothing moves when a sentence comes or goes."""
        room = self.parentWidget().width()
        width = min(room - 24, 760)
        self.setFixedWidth(width)
        self.adjustSize()
        height = max(self.sizeHint().height(), self.layout().heightForWidth(width))
        self.setGeometry((room - width) // 2, 12, width, height)
        self.raise_()


Hook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


def install_excepthook(notices: Notices) -> None:
    """Show what no slot caught, instead of printing it where nobody looks."""
    before: Hook = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, Exception):
            before(kind, error, trace)
            return
        notices.show(error)

    sys.excepthook = hook
