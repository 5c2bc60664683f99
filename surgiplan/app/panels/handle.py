"""Pulling at a remnant: by hand in 3D, or by numbers at the marked place."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from surgiplan.app.desk import Desk
from surgiplan.app.forms import NumberField, field_rows
from surgiplan.model import Quantity

from .panel import enable, quiet_label

__all__ = ["HANDLE", "HandleBox"]

HANDLE = ("handle_lps", "pull_mm")
"""Names of the settings that say where and how far is pulled."""
_FARTHEST_MM = 150.0
_AXES = (("to the left", "L"), ("to the back", "P"), ("to the head", "S"))


class HandleBox(QWidget):
    """Says where the tissue is pulled, and by how much; ``pulled`` and ``let_go`` act on it."""

    pulled = Signal(dict)
    let_go = Signal()
    hand_wanted = Signal(bool)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.handle: dict[str, Any] = {}
        """The settings of the pull that is meant; empty for none."""
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        self.by_hand = QPushButton("Pull by hand in 3D", objectName="pullByHand")
        self.by_hand.setCheckable(True)
        self.by_hand.clicked.connect(self.hand_wanted)
        grid.addWidget(self.by_hand, 0, 0, 1, 2)
        self._fields = [
            NumberField(
                Quantity("mm", -_FARTHEST_MM, _FARTHEST_MM, f"how far it is pulled {words}"), 0.0
            )
            for words, _ in _AXES
        ]
        for (_, letter), field in zip(_AXES, self._fields, strict=True):
            field.setObjectName(f"pull{letter}")
        pairs = [(f"Pull {w}", f) for (w, _), f in zip(_AXES, self._fields, strict=True)]
        grid.addWidget(field_rows(pairs, field_width=124), 1, 0, 1, 2)
        self.at_mark = QPushButton("Pull at the mark", objectName="pullAtMark")
        self.at_mark.clicked.connect(self._pull_at_mark)
        self.free = QPushButton("Let go", objectName="letGo")
        self.free.clicked.connect(self.let_go)
        grid.addWidget(self.at_mark, 2, 0)
        grid.addWidget(self.free, 2, 1)
        self.words = quiet_label("handleWords")
        grid.addWidget(self.words, 3, 0, 1, 2)
        desk.view.changed.connect(self.refresh)
        desk.tool_changed.connect(self.refresh)

    def show_settings(self, settings: Mapping[str, Any]) -> None:
        """Show the pull that an answer was computed with."""
        self.handle = {name: settings[name] for name in HANDLE if name in settings}
        pull = self.handle.get("pull_mm", (0.0, 0.0, 0.0))
        for field, value in zip(self._fields, pull, strict=True):
            field.show_number(value)
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Say what can be done now, and what is pulled."""
        tool = self._desk.tool
        self.by_hand.setChecked(tool is not None and tool.name == "pull")
        self.by_hand.setToolTip("Take hold of the coloured surface and drag it (key 4).")
        marked = self._desk.view.look.response.probe_lps
        why_not = "" if marked else "Mark a place first: click on the surface, or Mark the highest."
        enable(self.at_mark, why_not, hint="Pulls the marked place by the numbers above.")
        why_not = "" if self.handle else "Nothing is pulled."
        enable(self.free, why_not, hint="Computes the response without the pull.")
        where = self.handle.get("handle_lps")
        said = "at LPS {:.0f}, {:.0f}, {:.0f}".format(*where) if where else ""
        self.words.setText(f"Pulled {said} on the scan." if where else "")
        self.words.setVisible(bool(where))

    def _pull_at_mark(self) -> None:
        marked = self._desk.view.look.response.probe_lps
        by = tuple(field.value() for field in self._fields)
        if marked is not None and any(by):
            self.pulled.emit({"handle_lps": tuple(marked), "pull_mm": by})
