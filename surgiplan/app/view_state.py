"""What is seen and not decided: window and level, crosshair, colours, points being picked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from surgiplan.model import Case, Points

if TYPE_CHECKING:
    from surgiplan.render import Look, Painted

__all__ = ["Marker", "ViewState"]


@dataclass(frozen=True)
class Marker:
    """A point that is being picked, drawn over the views."""

    point_lps: Points
    """LPS [mm], shape (3,)."""
    label: str
    colour: str


class ViewState(QObject):
    """Holds the Look of the open case and says when it changes.  Saved beside the case."""

    changed = Signal()
    markers_changed = Signal()
    painted_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look: Look | None = None
        self.markers: tuple[Marker, ...] = ()
        self.painted: tuple[Painted, ...] = ()
        """What a stroke or a preview would change, over the slices."""

    @property
    def look(self) -> "Look":
        """What the views show now."""
        if self._look is None:
            from surgiplan.render import Look

            self._look = Look()
        return self._look

    def change(self, **changes: Any) -> None:
        """Show something else: any field of the Look by name."""
        self.show(self.look.with_(**changes))

    def style(self, path: str, name: str, **changes: Any) -> None:
        """Change colour, opacity or visibility of one part of the case."""
        self.show(self.look.with_style(path, name, **changes))

    def show(self, look: "Look") -> None:
        """Show another look."""
        if look is not self._look:
            self._look = look
            self.changed.emit()

    def begin(self, case: Case, saved: Mapping[str, Any] | None = None) -> None:
        """Start with what was saved beside the case, otherwise with what suits its scan."""
        from surgiplan.render import Look, defaults_for

        fresh = defaults_for(case)
        look = Look.from_json(saved) if saved else fresh
        if look.volume_id not in case.volumes:
            look = look.with_(
                volume_id=fresh.volume_id, crosshair_lps=fresh.crosshair_lps,
                window_level=fresh.window_level,
            )  # fmt: skip
        for one in case.segments.values():
            path = f"segments/{one.id}"
            if one.colour and path not in look.styles:
                look = look.with_style(path, one.name, colour=one.colour)
        self.mark(())
        self.paint(())
        self.show(look)

    def mark(self, markers: Sequence[Marker]) -> None:
        """Draw these points over the views."""
        self.markers = tuple(markers)
        self.markers_changed.emit()

    def paint(self, painted: "Sequence[Painted]") -> None:
        """Lay these voxels over the slices; none clears them."""
        if painted or self.painted:
            self.painted = tuple(painted)
            self.painted_changed.emit()
