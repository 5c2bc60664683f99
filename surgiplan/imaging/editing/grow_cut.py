"""Grow-cut that remembers: after more or fewer seeds only what they change is computed again."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.imaging.crop import Box
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Segment, Volume

from .patch import Mask, Patch, segment_box
from .seeded import SeedSettings, calm_values, seed_box, seed_labels

__all__ = ["GrowCut"]

_EDGE = 8.0
"""How much more a change of value counts beside noise than a step beside its length."""
_FACES = np.array(
    [(k, j, i) for k, j, i in product((-1, 0, 1), repeat=3) if k * k + j * j + i * i == 1]
)
"""Steps to the neighbours (6, 3)."""


class GrowCut:
    """Seeds of several segments, and to which of them each voxel of a box belongs.

    The state of an editable preview: ``update`` after each stroke gives what a fresh start with
    the same seeds in the same box would give.
    """

    _box: Box
    _values: npt.NDArray[np.float32]
    _lengths: npt.NDArray[np.float32]
    _distance: npt.NDArray[np.float32]
    _owner: npt.NDArray[np.uint8]
    _seeds: npt.NDArray[np.uint8]

    def __init__(
        self,
        volume: Volume,
        segments: Sequence[Segment],
        settings: SeedSettings | None = None,
        report: Report = silent,
    ) -> None:
        """Grow from the segments as seeds.  Raises SegmentationError for fewer than two."""
        if len(segments) < 2:
            raise SegmentationError("Growing from seeds takes seeds of at least two segments.")
        self._volume = volume
        self._settings = settings or SeedSettings()
        self._prepare(seed_box(volume, segments, self._settings))
        report(0.3, "Growing from seeds")
        self.update(segments)

    @property
    def box(self) -> Box:
        """The voxels of the scan that are divided."""
        return self._box

    @property
    def labels(self) -> npt.NDArray[np.uint8]:
        """For each voxel (k, j, i) of the box the number of its segment, from 1."""
        view = self._owner.view()
        view.flags.writeable = False
        return view

    def mask(self, number: int) -> Mask:
        """The voxels of the box that belong to the segment of that place, from 0."""
        result: Mask = self._owner == number + 1
        return result

    def segments(self, seeds: Sequence[Segment]) -> tuple[Segment, ...]:
        """The seeds grown to what they are now, to be put in their place."""
        patch = Patch(self._volume, self._box, tuple(seeds), np.zeros((0, 3)))
        return tuple(
            patch.segment(self.mask(number), like=one, done="grow_cut")
            for number, one in enumerate(seeds)
        )

    def update(self, segments: Sequence[Segment]) -> None:
        """Take these seeds instead; a larger box is begun where they leave the present one.

        The segments stand in the order of the first time; one may join behind them.
        """
        if not all(_holds(self._box, segment_box(one, self._volume.grid)) for one in segments):
            self._prepare(seed_box(self._volume, segments, self._settings))
        seeds = seed_labels(Patch(self._volume, self._box, tuple(segments), np.zeros((0, 3))))
        changed = seeds != self._seeds
        if not changed.any():
            return
        from ._kernels import spread

        lost = np.unique(self._seeds[changed & (self._seeds > 0)])
        stale = np.isin(self._owner, lost[lost > 0]) if len(lost) else np.zeros_like(changed)
        self._distance[stale], self._owner[stale] = np.inf, 0
        fresh = (changed | stale) & (seeds > 0)
        self._distance[fresh], self._owner[fresh] = 0, seeds[fresh]
        self._seeds = seeds
        starts = fresh | (_beside(stale) & (self._owner > 0))
        spread(self._values, _FACES, self._lengths, self._distance, self._owner, starts)

    def _prepare(self, box: Box) -> None:
        """Begin anew in a box."""
        self._box = box
        calm = calm_values(self._volume, box, self._settings.sigma_mm)
        self._values = calm * np.float32(_EDGE / _noise(calm))
        self._seeds = np.zeros(box.shape, np.uint8)
        self._owner = np.zeros(box.shape, np.uint8)
        self._distance = np.full(box.shape, np.inf, np.float32)
        lengths = np.linalg.norm(_FACES * self._volume.grid.spacing_mm, axis=-1)
        self._lengths = lengths.astype(np.float32)


def _noise(values: npt.NDArray[np.float32]) -> float:
    """What values of neighbours usually differ by; a thousandth of their range at least."""
    differences = np.abs(np.diff(values, axis=2))
    usual = float(np.median(differences)) if differences.size else 0.0
    low, high = (float(x) for x in np.percentile(values[::2, ::2, ::2], (1, 99)))
    return max(usual / 0.6745, (high - low) / 1000, 1e-6)


def _beside(where: Mask) -> Mask:
    """The voxels that share a face with one of these."""
    beside = np.zeros_like(where)
    for axis in range(3):
        moved, into = np.moveaxis(where, axis, 0), np.moveaxis(beside, axis, 0)
        into[1:] |= moved[:-1]
        into[:-1] |= moved[1:]
    return beside


def _holds(box: Box, other: Box) -> bool:
    return bool(np.all(np.less_equal(box.low, other.low) & np.less_equal(other.high, box.high)))
