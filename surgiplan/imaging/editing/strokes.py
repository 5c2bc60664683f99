"""A stroke of the brush: voxels gathered while the hand moves, kept apart until it lets go."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.geometry import mask_on
from surgiplan.imaging.crop import Box, bounding_box
from surgiplan.model import Points, Segment, Volume, VoxelGrid

from .patch import extended

__all__ = ["Brush", "Stroke"]

Mask = npt.NDArray[np.bool_]

_SPARE = 24
"""Voxels of room around a stroke, so that it need not be copied at each move."""


@dataclass(frozen=True)
class Brush:
    """What touches the voxels."""

    radius_mm: float = 6.0
    is_ball: bool = False
    """A ball in space; otherwise a disc in the plane of the slice."""
    erases: bool = False
    values: tuple[float, float] | None = None
    """Lowest and highest value of the scan that it takes; None takes all."""


class Stroke:
    """One stroke over one segment.  Nothing is changed; ``result`` is the segment afterwards.

    Each move costs time in proportion to the box that the brush sweeps, however large the scan.
    """

    def __init__(
        self,
        volume: Volume,
        segment: Segment,
        brush: Brush,
        *,
        outside: Sequence[Segment] = (),
        inside: Segment | None = None,
        over: Sequence[Segment] = (),
    ) -> None:
        """Begin on the scan that ``segment`` was drawn on.

        The brush takes nothing of ``outside`` and only what is ``inside``; the segments it paints
        ``over`` give way.  Raises GeometryError if one that changes has other voxels than the scan.
        """
        self.brush, self.segment = brush, segment
        self._volume, self._over = volume, tuple(over)
        self._lattice = volume.grid
        for one in (segment, *over):
            one.grid.box_in(volume.grid)
        self._outside = [_Mask(one, self._lattice) for one in outside if one.voxels]
        self._inside = _Mask(inside, self._lattice) if inside is not None else None
        self._own = _Mask(segment, self._lattice)
        self._from_index = self._lattice.affine[:3, :3]
        self._to_index = np.asarray(np.linalg.inv(self._from_index), np.float64)
        self._box: Box | None = None
        self._chosen: Mask = np.zeros((0, 0, 0), bool)
        self._last: Points | None = None
        self.looked_at = 0
        """Voxels that all moves together have looked at."""

    @property
    def chosen(self) -> tuple[Mask, VoxelGrid] | None:
        """The voxels of the stroke so far and the cropped grid that they lie on; None for none."""
        if self._box is None:
            return None
        return self._chosen, self._lattice.cropped(self._box.low, self._box.high)

    def move(
        self, point_lps: npt.ArrayLike, toward: npt.ArrayLike = (0, 0, 1), thickness_mm: float = 1.0
    ) -> Box | None:
        """Sweep from the last point to this one [mm]; the box that was touched, if any.

        A disc lies across ``toward`` (unit vector) and takes the voxels within half of
        ``thickness_mm`` of its plane.
        """
        end = np.asarray(point_lps, np.float64)
        start = end if self._last is None else self._last
        self._last = end
        sweep = _Sweep(start, end, self.brush, np.asarray(toward, float), thickness_mm)
        box = self._reach(sweep)
        if box is None:
            return None
        self.looked_at += int(np.prod(box.shape))
        found = sweep.covered(self._lattice, box) & self._allowed(box)
        if found.any():
            self._make_room(box)
            assert self._box is not None
            self._chosen[box.shifted(-np.array(self._box.low)).slices] |= found
        return box

    def lift(self) -> None:
        """Begin anew at the next point, not from the last: the slice has changed, say."""
        self._last = None

    def result(self) -> Segment | None:
        """The segment after the stroke; None if the stroke changes nothing.

        Raises SegmentationError if nothing would be left of it.
        """
        stroke = self._cropped()
        if stroke is None:
            return None
        done = "erased by hand" if self.brush.erases else "painted by hand"
        if self.brush.erases:
            changed: Segment | None = _without(self.segment, self._own, *stroke)
        else:
            changed = self._with(*stroke)
        made_by = extended(self.segment.made_by, done)
        return changed and replace(
            changed, volume_id=self._volume.id, made_by=made_by, confidence=None
        )

    def others(self) -> tuple[Segment, ...]:
        """The segments that gave way, after the stroke.

        Raises SegmentationError if nothing would be left of one.
        """
        stroke = self._cropped()
        if stroke is None or self.brush.erases:
            return ()
        changed = []
        for other in self._over:
            own = _Mask(other, self._lattice)
            if own.may_meet(stroke[1]) and (own.within(stroke[1]) & stroke[0]).any():
                changed.append(_without(other, own, *stroke))
        return tuple(changed)

    def _cropped(self) -> tuple[Mask, Box] | None:
        """The stroke and the box it fills; None if it has taken nothing."""
        tight = bounding_box(self._chosen)
        if tight is None or self._box is None:
            return None
        return np.ascontiguousarray(self._chosen[tight.slices]), tight.shifted(self._box.low)

    def _with(self, stroke: Mask, box: Box) -> Segment | None:
        if not (stroke & ~self._own.within(box)).any():
            return None
        old = self._own.box if self.segment.voxels else None
        low, high = np.array(box.low), np.array(box.high)
        if old is not None:
            low, high = np.minimum(low, old.low), np.maximum(high, old.high)
        whole = Box(_triple(low), _triple(high))
        mask = np.zeros(whole.shape, bool)
        if old is not None:
            mask[old.shifted(-low).slices] = self.segment.mask
        mask[box.shifted(-low).slices] |= stroke
        return replace(self.segment, mask=mask, grid=self._lattice.cropped(whole.low, whole.high))

    def _reach(self, sweep: "_Sweep") -> Box | None:
        """The voxels that a sweep can touch; None if it passes beside the scan."""
        limits = Box((0, 0, 0), self._lattice.shape)
        if self.brush.erases:
            if self._own.box is None:
                return None
            limits = self._own.box
        ends = self._lattice.to_index(np.stack([sweep.start, sweep.end]))
        reach = sweep.reach_in(self._to_index)
        low = np.maximum(np.ceil(ends.min(axis=0) - reach), limits.low).astype(int)
        high = np.minimum(np.floor(ends.max(axis=0) + reach) + 1, limits.high).astype(int)
        return Box(_triple(low), _triple(high)) if np.all(high > low) else None

    def _allowed(self, box: Box) -> Mask:
        """Which voxels of a box the rules let through."""
        allowed = np.ones(box.shape, bool)
        if self.brush.values is not None:
            low, high = self.brush.values
            values = self._volume.values[box.slices]
            allowed &= (values >= low) & (values <= high)
        if self.brush.erases:
            return allowed & self._own.within(box)
        if self._inside is not None:
            allowed &= self._inside.within(box)
        for other in self._outside:
            if other.may_meet(box):
                allowed &= ~other.within(box)
        return allowed

    def _make_room(self, box: Box) -> None:
        """Let the scratch array hold a box; it grows by half its size at a time."""
        old = self._box
        if old is not None and all(
            a <= b and c >= d
            for a, b, c, d in zip(old.low, box.low, old.high, box.high, strict=True)
        ):
            return
        low, high = np.array(box.low), np.array(box.high)
        spare = np.where(high - low > 1, _SPARE, 0)
        if old is not None:
            spare = np.where(high - low > 1, np.maximum(spare, np.array(old.shape) // 2), 0)
            spare_low = np.where(low < old.low, spare, 0)
            spare_high = np.where(high > old.high, spare, 0)
            low = np.minimum(low - spare_low, old.low)
            high = np.maximum(high + spare_high, old.high)
        else:
            low, high = low - spare, high + spare
        low, high = np.maximum(low, 0), np.minimum(high, self._lattice.shape)
        grown = Box(_triple(low), _triple(high))
        chosen = np.zeros(grown.shape, bool)
        if old is not None:
            chosen[old.shifted(-low).slices] = self._chosen
        self._box, self._chosen = grown, chosen


@dataclass(frozen=True)
class _Sweep:
    """A brush drawn from one point to another in LPS [mm]."""

    start: Points
    end: Points
    brush: Brush
    toward: Points
    thickness_mm: float

    def reach_in(self, to_index: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """How far the brush reaches around its points along (k, j, i), in voxels."""
        radius = self.brush.radius_mm
        least = np.full(3, 0.5)
        if self.brush.is_ball:
            return np.asarray(np.maximum(radius * np.linalg.norm(to_index, axis=1), least))
        across = to_index @ self.toward
        in_plane = np.linalg.norm(to_index - np.outer(across, self.toward), axis=1)
        reach = radius * in_plane + self.thickness_mm / 2 * np.abs(across)
        return np.asarray(np.maximum(reach, least))

    def covered(self, lattice: VoxelGrid, box: Box) -> Mask:
        """Which voxels of a box have their centre under the brush, and the one at its middle."""
        axes, affine = lattice.affine[:3, :3], lattice.affine
        steps = _steps(box, lattice.to_index(self.start))
        squared = _squared_mm(steps, axes)
        along = self.end - self.start
        length2 = float(along @ along)
        if length2 > 0:
            s = _dot(steps, axes, along)
            t = np.clip(s / np.float32(length2), 0, 1)
            squared = squared + t * (t * np.float32(length2) - 2 * s)
        if self.brush.is_ball:
            found: Mask = squared <= self.brush.radius_mm**2
        else:
            height = _dot(steps, axes, self.toward)
            found = squared - height * height <= self.brush.radius_mm**2
            found &= np.abs(height) <= self.thickness_mm / 2 * (1 - 1e-4)
        middle = np.linalg.solve(affine[:3, :3], self.end - affine[:3, 3])
        at = np.rint(middle).astype(int) - np.array(box.low)
        if np.all((at >= 0) & (at < box.shape)):
            found[tuple(at)] = True
        return found


class _Mask:
    """A segment's mask, looked up in boxes of another lattice."""

    def __init__(self, segment: Segment, lattice: VoxelGrid) -> None:
        self._segment, self._lattice = segment, lattice
        self.box: Box | None = None
        """Where it lies in the lattice; None where it shares no voxels with it."""
        low = lattice.to_index(segment.grid.affine[:3, 3])
        start = np.rint(low)
        same_steps = np.allclose(segment.grid.affine[:3, :3], lattice.affine[:3, :3], atol=1e-6)
        if same_steps and np.allclose(low, start, atol=1e-3):
            self.box = Box(_triple(start), _triple(start + segment.grid.shape))

    def within(self, box: Box) -> Mask:
        """Its voxels in a box, shape of the box."""
        if self.box is None:
            grid = self._lattice.cropped(box.low, box.high)
            return mask_on(grid, self._segment.mask, self._segment.grid)
        found = np.zeros(box.shape, bool)
        if (common := _common(box, self.box)) is not None:
            there = common.shifted(-np.array(self.box.low)).slices
            found[common.shifted(-np.array(box.low)).slices] = self._segment.mask[there]
        return found

    def may_meet(self, box: Box) -> bool:
        """Whether any of its voxels may lie in a box."""
        return self.box is None or _common(box, self.box) is not None


