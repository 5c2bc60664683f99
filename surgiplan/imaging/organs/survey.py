"""What is known about a trunk before any organ is looked for, in blocks of about 3 mm."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from surgiplan.errors import SegmentationError
from surgiplan.geometry import upright
from surgiplan.imaging.blood_pool import BloodPool, blood_pools
from surgiplan.imaging.coarse import Coarse, coarsened
from surgiplan.imaging.crop import Box
from surgiplan.imaging.morphology import Mask
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Segment, Volume, VoxelGrid

from .airways import Airways, airways
from .column import Column, column
from .lung_blocks import LungBlocks, lung_blocks
from .outline import body_blocks

if TYPE_CHECKING:
    from .abdomen import Abdomen
    from .organ import Organ

__all__ = ["Survey", "survey_of", "upright_scan"]

_BLOCK_MM = 3.0


@dataclass(frozen=True, eq=False)
class Survey:
    """A trunk in upright blocks: axis k runs to the head, j to the back, i to the left.

    Everything is computed when first asked for, and once.
    """

    scan: Volume
    """The scan turned upright: a view of the same voxels."""
    coarse: Coarse = field(repr=False)
    """Means of blocks over the whole scan, not below -1024."""
    _found: "dict[type[Organ], tuple[Segment, ...] | SegmentationError]" = field(
        default_factory=dict, repr=False
    )

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Size of the blocks along (k, j, i)."""
        return self.coarse.spacing_mm

    @cached_property
    def grid(self) -> VoxelGrid:
        """Where the blocks lie in the patient."""
        factors = np.array(self.coarse.factors, float)
        affine = self.scan.grid.affine.copy()
        affine[:3, 3] = self.scan.grid.to_lps((factors - 1) / 2)
        affine[:3, :3] = affine[:3, :3] * factors
        k, j, i = self.coarse.values.shape
        return replace(self.scan.grid, shape=(k, j, i), affine=affine)

    @cached_property
    def body(self) -> Mask:
        """The patient in blocks, filled: without table, with lungs and bowel gas.

        Raises SegmentationError where there is nothing but air.
        """
        body = body_blocks(self.coarse.values, self.spacing_mm)
        if not body.any():
            raise SegmentationError("There is nothing but air in this scan; choose another one.")
        return body

    @cached_property
    def lung_sides(self) -> LungBlocks:
        """Left and right lung in blocks, aerated parts and airways."""
        return lung_blocks(self.coarse.values, self.body, self.spacing_mm, self.spine)

    @property
    def lungs(self) -> Mask:
        """Both lungs with the airways in blocks, aerated parts only; empty where there are none."""
        return self.lung_sides.both

    @cached_property
    def airways(self) -> Airways | None:
        """Windpipe and bronchi; None where no windpipe is seen between the lungs."""
        return airways(self.scan, self.lung_sides, self.coarse)

    @cached_property
    def spine(self) -> Column | None:
        """The course of the spinal canal; None where no spine is seen."""
        return column(self.coarse, self.body)

    @property
    def blood_pool(self) -> BloodPool | None:
        """The contrast-filled large vessel; None without contrast."""
        return next(iter(self.blood_pools), None)

    @cached_property
    def blood_pools(self) -> tuple[BloodPool, ...]:
        """All contrast-filled large vessels that run along the body, the longest first."""
        return blood_pools(self.coarse, self.body)

    @cached_property
    def abdomen(self) -> "Abdomen":
        """Where liver, spleen and kidneys lie."""
        from .abdomen import abdomen_of

        return abdomen_of(self)

    def organ(self, name: str) -> Segment | None:
        """The segment ``name`` on the upright scan; None where its method gave up."""
        from .torso import organ_methods

        for _, method in organ_methods():
            if name in method.names:
                try:
                    made = self.find(method)
                except SegmentationError:
                    return None
                return next((one for one in made if one.id == name), None)
        return None

    def find(self, method: "type[Organ]", report: Report = silent) -> tuple[Segment, ...]:
        """What a method finds on the upright scan with its own settings; looked for once.

        Raises SegmentationError with the reason where it gives up.
        """
        if method not in self._found:
            try:
                self._found[method] = method().on(self, method.Settings(), report)
            except SegmentationError as error:
                self._found[method] = error
        found = self._found[method]
        if isinstance(found, SegmentationError):
            raise found
        return found


def upright_scan(volume: Volume) -> Volume:
    """The scan with its axes swapped and turned over, a view of the same voxels."""
    values, affine = upright(volume.values, volume.grid.affine)
    k, j, i = values.shape
    grid = replace(volume.grid, shape=(k, j, i), affine=affine)
    return replace(volume, values=values, grid=grid)


_KNOWN: WeakKeyDictionary[Volume, Survey] = WeakKeyDictionary()


def survey_of(volume: Volume, report: Report = silent) -> Survey:
    """The survey of a scan, the same one for the same scan as long as that lives."""
    if volume not in _KNOWN:
        report(0.0, "Looking at the whole scan")
        scan = upright_scan(volume)
        coarse = coarsened(scan, Box((0, 0, 0), scan.grid.shape), _BLOCK_MM, floor=-1024.0)
        _KNOWN[volume] = Survey(scan, coarse)
    return _KNOWN[volume]
