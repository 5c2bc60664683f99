"""What the editor has done in a worker process: from a case to one edit and its preview; no Qt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from surgiplan.edits import ChangeSegment
from surgiplan.imaging.editing import extended
from surgiplan.jobs_report import Report
from surgiplan.model import Case, Points, Segment, VoxelGrid
from surgiplan.workflow import edit_segment, segment

__all__ = ["Asked", "Previewed", "by_method", "by_operation", "by_range", "from_seeds", "previewed"]

_INSIDE, _OUTSIDE = "seeds inside", "seeds outside"


@dataclass(frozen=True)
class Asked:
    """What is to be done to which segment."""

    target: Segment
    """As it is in the case, or a new one that is not in it yet."""
    name: str
    """Of the operation or the method."""
    settings: Mapping[str, Any]
    points_lps: Points
    """LPS [mm], shape (n, 3)."""
    others: tuple[str, ...] = ()
    """Ids of further segments."""
    seeds: tuple[Segment, ...] = ()
    """Painted seeds, of the inside and of the outside."""

    def is_new(self, case: Case) -> bool:
        """Whether the target is not in the case yet."""
        return self.target.id not in case.segments


@dataclass(frozen=True)
class Previewed:
    """An edit, and what it would add and take away."""

    edit: ChangeSegment
    added: tuple[np.ndarray[Any, Any], VoxelGrid] | None
    removed: tuple[np.ndarray[Any, Any], VoxelGrid] | None


def previewed(
    how: Callable[[Case, Asked, Report], ChangeSegment], case: Case, asked: Asked, report: Report
) -> Previewed:
    """The edit of one of the functions below, with its difference to the present segment."""
    edit = how(case, asked, report)
    grid = case.volume(edit.segment.volume_id).grid
    parts = (edit.segment, *(one for one in edit.others if one.id not in case.segments))
    low, high = _bounds((asked.target, *parts), grid)
    box = grid.cropped(low, high)
    before = _in_box([] if asked.is_new(case) else [asked.target], grid, low, high)
    after = _in_box(parts[:1], grid, low, high)
    added, removed = after & ~before, before & ~after
    for one in edit.segment, *edit.others:
        _ = one.digest, one.voxels, one.centroid_lps
    return Previewed(
        edit,
        (added, box) if added.any() else None,
        (removed, box) if removed.any() else None,
    )


def by_operation(case: Case, asked: Asked, report: Report) -> ChangeSegment:
    """Run an operation of the hand."""
    is_new = asked.is_new(case)
    edit = edit_segment(
        case, asked.name, () if is_new else (asked.target.id, *asked.others),
        points_lps=asked.points_lps, settings=asked.settings,
        volume_id=asked.target.volume_id if is_new else "", report=report,
    )  # fmt: skip
    return _named(edit, asked.target) if is_new else edit


def by_method(case: Case, asked: Asked, report: Report) -> ChangeSegment:
    """Run a method and add what it finds to the target."""
    edit = segment(
        case, asked.name, volume_id=asked.target.volume_id, seeds_lps=asked.points_lps,
        settings=asked.settings, report=report,
    )  # fmt: skip
    return _added(case, asked, edit.segments[0], f"Grow {asked.target.name} from clicks")


def by_range(case: Case, asked: Asked, report: Report) -> ChangeSegment:
    """Add the voxels of a range anywhere in the scan to the target."""
    edit = edit_segment(
        case, asked.name, settings=asked.settings, volume_id=asked.target.volume_id, report=report
    )
    return _added(case, asked, edit.segment, f"Threshold {asked.target.name}")


def from_seeds(case: Case, asked: Asked, report: Report) -> ChangeSegment:
    """Grow painted seeds until they meet, and add what the inner ones hold to the target."""
    ids = (_INSIDE, _OUTSIDE)
    painted = [replace(one, id=name) for one, name in zip(asked.seeds, ids, strict=True)]
    edit = edit_segment(
        case.with_(*painted), asked.name, ids, settings=asked.settings, report=report
    )
    return _added(case, asked, edit.segment, f"Grow {asked.target.name} from seeds")


def _added(case: Case, asked: Asked, found: Segment, what: str) -> ChangeSegment:
    """What was found as the target, or joined to what the target holds already."""
    if asked.is_new(case):
        return _named(ChangeSegment(found, what), asked.target)
    target = asked.target
    grid = case.volume(target.volume_id).grid
    low, high = _bounds((target, found), grid)
    mask = _in_box([target, found], grid, low, high)
    changed = replace(
        target, mask=mask, grid=grid.cropped(low, high), confidence=None,
        made_by=extended(target.made_by, found.made_by),
    )  # fmt: skip
    return ChangeSegment(changed, what)


def _named(edit: ChangeSegment, target: Segment) -> ChangeSegment:
    """The answer under the name, code and colour of the segment that was begun."""
    made = replace(
        edit.segment, id=target.id, name=target.name, colour=target.colour, anatomy=target.anatomy,
        volume_id=target.volume_id,
    )  # fmt: skip
    return replace(edit, segment=made, what=f"{edit.what}: {target.name}")


def _bounds(segments: Sequence[Segment], grid: VoxelGrid) -> tuple[list[int], list[int]]:
    boxes = [one.grid.box_in(grid) for one in segments]
    low = [min(box[n].start for box in boxes) for n in range(3)]
    high = [max(box[n].stop for box in boxes) for n in range(3)]
    return low, high


def _in_box(
    segments: Sequence[Segment], grid: VoxelGrid, low: list[int], high: list[int]
) -> np.ndarray[Any, Any]:
    """The voxels of any of the segments in a box of the scan."""
    found = np.zeros([b - a for a, b in zip(low, high, strict=True)], bool)
    for one in segments:
        box = one.grid.box_in(grid)
        inner = tuple(slice(s.start - a, s.stop - a) for s, a in zip(box, low, strict=True))
        found[inner] |= one.mask
    return found
