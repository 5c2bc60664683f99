"""An organ of a case with what lies in it and what it is grown to, as mechanics needs it."""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from surgiplan.model import Case, Segment, Volume

if TYPE_CHECKING:
    from surgiplan.mechanics import Organ
    from surgiplan.meshing import SignedDistance

__all__ = ["InCase", "organ_in"]

Floats = npt.NDArray[np.float64]

_TISSUES = {
    "liver": "liver",
    "hepat": "liver",
    "kidney": "kidney",
    "renal": "kidney",
    "spleen": "spleen",
    "stomach": "stomach",
    "brain": "brain",
    "breast": "fibroglandular",
}
"""Word in the name of an organ: its tissue in ``resources/tissues``."""
_LESIONS = ("tumour", "tumor", "lesion", "metasta", "carcinoma", "neoplasm", "malignan")
_CAVA = ("cava", "ivc")
_VESSELS = ("vein", "arter", "portal", "vessel", "aorta")
_INSIDE = 0.05
"""A structure lies in the organ if at least this share of it does."""
_TOUCHES_MM = 2.5
"""Between voxels of neighbours, drawn by different hands."""
_AROUND_MM = 12.0
_COARSE_MM = 1.8
_FEW = 100_000
"""Segments of fewer voxels are small or thin and stay as they are."""


@dataclass(frozen=True, eq=False)
class InCase:
    """An organ as it lies in a case.

    ``embedded``: segments that lie in it, or partly so, and are carried along.  ``made_from``:
    paths of all that was looked at.  ``remarks``: what was assumed, in sentences.
    """

    organ: "Organ"
    distance: "SignedDistance"
    embedded: tuple[Segment, ...]
    made_from: tuple[str, ...]
    remarks: tuple[str, ...] = field(default=())


def organ_in(case: Case, target: Segment, lesion_id: str, *, with_hu: bool) -> InCase:
    """The organ that a segment shows, with tumours, vessels and vena cava of the case.

    ``lesion_id`` names a tumour whatever it is called.  Raises GeometryError for an empty segment.
    """
    from surgiplan.mechanics import Organ
    from surgiplan.meshing import signed_distance

    distance = signed_distance(_coarsened(target))
    others = [
        one
        for one in case.segments.values()
        if one.id != target.id and one.voxels and _is_on_the_grid_of(one, target)
    ]
    lesions = [one for one in others if one.id == lesion_id or _is_called(one, _LESIONS)]
    vessels = [one for one in others if one not in lesions and _is_called(one, _VESSELS + _CAVA)]
    lesions = [one for one in lesions if _share_inside(one, distance) >= _INSIDE]
    inside = [one for one in vessels if _share_inside(one, distance, _beside_mm(one)) >= _INSIDE]
    cava = _near([one for one in vessels if _is_called(one, _CAVA)], distance)
    entering = _near([one for one in vessels if not _is_called(one, _CAVA)], distance, outside=True)
    volume = _scan_of(case, target)
    tissue, remark = _tissue_of(target)
    organ = Organ(
        name=target.name.replace("_", " "),
        distance=distance,
        bounds_mm=distance.bounds_mm,
        tissue=tissue,
        lesions=tuple(signed_distance(_coarsened(one)) for one in lesions),
        hu=partial(_hu_at, volume) if with_hu and volume is not None else None,
        cava=_nearest(cava),
        vessels=tuple(signed_distance(_coarsened(one)) for one in entering.values()),
    )
    used = {one.id for one in (target, *lesions, *inside)} | set(cava) | set(entering)
    paths = [f"segments/{name}" for name in case.segments if name in used]
    paths += [f"volumes/{volume.id}"] if organ.hu is not None and volume is not None else []
    return InCase(organ, distance, (*lesions, *inside), tuple(paths), remark)


def _tissue_of(target: Segment) -> tuple[str, tuple[str, ...]]:
    for word, tissue in _TISSUES.items():
        if _is_called(target, (word,)):
            return tissue, ()
    return "liver", (f"No tissue is known for {target.name}; it is taken as liver.",)


