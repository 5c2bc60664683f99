"""Options of what is drawn around: the lasso, the scissors, and level tracing."""

from functools import partial
from typing import Any

import numpy as np

from surgiplan.app import palette
from surgiplan.app.forms import ChoiceBox
from surgiplan.app.tools.level_trace import LevelTraceTool
from surgiplan.app.tools.outline import OutlineTool
from surgiplan.edits import ChangeSegment
from surgiplan.errors import SurgiplanError
from surgiplan.jobs_report import silent
from surgiplan.model import Points, Segment

from .editor import Editor
from .page import Page
from .work import Asked, by_operation

__all__ = ["LassoPage", "ScissorsPage", "TracePage"]


class LassoPage(Page):
    """What the outline does in its slice."""

    operation = "draw"

    def __init__(self, editor: Editor, name: str) -> None:
        super().__init__(editor, name)
        self.add_hint(self.words())
        self.choice = ChoiceBox(f"does_{name}")
        self.choice.addItem("Add the inside", 0.0)
        self.choice.addItem("Erase the inside", 1.0)
        self.add_rows(("Does", self.choice))

    def words(self) -> str:
        """How the tool is used."""
        return (
            "Draw around what belongs to it, in any slice; with Ctrl it is erased instead. Esc "
            "drops the outline."
        )

    def start(self) -> None:
        colour = self.editor.colour
        self.take(OutlineTool(self.editor.desk, self._drawn, colour, in_space=False))

    def _drawn(self, points: Points, _seen: dict[str, Any], is_other: bool) -> None:
        self.do_now({"erase": self._erase(is_other)}, points)

    def _erase(self, is_other: bool) -> float:
        chosen = float(self.choice.currentData())
        return 1.0 - chosen if is_other else chosen

    def do_now(self, settings: dict[str, Any], points: Points) -> None:
        """Run the operation at once: it takes no longer than a stroke."""
        editor = self.editor
        if (target := editor.target) is None or editor.why_not():
            editor.desk.notices.say(editor.why_not())
            return
        if settings["erase"] and not target.voxels:
            editor.desk.notices.say(f"{editor.name} is still empty; there is nothing to erase.")
            return
        try:
            edit = by_operation(
                editor.desk.session.case, Asked(target, self.operation, settings, points), silent
            )
        except SurgiplanError as error:
            editor.desk.notices.show(error)
            return
        editor.keep(edit.segment, edit.what, edit.others)


class TracePage(LassoPage):
    """What the line that was followed does."""

    operation = "level_trace"

    def words(self) -> str:
        return (
            "Move over an edge: the line of its value is followed around within the slice. Click "
            "to take what it encloses; with Ctrl it is erased instead."
        )

    def start(self) -> None:
        self.take(LevelTraceTool(self.editor, self._clicked))

    def _clicked(self, point: Points, axis: int, is_other: bool) -> None:
        settings = {"axis": float(axis), "erase": self._erase(is_other)}
        self.do_now(settings, np.asarray(point).reshape(1, 3))


class ScissorsPage(Page):
    """What the scissors cut away; a large segment takes a moment, so it runs beside the window."""

    def __init__(self, editor: Editor, name: str) -> None:
        super().__init__(editor, name)
        self.add_hint(
            "Draw around a part in the 3D view, or in a slice: it is cut all the way through. In "
            "3D, Shift and the mouse turn the anatomy. Ctrl does the opposite."
        )
        self.choice = ChoiceBox("scissorsDo")
        self.choice.addItem("Cut off the inside", 0.0)
        self.choice.addItem("Keep the inside", 1.0)
        self.add_rows(("Does", self.choice))

    def start(self) -> None:
        self.take(OutlineTool(self.editor.desk, self._drawn, palette.FAIL, in_space=True))

    def stop(self) -> None:
        self.editor.desk.drop("edit")

    def _drawn(self, points: Points, seen: dict[str, Any], is_other: bool) -> None:
        editor = self.editor
        target = editor.target
        if target is None or editor.why_not():
            editor.desk.notices.say(editor.why_not())
            return
        if editor.draft is not None:
            editor.desk.notices.say(f"{editor.name} is still empty; there is nothing to cut.")
            return
        if editor.desk.is_running("edit"):
            editor.desk.notices.say("The last cut is still being made; draw again in a moment.")
            return
        outside = float(self.choice.currentData())
        settings = {**seen, "outside": 1.0 - outside if is_other else outside}
        asked = Asked(target, "scissors", settings, points)
        editor.desk.run(
            "edit", "Cutting", partial(by_operation, editor.desk.session.case, asked),
            partial(self._cut, target), quiet=True,
        )  # fmt: skip

    def _cut(self, target: Segment, edit: ChangeSegment) -> None:
        if self.editor.target is target:
            self.editor.keep(edit.segment, edit.what, edit.others)
