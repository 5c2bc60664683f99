"""What every operation on segments is, and what all of them check."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from surgiplan.errors import SegmentationError
from surgiplan.imaging.crop import Box
from surgiplan.imaging.method import words
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Segment, Volume, VoxelGrid, check

from .patch import Mask, Patch, segment_box

__all__ = ["NoSettings", "Operation", "box_of_points", "box_of_segments", "joined"]


_FEW_POINTS = 10
"""So many are listed where it is told how a segment was made."""


@dataclass(frozen=True)
class NoSettings:
    """For what has nothing to choose."""


class Operation(ABC):
    """One deed of a hand: it looks at a box of the scan and answers with changed segments.

    The answer is that of the whole scan, whatever the box.
    """

    name: ClassVar[str]
    """Its name in ``OPERATIONS``."""
    title: ClassVar[str]
    """Its name on a button, ``Fill holes``."""
    about: ClassVar[str]
    """What it does and where it fails, in one or two sentences."""
    Settings: ClassVar[type] = NoSettings
    """Frozen dataclass of its numbers, each with a Quantity."""
    segments: ClassVar[tuple[int, int]] = (1, 1)
    """Fewest and most segments it takes; the first is the one that it changes."""
    seeds: ClassVar[tuple[int, int]] = (0, 0)
    """Fewest and most points it takes."""
    changes_all: ClassVar[bool] = False
    """Whether it changes all its segments, not only the first."""
    needs_points_inside: ClassVar[bool] = True
    """Whether its points must lie within the scan; an outline on the screen need not."""
    if_empty: ClassVar[str] = "choose other settings"
    """What to do where nothing would be left, or nothing would change."""

    def run(
        self,
        volume: Volume,
        segments: Sequence[Segment],
        points_lps: Points,
        settings: Any,
        report: Report,
    ) -> tuple[Segment, ...]:
        """The changed segments, ids and names kept; parts that became of the first come after it.

        ``points_lps`` (n, 3) in LPS [mm].  Without segments the answer is a new one with the id
        ``name``.  Raises SegmentationError or GeometryError for what makes no sense, for an empty
        answer and for one that changes nothing; PlanError for a setting outside its range.
        """
        points = np.asarray(points_lps, np.float64).reshape(-1, 3)
        self._require(volume, segments, points, settings)
        report(0.0, self.title)
        box = self.box(volume, segments, points, settings)
        patch = Patch(volume, box, tuple(segments), points)
        masks = self.find(patch, settings, report)
        self._require_change(patch, masks)
        done = self.done(segments, points, settings)
        made = tuple(
            patch.segment(mask, like=self._like(segments, number), done=done)
            for number, mask in enumerate(masks)
        )
        report(1.0, "Done")
        return made

    @abstractmethod
    def find(self, patch: Patch, settings: Any, report: Report) -> tuple[Mask, ...]:
        """The new masks of the patch: of the segments in their order, or of the first's parts."""

    def box(
        self, volume: Volume, segments: Sequence[Segment], points: Points, settings: Any
    ) -> Box:
        """The voxels that count: by default the first segment's box and ``reach_mm`` around it."""
        return box_of_segments(volume, segments[:1], self.reach_mm(settings))

    def reach_mm(self, settings: Any) -> float:
        """How far outside its segment the operation looks or works."""
        return 0.0

    def label(self, segments: Sequence[Segment], settings: Any) -> str:
        """What undo calls it, ``Fill holes of liver``."""
        return f"{self.title} of {segments[0].name}" if segments else self.title

    def done(self, segments: Sequence[Segment], points: Points, settings: Any) -> str:
        """What is added to ``made_by``: the command that does it again."""
        parts = [f"{key} {_worded(getattr(settings, key))}" for key in _given(settings)]
        if len(segments) > 1 and not self.changes_all:
            parts.append("with " + ", ".join(one.id for one in segments[1:]))
        if len(points):
            few = len(points) <= _FEW_POINTS
            parts.append(f"from {words(points) if few else f'{len(points)} points'}")
        return f"{self.name}: {', '.join(parts)}" if parts else self.name

    def _like(self, segments: Sequence[Segment], number: int) -> Segment:
        """The segment whose place a result takes; a part of the first has a number behind it."""
        if not segments:
            return _new(self.name)
        if self.changes_all or number == 0:
            return segments[number]
        first = segments[0]
        return _new(f"{first.id}_{number + 1}", f"{first.name} {number + 1}", first.made_by)

    def _require(
        self, volume: Volume, segments: Sequence[Segment], points: Points, settings: Any
    ) -> None:
        _require_count(self.title, "segment", self.segments, len(segments))
        _require_count(self.title, "point", self.seeds, len(points))
        check(settings)
        if not np.isfinite(points).all():
            raise SegmentationError("A point lacks a number; write each as x,y,z in LPS mm.")
        for segment in segments:
            if segment.volume_id not in ("", volume.id):
                raise SegmentationError(
                    f"{segment.name} was drawn on the scan {segment.volume_id}, not on "
                    f"{volume.id}; choose segments of one scan."
                )
            segment_box(segment, volume.grid)
        outside = ~volume.grid.contains(points)
        if outside.any() and self.needs_points_inside:
            x, y, z = points[outside][0]
            raise SegmentationError(
                f"The point {x:.1f},{y:.1f},{z:.1f} lies outside the scan; choose one inside it."
            )

    def _require_change(self, patch: Patch, masks: Sequence[Mask]) -> None:
        named = [one.name for one in patch.segments] or ["the new segment"]
        for mask, name in zip(masks, named, strict=False):
            if not mask.any():
                raise SegmentationError(
                    f"{self.title} would leave nothing of {name}; {self.if_empty}."
                )
        if len(masks) > len(patch.segments):
            return
        if all(np.array_equal(mask, patch.mask(number)) for number, mask in enumerate(masks)):
            raise SegmentationError(f"{self.title} leaves {named[0]} as it is; {self.if_empty}.")