def _is_called(segment: Segment, words: tuple[str, ...]) -> bool:
    """Whether one of the words is in its id, its name or the meaning of its code."""
    meaning = segment.anatomy.kind.meaning if segment.anatomy else ""
    names = f"{segment.id} {segment.name} {meaning}".lower()
    return any(word in names for word in words)


def _is_on_the_grid_of(segment: Segment, target: Segment) -> bool:
    return segment.grid.frame_uid == target.grid.frame_uid


def _places(segment: Segment) -> Floats:
    """Centres of its voxels (n, 3) LPS, of large ones a regular choice."""
    index = np.argwhere(segment.mask)
    return segment.grid.to_lps(index[:: max(1, len(index) // 20_000)])


def _share_inside(segment: Segment, distance: "SignedDistance", beside_mm: float = 0.0) -> float:
    return float((distance(_places(segment)) < beside_mm).mean())


def _beside_mm(vessel: Segment) -> float:
    """How far beside the organ a vessel counts as in it.

    Where every voxel has one name only, a vessel in the organ lies in a furrow of it.
    """
    return 0.0 if _is_called(vessel, _CAVA) else _TOUCHES_MM


def _near(
    segments: list[Segment], distance: "SignedDistance", *, outside: bool = False
) -> dict[str, Segment]:
    """Of each segment the part near the organ's surface, by id; ``outside``: only beyond it."""
    found = {}
    for one in segments:
        index = np.argwhere(one.mask)
        away = distance(one.grid.to_lps(index))
        near = np.abs(away) < _AROUND_MM
        if outside:
            near &= away > 0
        if near.any() and away[near].min() < _TOUCHES_MM:
            mask = np.zeros(one.mask.shape, bool)
            mask[tuple(index[near].T)] = True
            found[one.id] = _cropped(replace(one, mask=mask))
    return found


def _cropped(segment: Segment) -> Segment:
    from surgiplan.imaging import cropped_segment

    return cropped_segment(segment.mask, segment.grid, segment_id=segment.id, name=segment.name)


def _nearest(segments: dict[str, Segment]) -> "SignedDistance | None":
    from surgiplan.meshing import signed_distance

    if not segments:
        return None
    return signed_distance(_coarsened(max(segments.values(), key=lambda one: one.voxels)))


def _coarsened(segment: Segment) -> Segment:
    """The segment with whole voxels put together while they stay below about 2 mm.

    Elements are several times larger.  A block belongs to it where at least half of it does, in
    every other place where exactly half does, so that its volume stays.
    """
    each = [max(1, int(_COARSE_MM / step)) for step in segment.grid.spacing_mm]
    if max(each) == 1 or segment.voxels < _FEW:
        return segment
    shape = [-(-n // e) for n, e in zip(segment.mask.shape, each, strict=True)]
    mask = np.pad(
        segment.mask,
        [(0, e * s - n) for n, s, e in zip(segment.mask.shape, shape, each, strict=True)],
    )
    blocks = mask.reshape(shape[0], each[0], shape[1], each[1], shape[2], each[2])
    twice = 2 * blocks.sum(axis=(1, 3, 5), dtype=np.int32) - int(np.prod(each))
    coarse = twice > 0
    ties = np.argwhere(twice == 0)
    coarse[tuple(ties[ties.sum(axis=1) % 2 == 0].T)] = True
    affine = segment.grid.affine.copy()
    affine[:3, 3] = segment.grid.to_lps((np.array(each) - 1) / 2)
    affine[:3, :3] *= each
    grid = replace(segment.grid, shape=tuple(shape), affine=affine)
    return replace(segment, mask=coarse, grid=grid)


def _scan_of(case: Case, target: Segment) -> Volume | None:
    """The scan that a segment was drawn on, if it is in Hounsfield units."""
    volume = case.volumes.get(target.volume_id) or next(iter(case.volumes.values()), None)
    return volume if volume is not None and volume.unit == "HU" else None


def _hu_at(volume: Volume, points: Floats) -> Floats:
    """Hounsfield units (n,) at points (n, 3) LPS."""
    from scipy.ndimage import map_coordinates

    index = volume.grid.to_index(points).T
    found = map_coordinates(volume.values, index, output=np.float64, order=1, mode="nearest")
    return np.asarray(found)
