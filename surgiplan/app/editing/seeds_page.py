"""Grow from seeds: a little is painted inside and outside, and the border between is previewed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton

from surgiplan.app import palette
from surgiplan.app.forms import SettingsForm
from surgiplan.app.tools.brush import BrushTool
from surgiplan.errors import PlanError
from surgiplan.imaging.editing import OPERATIONS
from surgiplan.imaging.editing.strokes import Brush, Stroke
from surgiplan.model import Segment, Volume

from .editor import Editor
from .kinds import KINDS
from .preview_page import How, PreviewPage
from .work import Asked, Previewed, from_seeds

if TYPE_CHECKING:
    from surgiplan.render import Painted

__all__ = ["SeedsPage"]

_OUTSIDE_COLOUR = "#8fa3c0"
_SIDES = ("Inside", "Outside", "Erase")


class SeedsPage(PreviewPage):
    """Which side the brush paints, and the preview that follows each stroke."""

    def __init__(self, editor: Editor, name: str) -> None:
        super().__init__(editor, name)
        self._operation = KINDS[name].operations[0]
        self.seeds: dict[str, Segment] = {}
        self.add_hint(
            "Paint a little inside and a little outside, in several slices; with Ctrl the brush "
            "paints the other side. After each stroke the border is found anew."
        )
        row = QHBoxLayout()
        row.setSpacing(4)
        group = QButtonGroup(self)
        self.sides: dict[str, QPushButton] = {}
        for side in _SIDES:
            button = QPushButton(side, objectName=f"seeds{side}")
            button.setCheckable(True)
            group.addButton(button)
            row.addWidget(button, 1)
            self.sides[side] = button
        self.sides["Inside"].setChecked(True)
        self.column.addLayout(row)
        self.form = SettingsForm(OPERATIONS[self._operation].Settings)
        self.form.changed.connect(self.ask)
        self.column.addWidget(self.form)
        self.column.addWidget(self.state)

    @property
    def side(self) -> str:
        """What the brush paints now."""
        return next(side for side, button in self.sides.items() if button.isChecked())

    @property
    def title(self) -> str:
        return KINDS[self.name].title

    def start(self) -> None:
        self.seeds = {}
        self.editor.set(values=None)
        self.take(_SeedBrush(self.editor, self))
        super().start()

    def stop(self) -> None:
        super().stop()
        self.seeds = {}
        self.editor.desk.view.paint(())

    def missing(self) -> str:
        if why_not := self.editor.why_not():
            return why_not
        for side in ("Inside", "Outside"):
            if side not in self.seeds:
                return f"Paint a little {side.lower()} it."
        return ""

    def asked(self) -> Asked | None:
        target = self.editor.target
        if target is None:
            return None
        seeds = (self.seeds["Inside"], self.seeds["Outside"])
        return Asked(target, self._operation, self.form.values(), np.zeros((0, 3)), seeds=seeds)

    def how(self) -> How:
        return from_seeds

    def show_preview(self, found: Previewed) -> None:
        self.editor.desk.view.paint(self.painted(found))

    def painted(self, found: Previewed | None = None) -> "tuple[Painted, ...]":
        """The preview below, the seeds above it."""
        from surgiplan.render import Painted

        layers = []
        if found is not None and found.added is not None:
            layers.append(Painted(*found.added, self.editor.colour, 0.38))
        for side, one in self.seeds.items():
            layers.append(Painted(one.mask, one.grid, self.colour_of(side), 0.8))
        return tuple(layers)

    def colour_of(self, side: str) -> str:
        """``#rrggbb`` of the seeds of one side."""
        colours = {"Inside": self.editor.colour, "Outside": _OUTSIDE_COLOUR}
        return colours.get(side, palette.FAIL)

    def empty(self, side: str, volume: Volume) -> Segment:
        """Seeds of one side before there are any."""
        grid = volume.grid.cropped((0, 0, 0), (1, 1, 1))
        mask = np.zeros((1, 1, 1), bool)
        return Segment(side.lower(), side.lower(), mask, grid, volume_id=volume.id)

    def add(self, side: str, seeds: Segment) -> None:
        """Take a stroke; where two sides overlap the newer one counts."""
        other = "Outside" if side == "Inside" else "Inside"
        self.seeds[side] = seeds
        if other in self.seeds:
            rest = _without(self.seeds[other], seeds)
            if rest is None:
                del self.seeds[other]
            else:
                self.seeds[other] = rest
        self._seeds_changed()

    def erase(self, brush: Stroke) -> None:
        """Take seeds away where the eraser went."""
        if brush.chosen is None:
            return
        gone = replace(brush.segment, mask=brush.chosen[0], grid=brush.chosen[1])
        left = {side: _without(one, gone) for side, one in self.seeds.items()}
        self.seeds = {side: one for side, one in left.items() if one is not None}
        self._seeds_changed()

    def _seeds_changed(self) -> None:
        self.ask()
        self.editor.desk.view.paint(self.painted())


class _SeedBrush(BrushTool):
    """Paints seeds, which are not in the case."""

    def __init__(self, editor: Editor, page: SeedsPage) -> None:
        super().__init__(editor, erases=False)
        self._page = page
        self._side = "Inside"

    def begun(self, *, is_other: bool) -> Stroke:
        target = self.editor.target
        if target is None or self.editor.why_not():
            raise PlanError(self.editor.why_not())
        side = self._page.side
        if is_other and side != "Erase":
            side = "Outside" if side == "Inside" else "Inside"
        self._side = side
        volume = self.editor.volume_of(target)
        seeds = self._page.seeds.get(side) or self._page.empty(side, volume)
        return Stroke(volume, seeds, Brush(self.editor.radius_mm, self.editor.is_ball))

    def ended(self, stroke: Stroke, result: Segment, others: Sequence[Segment]) -> None:
        if self._side == "Erase":
            self._page.erase(stroke)
        else:
            self._page.add(self._side, result)

    def colour_of(self, stroke: Stroke | None) -> str:
        return self._page.colour_of(self._side if stroke is not None else self._page.side)

    def is_current(self, stroke: Stroke) -> bool:
        return self.editor.target is not None

    def under(self) -> "tuple[Painted, ...]":
        return self._page.painted()


def _without(seeds: Segment, gone: Segment) -> Segment | None:
    """Seeds without the voxels of others on the same scan; None if nothing is left."""
    mask = seeds.mask.copy()
    index = np.argwhere(gone.mask)
    shift = np.rint(seeds.grid.to_index(gone.grid.affine[:3, 3])).astype(int)
    index += shift
    inside = np.all((index >= 0) & (index < np.array(mask.shape)), axis=1)
    mask[tuple(index[inside].T)] = False
    return replace(seeds, mask=mask) if mask.any() else None
