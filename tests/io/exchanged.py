"""A marked body as a case with segments that overlap, and what other programs read of its files."""

from pathlib import Path

import numpy as np

from surgiplan.model import Case, Code, CodedAnatomy, Segment
from surgiplan.workflow import import_scan
from tests.workflow.marked_body import MARKERS, grid_in, series, volume_file

CODES = {
    "left": CodedAnatomy(
        Code("91723000", "SCT", "Anatomical Structure"),
        Code("64033007", "SCT", "Kidney"),
        side=Code("7771000", "SCT", "Left"),
    ),
    "front": CodedAnatomy(
        Code("49755003", "SCT", "Morphologically Abnormal Structure"),
        Code("396339007", "SCT", "Thrombus"),
        region=Code("15825003", "SCT", "Aorta"),
    ),
}
COLOURS = {"left": "#c98a72", "front": "#0197fe", "head": "#ffffff", "body": "#102030"}


def case_of(folder: Path, order: str = "SPL", turn=None, *, with_identity=True, suffix="") -> Case:
    """The body's scan, with the three marks and the whole body as segments."""
    grid = grid_in(order, turn)
    path = volume_file(folder / f"scan{suffix}", grid) if suffix else series(folder / "ct", grid)
    case = import_scan(path, with_identity=with_identity).apply(Case())
    return case.with_(*(segment_of(case, name) for name in (*MARKERS, "body")))


def segment_of(case: Case, name: str) -> Segment:
    volume = case.volume()
    found = volume.values > -500 if name == "body" else volume.values == MARKERS[name][2]
    filled = [np.flatnonzero(found.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    low, high = [one[0] for one in filled], [one[-1] + 1 for one in filled]
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    return Segment(
        name,
        name.upper(),
        found[box],
        volume.grid.cropped(low, high),
        volume.id,
        anatomy=CODES.get(name),
        colour=COLOURS[name],
    )


def whole(segment: Segment, case: Case) -> np.ndarray:
    """Its mask on the whole grid of its scan."""
    grid = case.volume(segment.volume_id).grid
    mask = np.zeros(grid.shape, bool)
    mask[segment.grid.box_in(grid)] = segment.mask
    return mask


def mask_at(points_lps: np.ndarray, case: Case) -> np.ndarray:
    """The voxels of the scan at points (n, 3), each of which must be a voxel's middle."""
    grid = case.volume().grid
    index = grid.to_index(points_lps)
    assert np.abs(index - np.rint(index)).max() < 0.01
    mask = np.zeros(grid.shape, bool)
    mask[tuple(np.rint(index).astype(int).T)] = True
    return mask


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))
