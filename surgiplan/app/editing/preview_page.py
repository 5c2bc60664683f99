"""A tool with a preview: what it would do is shown first, and Apply keeps exactly that."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel

from surgiplan.app import palette
from surgiplan.app.desk import Running
from surgiplan.edits import ChangeSegment
from surgiplan.jobs_report import Report
from surgiplan.model import Case, Segment

from .editor import Editor
from .page import Page
from .work import Asked, Previewed, previewed

__all__ = ["PreviewPage"]

_PATIENCE_MS = 250
"""How long the settings must rest before a preview is begun."""
How = Callable[[Case, Asked, Report], ChangeSegment]


class PreviewPage(Page):
    """Asks for a preview beside the window whenever what it depends on has changed."""

    applies = "Apply"

    def __init__(self, editor: Editor, name: str) -> None:
        super().__init__(editor, name)
        self._found: Previewed | None = None
        self._of: Segment | None = None
        """The segment that the preview, or the one being made, belongs to."""
        self._number = 0
        self._running: Running | None = None
        self._is_applied = False
        self._is_used = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PATIENCE_MS)
        self._timer.timeout.connect(self._begin)
        self.state = QLabel(objectName="previewState")
        self.state.setWordWrap(True)
        self.state.setProperty("role", "hint")

    def asked(self) -> Asked | None:
        """What is to be done, or None as long as something is missing."""
        raise NotImplementedError

    def how(self) -> How:
        """The function of ``work`` that does it."""
        raise NotImplementedError

    def missing(self) -> str:
        """What the user must still do before there can be a preview; empty if nothing."""
        return self.editor.why_not()

    def start(self) -> None:
        self._is_used = True
        self._is_applied = False
        self.ask()

    def stop(self) -> None:
        self._is_used = False
        self._forget()
        self.editor.desk.drop("edit")

    def refresh(self) -> None:
        if self._is_used and self.editor.target is not self._of:
            self.ask()
        self.state.setText(self.missing() or self._words())
        self.state.setVisible(bool(self.state.text()))

    def why_not(self) -> str:
        if not self.missing() and self._found is not None and self._changes_nothing():
            return "It would change nothing; choose otherwise."
        return self.missing()

    def ask(self) -> None:
        """Have a preview made of what is chosen now."""
        self._forget()
        self._of = self.editor.target
        if self._is_used and not self.missing():
            self._timer.start()
        self.changed.emit()

    def apply(self) -> None:
        if self._found is None:
            # What was pressed in haste is done as soon as it is known what it does.
            self._is_applied = True
            if self._running is None:
                self._timer.stop()
                self._begin()
            self.changed.emit()
            return
        edit = self._found.edit
        self._forget()
        if self.editor.keep(edit.segment, edit.what, edit.others):
            self.done.emit()

    def show_preview(self, found: Previewed) -> None:
        """Lay over the slices what would be added and what would go."""
        from surgiplan.render import Painted

        painted = []
        if found.added is not None:
            painted.append(Painted(*found.added, self.editor.colour, 0.5))
        if found.removed is not None:
            painted.append(Painted(*found.removed, palette.FAIL, 0.5))
        self.editor.desk.view.paint(painted)

    def _begin(self) -> None:
        asked = self.asked()
        if asked is None or not self._is_used:
            return
        self._number += 1
        desk = self.editor.desk
        self._running = desk.run(
            "edit", self.title, partial(previewed, self.how(), desk.session.case, asked),
            partial(self._previewed, self._number),
            otherwise=partial(self._gave_up, self._number), quiet=True,
        )  # fmt: skip
        self.changed.emit()

    def _previewed(self, number: int, found: Previewed) -> None:
        if number != self._number or not self._is_used or self.editor.target is not self._of:
            return
        self._found, self._running = found, None
        if self._is_applied:
            self.apply()
            return
        self.show_preview(found)
        self.changed.emit()

    def _gave_up(self, number: int) -> None:
        if number == self._number:
            self._running, self._is_applied = None, False
            self.changed.emit()

    def _forget(self) -> None:
        """Drop the preview; a job for it ends unheard."""
        self._timer.stop()
        self._number += 1
        self._running = None
        if self._found is not None or self._of is not None:
            self.editor.desk.view.paint(())
        self._found, self._of, self._is_applied = None, None, False

    @property
    def title(self) -> str:
        """What the bar below calls the work."""
        return "Preview"

    def _changes_nothing(self) -> bool:
        found = self._found
        return found is not None and not (found.added or found.removed or found.edit.others)

    def _words(self) -> str:
        if self._found is None:
            return "Working out the preview…" if self._running or self._timer.isActive() else ""
        edit, voxel_ml = self._found.edit, _voxel_ml(self._found)
        parts = []
        for sign, difference in (("+", self._found.added), ("−", self._found.removed)):
            if difference is not None:
                parts.append(f"{sign}{difference[0].sum() * voxel_ml:,.1f} ml".replace(",", " "))
        total = f"{edit.segment.volume_ml:,.1f} ml afterwards".replace(",", " ")
        more = f"; {len(edit.others)} more segments" if edit.others else ""
        return f"Preview: {'  '.join(parts) or 'no change'}, {total}{more}."


def _voxel_ml(found: Previewed) -> float:
    return found.edit.segment.grid.voxel_mm3 / 1000