def _without(segment: Segment, own: _Mask, stroke: Mask, box: Box) -> Segment:
    """A segment without the voxels of a stroke in a box, cropped."""
    assert own.box is not None
    mask = segment.mask.copy()
    common = _common(box, own.box)
    if common is not None:
        taken = stroke[common.shifted(-np.array(box.low)).slices]
        mask[common.shifted(-np.array(own.box.low)).slices] &= ~taken
    tight = bounding_box(mask)
    if tight is None:
        raise SegmentationError(
            f"This would leave nothing of {segment.name}; remove the segment instead."
        )
    cropped = np.ascontiguousarray(mask[tight.slices])
    return replace(segment, mask=cropped, grid=segment.grid.cropped(tight.low, tight.high))


def _common(a: Box, b: Box) -> Box | None:
    low, high = np.maximum(a.low, b.low), np.minimum(a.high, b.high)
    return Box(_triple(low), _triple(high)) if np.all(high > low) else None


def _steps(box: Box, origin_kji: Points) -> list[npt.NDArray[np.float32]]:
    """Voxels from the origin along each axis, ready to be broadcast over the box."""
    steps = []
    for axis, (low, high) in enumerate(zip(box.low, box.high, strict=True)):
        shape = [1, 1, 1]
        shape[axis] = high - low
        line = np.arange(low, high) - origin_kji[axis]
        steps.append(line.astype(np.float32).reshape(shape))
    return steps


def _squared_mm(steps: list[npt.NDArray[np.float32]], axes: Points) -> npt.NDArray[np.float32]:
    """Squared distance [mm2] from the origin of the steps, any angles between the axes."""
    metric = (axes.T @ axes).astype(np.float32)
    total = sum(metric[n, n] * steps[n] ** 2 for n in range(3))
    for n, m in ((0, 1), (0, 2), (1, 2)):
        if abs(metric[n, m]) > 1e-6 * metric[n, n]:
            total = total + 2 * metric[n, m] * steps[n] * steps[m]
    return np.asarray(total, np.float32)


def _dot(
    steps: list[npt.NDArray[np.float32]], axes: Points, vector: Points
) -> npt.NDArray[np.float32]:
    """How far each voxel lies along a vector in LPS, times its length [mm]."""
    weights = (axes.T @ vector).astype(np.float32)
    total = weights[0] * steps[0] + weights[1] * steps[1] + weights[2] * steps[2]
    return np.asarray(total, np.float32)


def _triple(numbers: npt.ArrayLike) -> tuple[int, int, int]:
    k, j, i = (int(n) for n in np.asarray(numbers))
    return k, j, i
