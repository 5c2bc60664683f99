"""Options of an operation or a method: which one, with what, from which clicks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout

from surgiplan.app import palette
from surgiplan.app.forms import ChoiceBox, SettingsForm
from surgiplan.app.tools import PointsTool
from surgiplan.app.words import shown_name
from surgiplan.model import Points

from .editor import Editor
from .kinds import KINDS
from .preview_page import How, PreviewPage
from .work import Asked, by_method, by_operation

__all__ = ["OperationPage"]


class OperationPage(PreviewPage):
    """One page for all that has settings, made from their descriptions."""

    def __init__(self, editor: Editor, name: str) -> None:
        super().__init__(editor, name)
        self._kind = KINDS[name]
        self._forms: dict[str, SettingsForm] = {}
        self.choice = ChoiceBox(f"operation_{name}")
        self.choice.setAccessibleName("Which way")
        for one in self._kind.operations or (self._kind.method,):
            self.choice.addItem(self._described(one).title, one)
        self.choice.activated.connect(self._chosen)
        self.column.addWidget(self.choice)
        self.choice.setVisible(self.choice.count() > 1)
        self._about = self.add_hint("")
        self.other = ChoiceBox(f"other_{name}")
        self.other.activated.connect(lambda _: self.ask())
        self.add_rows(("Other segment", self.other))
        self._other_row = self.other.parentWidget()
        self._place = QVBoxLayout()
        self.column.addLayout(self._place)
        self._clicks = QLabel(objectName=f"clicks_{name}")
        self._clicks.setProperty("role", "field")
        self.column.addWidget(self._clicks)
        self.clear = QPushButton("Clear clicks", objectName=f"clear_{name}")
        self.clear.clicked.connect(self._clear)
        self.column.addWidget(self.clear)
        self.column.addWidget(self.state)

    @property
    def title(self) -> str:
        return str(self._described(self.choice.currentData()).title)

    def start(self) -> None:
        self._take_tool()
        super().start()

    def refresh(self) -> None:
        described = self._described(self.choice.currentData())
        self._about.setText(described.about)
        self._offer_others(described)
        self._show_form(described)
        most = described.seeds[1]
        for widget in (self._clicks, self.clear):
            widget.setVisible(most > 0)
        count = len(self._points())
        self._clicks.setText(f"{count} clicked")
        self.clear.setEnabled(count > 0)
        super().refresh()

    def missing(self) -> str:
        described = self._described(self.choice.currentData())
        if why_not := self.editor.why_not():
            return why_not
        if self._fewest(described) > 0 and self.editor.draft is not None:
            return f"{self.editor.name} is still empty; paint, draw or grow something in it first."
        if self._takes_other(described) and not self.other.count():
            return "It needs a second segment, and this case has none."
        fewest = described.seeds[0]
        count = len(self._points())
        if count < fewest:
            more = "Click inside it in a slice" if fewest == 1 else f"Click {fewest - count} more"
            return f"{more}." if fewest == 1 else f"{more} of its {fewest} ends in the slices."
        return ""

    def asked(self) -> Asked | None:
        target, form = self.editor.target, self._forms.get(self.choice.currentData())
        if target is None:
            return None
        points = np.array(self._points()).reshape(-1, 3)
        described = self._described(self.choice.currentData())
        others = (self.other.currentData(),) if self._takes_other(described) else ()
        settings = form.values() if form is not None else {}
        return Asked(target, self.choice.currentData(), settings, points, others)

    def how(self) -> How:
        return by_method if self._kind.method else by_operation

    def _described(self, name: str) -> Any:
        """The class with its title, words, settings and what it takes."""
        if self._kind.method:
            from surgiplan.imaging import METHODS

            return METHODS[name]
        from surgiplan.imaging.editing import OPERATIONS

        return OPERATIONS[name]

    def _fewest(self, described: Any) -> int:
        return 0 if self._kind.method else int(described.segments[0])

    def _takes_other(self, described: Any) -> bool:
        return self._fewest(described) > 1

    def _offer_others(self, described: Any) -> None:
        editor = self.editor
        self._other_row.setVisible(self._takes_other(described))
        target = editor.target
        wanted = [
            (shown_name(one, editor.desk.case), one.id)
            for one in editor.desk.session.case.segments.values()
            if target is None or one.id != target.id
        ]
        if [self.other.itemData(n) for n in range(self.other.count())] != [w[1] for w in wanted]:
            chosen = self.other.currentData()
            self.other.clear()
            for text, segment_id in wanted:
                self.other.addItem(text, segment_id)
            self.other.setCurrentIndex(max(self.other.findData(chosen), 0))

    def _show_form(self, described: Any) -> None:
        name = self.choice.currentData()
        if name not in self._forms:
            form = SettingsForm(described.Settings)
            form.changed.connect(self.ask)
            for field in form.fields.values():
                if isinstance(field, ChoiceBox):
                    field.activated.connect(lambda _: self.ask())
            self._forms[name] = form
            self._place.addWidget(form)
        for other, form in self._forms.items():
            form.setVisible(other == name and bool(form.fields))

    def _chosen(self, _row: int) -> None:
        self._take_tool()
        self.ask()

    def _take_tool(self) -> None:
        """Put a tool for clicks in the hand where clicks are taken, or none."""
        fewest, most = self._described(self.choice.currentData()).seeds
        if most == 0:
            self.take(None)
            return
        labels = [str(n + 1) for n in range(min(most, 50))]
        hint = "click both ends of the vessel" if fewest > 1 else "click inside the structure"
        self.take(
            PointsTool(
                self.editor.desk, labels, palette.ACCENT, self._clicked, most=most, hint=hint
            )
        )

    def _points(self) -> Sequence[Points]:
        return self.tool.points if isinstance(self.tool, PointsTool) else ()

    def _clear(self) -> None:
        if isinstance(self.tool, PointsTool):
            self.tool.clear()

    def _clicked(self) -> None:
        if self._is_used:
            self.ask()
