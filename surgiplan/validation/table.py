"""All structures of a reference beside those of one or several readers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from surgiplan.errors import GeometryError
from surgiplan.geometry import mask_on
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Segment, VoxelGrid

from .agreement import Agreement, Surface, agreement

__all__ = ["Comparison", "compared", "on_lattice_of", "resampled", "without_voxels"]

_UNSTATED = "One of the two does not state its frame of reference; that of the other was taken."


@dataclass(frozen=True)
class Comparison:
    """One structure, one reader."""

    name: str
    reader: str
    agreement: Agreement
    notice: str = ""
    """What was done before they could be compared."""


def compared(
    reference: Mapping[str, Segment],
    readers: Mapping[str, Mapping[str, Segment]],
    *,
    tolerance_mm: float = 1.0,
    surface: Surface = Surface.AREA,
    report: Report = silent,
) -> list[Comparison]:
    """Each structure of the reference, in its order, beside the one of that name of each reader.

    Structures are asked for one after the other, so that a mapping may cut them out of a scan of
    labels when they are wanted.  One that a reader lacks counts as empty, and so does the reference
    for one that only a reader has.  A single structure on each side is compared whatever its name.
    What lies on other voxels in the same frame of reference is resampled to the reference's, and
    the notice says so.  Raises GeometryError where the frames differ.
    """
    rows: list[Comparison] = []
    for done, (reader, segments) in enumerate(readers.items()):
        pairs = _pairs(reference, segments)
        for n, (name, mine, theirs) in enumerate(pairs):
            report((done + n / len(pairs)) / len(readers), f"Comparing {name}")
            one = reference[mine] if mine else without_voxels(segments[theirs])
            other, notice = on_lattice_of(one, segments[theirs] if theirs else without_voxels(one))
            found = agreement(one, other, tolerance_mm=tolerance_mm, surface=surface)
            rows.append(Comparison(name, reader, found, notice))
    return rows


def _pairs(
    reference: Mapping[str, Segment], segments: Mapping[str, Segment]
) -> list[tuple[str, str, str]]:
    """Name of the row, and under which name either side has it; empty where it does not."""
    if len(reference) == len(segments) == 1:
        (mine,), (theirs,) = reference, segments
        return [(mine, mine, theirs)]
    pairs = [(name, name, name if name in segments else "") for name in reference]
    return pairs + [(name, "", name) for name in segments if name not in reference]


def without_voxels(like: Segment) -> Segment:
    """An empty segment on the lattice of another."""
    grid = like.grid.cropped((0, 0, 0), (1, 1, 1))
    return replace(like, mask=np.zeros((1, 1, 1), np.bool_), grid=grid)


def on_lattice_of(reference: Segment, test: Segment) -> tuple[Segment, str]:
    """The test on the reference's voxels, and what was done to it.

    Raises GeometryError where their frames of reference differ.
    """
    test, notice = _in_frame_of(reference.grid, test)
    a, b = reference.grid, test.grid
    if _have_one_lattice(a, b):
        return test, notice
    spacings = (" × ".join(f"{mm:.2f}" for mm in grid.spacing_mm) for grid in (b, a))
    said = "Resampled from {} to {} mm.".format(*spacings)
    return resampled(test, a), f"{said} {notice}".strip()


def _in_frame_of(grid: VoxelGrid, test: Segment) -> tuple[Segment, str]:
    """The test in the reference's frame, where one of them does not say which is its own.

    Label maps never say it; a segment of a case does.  Raises GeometryError where both do and
    differ.
    """
    if grid.frame_uid and test.grid.frame_uid:
        grid.require_same_frame(test.grid)
    if grid.frame_uid == test.grid.frame_uid:
        return test, ""
    same = replace(test, grid=replace(test.grid, frame_uid=grid.frame_uid))
    return same, _UNSTATED


def _have_one_lattice(a: VoxelGrid, b: VoxelGrid) -> bool:
    offset = a.to_index(b.affine[:3, 3])
    same = np.allclose(a.affine[:3, :3], b.affine[:3, :3], atol=1e-5)
    return bool(same and np.abs(offset - np.rint(offset)).max() < 1e-3)


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
