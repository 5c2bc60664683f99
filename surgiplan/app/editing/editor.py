"""Which segment is edited, where the brush may paint, and how wide it is."""

from collections.abc import Sequence
from contextlib import suppress
from enum import Enum
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from PySide6.QtCore import QObject, Signal

from surgiplan.app.desk import Desk
from surgiplan.app.words import shown_name
from surgiplan.app.work import remade
from surgiplan.edits import AddSegments, ChangeSegment
from surgiplan.errors import GeometryError, PlanError
from surgiplan.geometry import mask_on
from surgiplan.imaging import cropped_segment
from surgiplan.imaging.editing.strokes import Brush, Stroke
from surgiplan.model import Case, CodedAnatomy, Segment, Volume
from surgiplan.workflow import why_not_remake

from .histogram import Histogram, histogram_of

__all__ = ["LARGEST_MM", "SMALLEST_MM", "Editor", "Where"]

SMALLEST_MM, LARGEST_MM = 0.5, 50.0
_STEP = 1.2
"""Factor by which a key or a step of the wheel changes the brush."""


class Where(Enum):
    """Which voxels the brush may take."""

    ANYWHERE = "Anywhere"
    OVER = "Over the others"
    OUTSIDE = "Outside the others"
    INSIDE = "Inside"


class Editor(QObject):
    """The state of the segment editor: the window's, never the case's."""

    changed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.radius_mm = 6.0
        self.is_ball = False
        self.values: tuple[float, float] | None = None
        """The range of a threshold brush in the scan's unit; None while it takes all values."""
        self.where = Where.ANYWHERE
        self.inside_id = ""
        self.draft: Segment | None = None
        """A segment that is not in the case until something is painted in it."""
        self._target_id = ""
        self._histograms: WeakKeyDictionary[Volume, Histogram] = WeakKeyDictionary()
        desk.selected.connect(self._selected)
        desk.shown.connect(self._shown)
        desk.opened.connect(self._opened)

    @property
    def target(self) -> Segment | None:
        """The segment to change; None if there is none."""
        if self.draft is not None:
            return self.draft
        return self.desk.session.case.segments.get(self._target_id)

    @property
    def name(self) -> str:
        """What it is called on the screen, or an empty string."""
        target = self.target
        return shown_name(target, self.desk.case) if target is not None else ""

    @property
    def colour(self) -> str:
        """``#rrggbb`` of the target."""
        target = self.target
        if target is None:
            return "#7fb7be"
        path = f"segments/{target.id}"
        styles = self.desk.view.look.styles
        if self.draft is not None and path not in styles and target.colour:
            return target.colour
        return str(self.desk.view.look.style(path, target.name).colour)

    def volume_of(self, segment: Segment) -> Volume:
        """The scan that a segment is drawn on.  Raises PlanError if the case has none."""
        case = self.desk.session.case
        chosen = segment.volume_id or self.desk.view.look.volume_id
        return case.volume(chosen if chosen in case.volumes else "")

    def why_not(self) -> str:
        """What is missing before something can be changed; empty if nothing."""
        if not self.desk.session.case.volumes:
            return "Import a scan in Patient first."
        if self.target is None:
            return "Choose a segment in the tree on the left, or make a new one."
        if self.target.volume_id and self.target.volume_id not in self.desk.session.case.volumes:
            return f"The scan that {self.name} was drawn on is no longer in the case."
        if not _on(self.volume_of(self.target), (self.target,)):
            return (
                f"{self.name} came with other voxels than the scan's; duplicate it to get a copy "
                "that can be changed."
            )
        return ""

    def begin(self, name: str, colour: str = "", anatomy: CodedAnatomy | None = None) -> None:
        """Start a new segment; it joins the case with the first stroke or operation."""
        case = self.desk.session.case
        volume = case.volume(_shown_volume(self.desk, case))
        grid = volume.grid.cropped((0, 0, 0), (1, 1, 1))
        self.draft = Segment(
            id=case.free_id("segments", slug(name)), name=name, mask=np.zeros((1, 1, 1), bool),
            grid=grid, volume_id=volume.id, colour=colour, anatomy=anatomy,
        )  # fmt: skip
        self.desk.select("")
        self.changed.emit()

    def forget_draft(self) -> None:
        """Edit what is in the case again."""
        if self.draft is not None:
            self.draft = None
            self.changed.emit()

    def duplicate(self) -> None:
        """Copy the target beside it; a copy lies on the scan's own voxels."""
        target = self.desk.session.case.segments.get(self._target_id)
        if target is None:
            return
        case, volume = self.desk.session.case, self.volume_of(target)
        mask, grid = target.mask, target.grid
        if not _on(volume, (target,)):
            mask, grid = mask_on(volume.grid, mask, grid), volume.grid
        name = f"{target.name} copy"
        copy = cropped_segment(
            mask, grid, segment_id=case.free_id("segments", slug(name)), name=name,
            volume_id=volume.id, made_by=target.made_by, anatomy=target.anatomy,
            colour=target.colour, confidence=target.confidence, remarks=target.remarks,
        )  # fmt: skip
        if self.desk.do(ChangeSegment(copy, f"Duplicate {self.name}")):
            self.desk.select(f"segments/{copy.id}")

    def other_scans(self) -> tuple[Volume, ...]:
        """The scans that the target was not drawn on."""
        target = self.target
        drawn_on = self.volume_of(target).id if target is not None else ""
        return tuple(one for one in self.desk.session.case.volumes.values() if one.id != drawn_on)

    def why_not_remake(self) -> str:
        """Why the target cannot be made again on another scan; empty if it can."""
        target, case = self.target, self.desk.session.case
        if not case.volumes or target is None or self.draft is not None:
            return "Choose a segment in the tree first."
        if not self.other_scans():
            return "This case has no other scan to make it on; import one in Patient."
        if self.desk.is_running("remake"):
            return "It is being made already."
        reasons = [why_not_remake(case, target, scan.id) for scan in self.other_scans()]
        return reasons[0] if all(reasons) else ""

    def remake(self, volume_id: str) -> None:
        """Make the target again on another scan, beside the window."""
        target = self.desk.session.case.segments.get(self._target_id)
        if target is None or self.desk.is_running("remake"):
            return
        work = partial(remade, self.desk.session.case, target.id, volume_id)
        self.desk.run("remake", f"Making {self.name} again", work, self._remade)

    def _remade(self, edit: AddSegments) -> None:
        if self.desk.do(edit):
            self.desk.select(f"segments/{edit.segments[0].id}")
            if edit.segments[0].remarks:
                self.desk.notices.say(" ".join(edit.segments[0].remarks))

    def set(self, **changes: Any) -> None:
        """Change radius, shape, values or rule."""
        for name, value in changes.items():
            setattr(self, name, value)
        self.radius_mm = float(np.clip(self.radius_mm, SMALLEST_MM, LARGEST_MM))
        self.changed.emit()

    def resize(self, steps: float) -> None:
        """Make the brush larger or smaller by so many steps."""
        self.set(radius_mm=self.radius_mm * _STEP**steps)

    def stroke(self, *, erases: bool) -> Stroke:
        """A new stroke over the target by the rules.  Raises PlanError where nothing is chosen."""
        target = self.target
        if target is None or self.why_not():
            raise PlanError(self.why_not())
        brush = Brush(self.radius_mm, self.is_ball, erases, self.values)
        inside = None
        if self.where is Where.INSIDE:
            inside = self.desk.session.case.segments.get(self.inside_id)
            if inside is None or inside.id == target.id:
                raise PlanError(f"Choose another segment than {self.name} to paint inside of.")
        volume, others = self.volume_of(target), self.others()
        return Stroke(
            volume, target, brush,
            outside=others if self.where is Where.OUTSIDE else (),
            over=_on(volume, others) if self.where is Where.OVER else (),
            inside=inside,
        )  # fmt: skip

    def histogram(self) -> Histogram | None:
        """How often each value occurs in the scan that is painted on; counted once."""
        volume = self.volume()
        if volume is None:
            return None
        if volume not in self._histograms:
            self._histograms[volume] = histogram_of(volume)
        return self._histograms[volume]

    def unit(self) -> str:
        """Unit of the scan that is painted on."""
        volume = self.volume()
        return volume.unit if volume is not None else "HU"

    def values_of_target(self) -> tuple[float, float] | None:
        """The range of most values inside the target; None if it is empty or on other voxels."""
        target, volume = self.target, self.volume()
        if target is None or volume is None or not target.voxels or not _on(volume, (target,)):
            return None
        values = volume.values[target.grid.box_in(volume.grid)][target.mask]
        low, high = np.percentile(values[:: max(1, len(values) // 100_000)], (2, 98))
        return float(np.floor(low)), float(np.ceil(high))

    def volume(self) -> Volume | None:
        """The scan that is painted on; None without one."""
        case, target = self.desk.session.case, self.target
        if not case.volumes:
            return None
        return (
            self.volume_of(target)
            if target is not None
            else case.volume(_shown_volume(self.desk, case))
        )

    def others(self) -> tuple[Segment, ...]:
        """The other segments that are shown."""
        look, target = self.desk.view.look, self.target
        return tuple(
            one
            for one in self.desk.session.case.segments.values()
            if (target is None or one.id != target.id)
            and look.style(f"segments/{one.id}", one.name).visible
        )

    def keep(self, segment: Segment, what: str, others: Sequence[Segment] = ()) -> bool:
        """Make a changed segment part of the case, as one step; whether that worked."""
        is_new = self.draft is not None
        if not self.desk.do(ChangeSegment(segment, what, tuple(others))):
            return False
        if is_new:
            self.draft = None
            self._target_id = segment.id
            if segment.colour:
                path = f"segments/{segment.id}"
                self.desk.view.style(path, segment.name, colour=segment.colour)
            self.desk.select(f"segments/{segment.id}")
        self.changed.emit()
        return True

    def _selected(self, path: str) -> None:
        if path.startswith("segments/"):
            self._target_id = path.removeprefix("segments/")
            self.draft = None
            self.changed.emit()

    def _shown(self, _case: Case) -> None:
        self.changed.emit()

    def _opened(self) -> None:
        self.draft, self._target_id, self.inside_id = None, "", ""
        self.where = Where.ANYWHERE
        self.changed.emit()


def slug(name: str) -> str:
    """An id from a name: lower case, words joined by underscores."""
    words = "".join(c if c.isalnum() else " " for c in name.lower()).split()
    return "_".join(words) or "segment"


def _on(volume: Volume, segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Those that lie on a scan's own voxels."""
    found = []
    for one in segments:
        with suppress(GeometryError):
            one.grid.box_in(volume.grid)
            found.append(one)
    return tuple(found)


def _shown_volume(desk: Desk, case: Case) -> str:
    shown = desk.view.look.volume_id
    return shown if shown in case.volumes else ""
