"""Anatomy, edited by hand: the segment, a few rows of tools, and what the chosen tool asks."""

from functools import partial

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout

from surgiplan.app.editing.editor import Editor
from surgiplan.app.editing.icons import icon
from surgiplan.app.editing.kinds import GROUPS, KINDS
from surgiplan.app.editing.page import Page
from surgiplan.app.editing.pages import page_of
from surgiplan.app.tools import Tool
from surgiplan.model import Case

from .edit_target import EditTarget
from .panel import Panel, enable

__all__ = ["EditPanel"]

_ICON_PX = 20
_FIRST = "Choose a tool above; its options appear here. Keys are in the tooltips."


class EditPanel(Panel):
    """The segment editor."""

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor.desk)
        self.editor = editor
        self.chosen = ""
        """Name of the tool in use; empty for none."""
        self._pages: dict[str, Page] = {}
        self.heading("Segment")
        self.target = EditTarget(editor)
        self.body.addWidget(self.target)
        self.tools: dict[str, QToolButton] = {}
        for group in GROUPS:
            self._add_group(group)
        self._page_heading = self.heading("Options")
        self._first = self.hint(_FIRST, "editHint")
        self._place = QVBoxLayout()
        self.body.addLayout(self._place)
        self.cancel_button = self.secondary("Cancel", "editCancel")
        self.cancel_button.clicked.connect(self.put_away)
        self.apply_button = self.primary("Apply", "editApply")
        self.apply_button.clicked.connect(self._apply)
        editor.changed.connect(self.invalidate)
        self.desk.tool_changed.connect(self._tool_changed)
        self.desk.opened.connect(self.put_away)

    @property
    def page(self) -> Page | None:
        """The options of the tool in use."""
        return self._pages.get(self.chosen)

    def choose(self, name: str) -> None:
        """Take a tool; the one in use is put away first, with nothing left of it."""
        if name == self.chosen:
            self.put_away()
            return
        self._stop()
        if name not in self._pages:
            page = self._pages[name] = page_of(self.editor, name)
            page.changed.connect(self.invalidate)
            page.done.connect(self.put_away)
            self._place.addWidget(page)
        self.chosen = name
        self._pages[name].start()
        self.invalidate()

    def put_away(self) -> None:
        """Use no tool."""
        had = self.chosen
        self._stop()
        if had and self.desk.tool is not None:
            self.desk.use(None)
        self.invalidate()

    def refresh(self, case: Case) -> None:
        self.target.refresh()
        page = self.page
        for name, button in self.tools.items():
            button.setChecked(name == self.chosen)
        for name, other in self._pages.items():
            other.setVisible(name == self.chosen)
        self._first.setVisible(page is None)
        self._page_heading.setText(KINDS[self.chosen].title.upper() if page else "OPTIONS")
        acts = page is not None and bool(page.applies)
        self.apply_button.setVisible(acts)
        self.cancel_button.setVisible(acts)
        if page is not None:
            page.refresh()
            self.apply_button.setText(page.applies or "Apply")
            enable(self.apply_button, page.why_not())

    def _apply(self) -> None:
        if self.page is not None and not self.page.why_not():
            self.page.apply()

    def _stop(self) -> None:
        page, self.chosen = self.page, ""
        if page is not None:
            page.stop()

    def _tool_changed(self, tool: Tool | None) -> None:
        page = self.page
        if page is not None and not page.is_taking and (tool is None or tool is not page.tool):
            self._stop()
        self.invalidate()

    def _add_group(self, group: str) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        label = QLabel(group)
        label.setProperty("role", "hint")
        label.setFixedWidth(50)
        row.addWidget(label)
        for name, kind in KINDS.items():
            if kind.group != group:
                continue
            button = QToolButton(objectName=f"tool_{name}")
            button.setIcon(icon(name))
            button.setIconSize(QSize(_ICON_PX, _ICON_PX))
            button.setCheckable(True)
            key = f"  ({kind.shortcut})" if kind.shortcut else ""
            button.setToolTip(f"{kind.title}{key}\n{kind.about}")
            button.setAccessibleName(kind.title)
            button.clicked.connect(partial(self.choose, name))
            row.addWidget(button)
            self.tools[name] = button
        row.addStretch(1)
        self.body.addLayout(row)