def box_of_segments(volume: Volume, segments: Sequence[Segment], margin_mm: float) -> Box:
    """The box that holds segments and ``margin_mm`` around, one voxel at least."""
    boxes = [segment_box(one, volume.grid) for one in segments]
    low = np.min([box.low for box in boxes], axis=0)
    high = np.max([box.high for box in boxes], axis=0)
    return _grown(volume, low, high, margin_mm)


def box_of_points(volume: Volume, points_lps: Points, margin_mm: float) -> Box:
    """The box that holds points (n, 3) in LPS [mm] and ``margin_mm`` around, one voxel at least.

    It stays within the scan; points beside the scan count as the nearest in it.
    """
    index = np.clip(volume.grid.to_index(points_lps), 0, np.array(volume.grid.shape) - 1)
    index = np.rint(index).astype(int)
    return _grown(volume, index.min(axis=0), index.max(axis=0) + 1, margin_mm)


def joined(one: Box, other: Box) -> Box:
    """The smallest box that holds two."""
    low = np.minimum(one.low, other.low)
    high = np.maximum(one.high, other.high)
    return Box((int(low[0]), int(low[1]), int(low[2])), (int(high[0]), int(high[1]), int(high[2])))


def _grown(volume: Volume, low: Any, high: Any, margin_mm: float) -> Box:
    margin = np.ceil(margin_mm / np.array(volume.grid.spacing_mm)).astype(int) + 1
    k, j, i = (int(n) for n in low)
    K, J, I = (int(n) for n in high)  # noqa: E741
    return Box((k, j, i), (K, J, I)).grown(margin, volume.grid.shape)


def _require_count(title: str, what: str, wanted: tuple[int, int], count: int) -> None:
    fewest, most = wanted
    if fewest <= count <= most:
        return
    if most == 0:
        raise SegmentationError(f"{title} takes no {what}; leave it out.")
    number = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    raise SegmentationError(
        f"{title} takes {number} {what}{'s' if most > 1 else ''}, not {count}; "
        f"{'add' if count < fewest else 'remove'} some and try again."
    )


def _given(settings: Any) -> list[str]:
    """Names of the settings that say something."""
    return [one.name for one in fields(settings) if getattr(settings, one.name) is not None]


def _worded(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float | int) else str(value)


def _new(segment_id: str, name: str = "", made_by: str = "") -> Segment:
    grid = VoxelGrid((1, 1, 1), np.eye(4))
    return Segment(segment_id, name or segment_id, np.zeros((1, 1, 1), bool), grid, made_by=made_by)
