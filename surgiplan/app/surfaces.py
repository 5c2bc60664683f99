"""Surfaces of segments for the 3D view, made in another process and kept while they are of use."""

from functools import partial
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal

from surgiplan.model import Segment, Surface

from .desk import Desk
from .work import displayed_surface

__all__ = ["Surfaces"]


class Surfaces(QObject):
    """``of(segment)`` answers at once: the surface, the former one while it is made, or None."""

    ready = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._known: WeakKeyDictionary[Segment, Surface | None] = WeakKeyDictionary()
        self._waiting: WeakKeyDictionary[Segment, str] = WeakKeyDictionary()
        self._last: dict[str, Surface] = {}
        """By id: what is shown of a segment while its change is worked out."""
        desk.opened.connect(self._last.clear)

    @property
    def pending(self) -> tuple[str, ...]:
        """Names of the segments whose surfaces are being made."""
        return tuple(self._waiting.values())

    def of(self, segment: Segment) -> Surface | None:
        """The surface of a segment for display, or None as long as there is none."""
        if segment not in self._known and segment not in self._waiting:
            self._make(segment)
        if segment in self._waiting:
            return self._last.get(segment.id)
        return self._known.get(segment)

    def _make(self, segment: Segment) -> None:
        self._waiting[segment] = segment.name
        self._desk.background.start(
            f"surface {segment.id}",
            partial(displayed_surface, segment),
            done=partial(self._done, segment),
            failed=partial(self._failed, segment),
            cancelled=partial(self._cancelled, segment),
        )

    def _done(self, segment: Segment, surface: Surface) -> None:
        self._waiting.pop(segment, None)
        self._known[segment] = surface
        if surface is not None:
            self._last[segment.id] = surface
        self.ready.emit()

    def _cancelled(self, segment: Segment, _why: str) -> None:
        self._waiting.pop(segment, None)

    def _failed(self, segment: Segment, error: BaseException) -> None:
        self._done(segment, None)  # type: ignore[arg-type]
        self._desk.notices.show(error)
