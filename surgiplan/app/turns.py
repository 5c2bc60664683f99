"""One view is drawn per turn of the event loop, so that four never stop the window at once."""

from collections import deque
from typing import Protocol

from PySide6.QtCore import QObject, QTimer

__all__ = ["Turns"]


class _Drawn(Protocol):
    def render_now(self) -> None: ...


class Turns(QObject):
    """A queue of views that want to be drawn; asking twice is asking once."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[_Drawn] = deque()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._next)

    @property
    def are_done(self) -> bool:
        """Whether every view is up to date."""
        return not self._waiting

    def ask(self, view: _Drawn, *, first: bool = False) -> None:
        """Draw a view soon; ``first`` is for the one under the hand."""
        if view in self._waiting:
            if not first:
                return
            self._waiting.remove(view)
        if first:
            self._waiting.appendleft(view)
        else:
            self._waiting.append(view)
        if not self._timer.isActive():
            self._timer.start()

    def forget(self) -> None:
        """Draw nothing any more."""
        self._waiting.clear()
        self._timer.stop()

    def _next(self) -> None:
        if self._waiting:
            self._waiting.popleft().render_now()
        if self._waiting:
            self._timer.start()
