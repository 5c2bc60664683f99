"""Growing of painted seeds of several segments until they meet: grow-cut and watershed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.crop import Box
from surgiplan.imaging.morphology import gaussian
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Quantity, Segment, Volume

from .operation import Operation, box_of_segments
from .patch import Mask, Patch

__all__ = ["GrowCutOperation", "SeedSettings", "Watershed", "calm_values"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class SeedSettings:
    """How far from the seeds, and how noise is calmed."""

    reach_mm: Annotated[
        float, Quantity("mm", 0, 200, "how far beyond the box around all seeds they grow")
    ] = 5.0
    sigma_mm: Annotated[
        float, Quantity("mm", 0, 10, "width of the Gaussian that calms noise first")
    ] = 0.8


class _Seeded(Operation):
    Settings: ClassVar[type] = SeedSettings
    segments: ClassVar[tuple[int, int]] = (2, 50)
    changes_all: ClassVar[bool] = True
    if_empty: ClassVar[str] = "paint seeds of each structure and of what surrounds them"

    def box(
        self, volume: Volume, segments: Sequence[Segment], points: Points, settings: SeedSettings
    ) -> Box:
        return seed_box(volume, segments, settings)

    def label(self, segments: Sequence[Segment], settings: SeedSettings) -> str:
        named = ", ".join(one.name for one in segments[:-1])
        return f"Grow {named} and {segments[-1].name} until they meet"

    def find(self, patch: Patch, settings: SeedSettings, report: Report) -> tuple[Mask, ...]:
        box = seed_box(patch.volume, patch.segments, settings)
        labels = np.zeros(patch.box.shape, np.uint8)
        inner = box.shifted(-np.array(patch.box.low)).slices
        seeds = Patch(patch.volume, box, patch.segments, patch.points_lps)
        labels[inner] = self._labels(seeds, settings, report)
        return tuple(labels == n + 1 for n in range(len(patch.segments)))

    def _labels(self, seeds: Patch, settings: SeedSettings, report: Report) -> Any:
        raise NotImplementedError


class GrowCutOperation(_Seeded):
    """Each voxel goes to the seeds with the shortest way to it."""

    name: ClassVar[str] = "grow_cut"
    title: ClassVar[str] = "Grow from seeds"
    about: ClassVar[str] = (
        "Painted seeds of two or more segments grow until they meet, and edges of the scan hold "
        "them up (grow-cut). One of the segments should be the surroundings."
    )

    def _labels(self, seeds: Patch, settings: SeedSettings, report: Report) -> Any:
        from .grow_cut import GrowCut

        return GrowCut(seeds.volume, seeds.segments, settings, report).labels


class Watershed(_Seeded):
    """Each voxel goes to the seeds from which it is flooded first."""

    name: ClassVar[str] = "watershed"
    title: ClassVar[str] = "Watershed"
    about: ClassVar[str] = (
        "Painted seeds of two or more segments flood the scan's edges from below until they meet. "
        "One of the segments should be the surroundings; faint edges leak."
    )

    def _labels(self, seeds: Patch, settings: SeedSettings, report: Report) -> Any:
        from ._kernels import watershed

        labels = seed_labels(seeds)
        report(0.2, self.title)
        relief = steepness(seeds, settings.sigma_mm)
        report(0.5, self.title)
        watershed(relief, labels)
        return labels


def seed_box(volume: Volume, segments: Sequence[Segment], settings: SeedSettings) -> Box:
    """Where seeds may grow."""
    return box_of_segments(volume, segments, settings.reach_mm)


def seed_labels(seeds: Patch) -> npt.NDArray[np.uint8]:
    """The seeds numbered from 1; where two overlap the later one counts."""
    labels = np.zeros(seeds.box.shape, np.uint8)
    for number in range(len(seeds.segments)):
        labels[seeds.mask(number)] = number + 1
    return labels


def calm_values(volume: Volume, box: Box, sigma_mm: float) -> Floats:
    """The scan in a box, blurred as the whole scan would be."""
    if not sigma_mm:
        return volume.values[box.slices].astype(np.float32)
    spacing = volume.grid.spacing_mm
    margin = np.ceil(3 * sigma_mm / np.array(spacing)).astype(int) + 1
    around = box.grown(margin, volume.grid.shape)
    calm = gaussian(volume.values[around.slices], sigma_mm, spacing)
    inner = box.shifted(-np.array(around.low)).slices
    return np.ascontiguousarray(calm[inner])


def steepness(patch: Patch, sigma_mm: float) -> npt.NDArray[np.uint8]:
    """Length of the blurred scan's gradient in 255 steps; the steepest hundredth is the top."""
    around = patch.box.grown(1, patch.volume.grid.shape)
    calm = calm_values(patch.volume, around, sigma_mm)
    squares = np.zeros(around.shape, np.float32)
    for axis, step in enumerate(patch.spacing_mm):
        if around.shape[axis] > 1:
            squares += np.gradient(calm, np.float32(step), axis=axis) ** 2
    steep = np.sqrt(squares)[patch.box.shifted(-np.array(around.low)).slices]
    top = float(np.percentile(steep, 99)) or 1.0
    result: npt.NDArray[np.uint8] = np.minimum(steep * np.float32(255 / top), 255).astype(np.uint8)
    return result
