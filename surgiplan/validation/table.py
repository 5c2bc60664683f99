"""All structures of a reference beside those of one or several readers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from surgiplan.errors import GeometryError
from surgiplan.geometry import mask_on
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Segment, VoxelGrid

from .agreement import Agreement, Surface, agreement

__all__ = ["Comparison", "compared", "resampled"]


@dataclass(frozen=True)
class Comparison:
    """One structure, one reader."""

    name: str
    reader: str
    agreement: Agreement
    notice: str = ""
    """What was done before they could be compared."""


def compared(
    reference: Sequence[Segment],
    readers: Mapping[str, Sequence[Segment]],
    *,
    tolerance_mm: float = 1.0,
    surface: Surface = Surface.AREA,
    report: Report = silent,
) -> list[Comparison]:
    """Each structure of the reference, in its order, beside the one of that name of each reader.

    A structure that a reader lacks counts as empty, and so does the reference for one that only a
    reader has.  A single structure on each side is compared whatever its name.  What lies on other
    voxels in the same frame of reference is resampled to the reference's, and the notice says so.
    Raises GeometryError where the frames differ.
    """
    rows: list[Comparison] = []
    for reader, segments in readers.items():
        pairs = _pairs(reference, segments)
        for n, (one, other) in enumerate(pairs):
            report(len(rows) / max(len(pairs) * len(readers), 1), f"Comparing {one.name}")
            other, notice = _on_lattice_of(one, other)
            found = agreement(one, other, tolerance_mm=tolerance_mm, surface=surface)
            rows.append(Comparison(pairs[n][0].name, reader, found, notice))
    return rows


def _pairs(
    reference: Sequence[Segment], segments: Sequence[Segment]
) -> list[tuple[Segment, Segment]]:
    if len(reference) == len(segments) == 1:
        return [(reference[0], segments[0])]
    theirs = {segment.name: segment for segment in segments}
    pairs = [(one, theirs.get(one.name, _empty(one))) for one in reference]
    known = {one.name for one in reference}
    return pairs + [(_empty(other), other) for name, other in theirs.items() if name not in known]


def _empty(like: Segment) -> Segment:
    return replace(like, mask=np.zeros(like.mask.shape, np.bool_))


def _on_lattice_of(reference: Segment, test: Segment) -> tuple[Segment, str]:
    """The test on the reference's voxels, and what was done to it."""
    reference.grid.require_same_frame(test.grid)
    a, b = reference.grid, test.grid
    offset = a.to_index(b.affine[:3, 3])
    same = np.allclose(a.affine[:3, :3], b.affine[:3, :3], atol=1e-5)
    if same and np.abs(offset - np.rint(offset)).max() < 1e-3:
        return test, ""
    spacings = (" × ".join(f"{mm:.2f}" for mm in grid.spacing_mm) for grid in (b, a))
    return resampled(test, a), "Resampled from {} to {} mm.".format(*spacings)


def resampled(segment: Segment, grid: VoxelGrid) -> Segment:
    """The segment on the voxels of another grid, continued as far as it reaches.

    A voxel belongs to it if its centre does.  Raises GeometryError if nothing of it is left.
    """
    corners = grid.to_index(segment.grid.corners_lps())
    low = np.floor(corners.min(axis=0)).astype(int)
    high = np.ceil(corners.max(axis=0)).astype(int) + 1
    target = grid.cropped(low, high)
    mask = mask_on(target, segment.mask, segment.grid)
    if segment.voxels and not mask.any():
        raise GeometryError(
            f"{segment.name} is smaller than the voxels it is to be compared on; compare it on "
            "the finer of the two scans."
        )
    return replace(segment, mask=mask, grid=target)
