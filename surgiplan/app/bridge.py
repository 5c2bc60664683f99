"""The one place where work on other threads meets the Qt event loop."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal

__all__ = ["MainThread"]


class MainThread(QObject):
    """Runs callables on the thread that made it: ``Jobs(post=MainThread().post)``."""

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def post(self, action: Callable[[], None]) -> None:
        """Run ``action`` soon, on the main thread; callable from any thread."""
        try:
            self._posted.emit(action)
        except RuntimeError:
            # The window is gone, and with it whoever waited.
            return

    def _run(self, action: Callable[[], None]) -> None:
        action()
