"""The bones of a skeleton told apart, in blocks."""

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.morphology import Mask, dilated, distance_mm, labelled, opened
from surgiplan.units import MM3_PER_ML

from .hips import Ball, hip_balls
from .skeleton import Skeleton
from .survey import Survey

__all__ = ["Labels", "Part", "bone_parts"]

Labels = npt.NDArray[np.uint8]

_JOINT_MM = 2.0
"""Half the width of the cut around the head of a thigh bone."""

_TRANSVERSE_MM = 40.0
"""Transverse processes of the chest end nearer to the middle, ribs go on."""

_VERTEBRA_MM = 58.0
"""Pieces that end nearer to the middle belong to the spine."""

_WING_MM = 30.0
"""Hip bones are at least this tall somewhere; a rib's section is not."""

_HALF_BODY_MM = (20.0, 28.0)
"""Half the width of vertebral bodies beside the lungs, where ribs begin, and below."""

_TRUNK_MM = 165.0
"""Half the width of the widest chest; arms that lie beside it begin farther out."""

_BREASTBONE_MM = 38.0
_FRONT_MM = 60.0
_ON_LUNG_MM = 11.0
"""Ribs lie this near to the lungs, shoulder blades behind their muscles do not."""

_SHAFT_MM = 8.5
"""Half the thickness of an arm's bone."""

_CHEST_MM = 120.0
"""Lungs this tall reach up to the shoulders; this far below them there are hip bones."""

_SKULL_MM = 110.0
"""Above the top of the lungs there is no other bone but the neck's."""


class Part(IntEnum):
    """Which bone a block belongs to."""

    NONE = 0
    SPINE = 1
    RIBS = 2
    PELVIS = 3
    LONG_BONES = 4
    STERNUM = 5
    SCAPULAE = 6
    CLAVICLES = 7
    SKULL = 8
    OTHER_BONES = 9


def bone_parts(survey: Survey, bones: Skeleton) -> tuple[Labels, list[Ball]]:
    """The part of each solid block, and the heads of the thigh bones that were cut out."""
    place = _Frame(survey, bones)
    result = np.zeros(bones.solid.shape, np.uint8)
    balls = hip_balls(survey, bones.solid, place.middle_i, place.lowest_k)
    rest = bones.solid.copy()
    sockets = np.zeros_like(rest)
    for ball in balls:
        thigh, socket = _thigh_bone(rest, ball, survey.spacing_mm)
        result[thigh] = Part.LONG_BONES
        rest &= ~thigh
        sockets |= socket
    hips, crest = _hip_bones(rest, sockets, place)
    result[hips] = Part.PELVIS
    rest &= ~hips
    spine = rest & place.spine(crest)
    result[spine] = Part.SPINE
    _name_pieces(result, rest & ~spine, place, crest, bool(balls))
    return result, balls


class _Frame:
    """Distances from the spinal canal and the lungs, in blocks."""

    def __init__(self, survey: Survey, bones: Skeleton) -> None:
        self.spacing_mm = survey.spacing_mm
        shape = survey.coarse.values.shape
        body = survey.body
        column = survey.spine
        self.seen = np.zeros(shape[0], bool) if column is None else column.seen
        if column is None:
            middle = float(np.average(np.arange(shape[2]), weights=body.sum(axis=(0, 1)) + 1e-9))
            behind = float(np.average(np.arange(shape[1]), weights=body.sum(axis=(0, 2)) + 1e-9))
            canal = np.tile([behind, middle], (shape[0], 1))
        else:
            canal = column.canal_ji
        self.middle_i = float(np.median(canal[self.seen, 1] if self.seen.any() else canal[:, 1]))
        self.lowest_k = int(np.flatnonzero(self.seen)[0]) if self.seen.any() else 0
        _, j_mm, i_mm = survey.spacing_mm
        self.y = ((np.arange(shape[1])[None] - canal[:, :1]) * j_mm)[:, :, None]
        self.x = ((np.arange(shape[2])[None] - canal[:, 1:]) * i_mm)[:, None, :]
        first = np.argmax(body, axis=1)[:, None, :]
        self.front_mm = (np.arange(shape[1])[None, :, None] - first) * j_mm
        lungs = survey.lungs
        self.with_lungs = _wide(lungs, body)
        lungs = lungs & self.with_lungs[:, None, None]
        self.has_lungs = bool(self.with_lungs.any())
        lung_k = np.flatnonzero(self.with_lungs) if self.has_lungs else np.array([-1, -1])
        self.lung_low, self.lung_top = int(lung_k[0]), int(lung_k[-1])
        k_mm = survey.spacing_mm[0]
        self.whole_chest = (self.lung_top - self.lung_low) * k_mm > _CHEST_MM
        gap_mm = (self.lung_low - self.lowest_k) * k_mm
        self.far_below_lungs = self.seen.any() and (not self.has_lungs or gap_mm > _CHEST_MM)
        self.trunk = body
        self.from_lungs = distance_mm(lungs | bones.places.never & self._chest(), self.spacing_mm)

    def _chest(self) -> npt.NDArray[np.bool_]:
        return self.with_lungs[:, None, None]

    def spine(self, crest: int) -> Mask:
        """Where bone belongs to the spine: up to the hip bones' crest as in a pelvis, above as in
        a chest, where the ribs pass in front of the transverse processes.
        """
        x = np.abs(self.x)
        wide = np.where(self.with_lungs, *_HALF_BODY_MM)[:, None, None]
        body = (x < wide) & (self.y < -6)
        arch = (self.y > -7 + 0.95 * (x - 15)) & (x < _TRANSVERSE_MM)
        chest = body | arch
        k = np.arange(len(self.y))[:, None, None]
        if not self.seen.any():
            return np.zeros(np.broadcast_shapes(x.shape, self.y.shape), bool)
        top = np.flatnonzero(self.seen)[-1]
        zone = np.where(k <= crest, self._sacrum(), chest) & (self.y > -70)
        return np.asarray(zone & (k <= top + 2))

    def _sacrum(self) -> Mask:
        """In front of and between the joints of the sacrum with the hip bones."""
        wide: Mask = np.abs(self.x) < np.clip(45 - 0.5 * (self.y + 5), 25, 58)
        return wide


def _wide(lungs: Mask, body: Mask) -> npt.NDArray[np.bool_]:
    """Slices whose gas spans a good part of the body, as lungs do and bowel does not."""

    def span(mask: Mask) -> npt.NDArray[np.float64]:
        columns = np.asarray(mask.any(axis=1))
        first = columns.argmax(axis=1)
        last = columns.shape[1] - columns[:, ::-1].argmax(axis=1)
        result: npt.NDArray[np.float64] = np.where(columns.any(axis=1), last - first, 0)
        return result

    return span(lungs) > 0.5 * span(body)


def _thigh_bone(
    solid: Mask, ball: Ball, spacing_mm: tuple[float, float, float]
) -> tuple[Mask, Mask]:
    """The thigh bone with its head, cut along the joint space, and the socket around it."""
    half = max(_JOINT_MM, 0.6 * max(spacing_mm))
    gap, away = ball.joint(solid.shape, spacing_mm, half)
    labels, _ = labelled(solid & ~gap)
    core = labels[(away < 0.5 * ball.radius_mm) & (labels > 0)]
    if not core.size:
        return np.zeros_like(solid), np.zeros_like(solid)
    thigh = labels == np.bincount(core).argmax()
    # Where the cut leaks, the bone ends above its head and on its inner side at least.
    above = (np.arange(solid.shape[0]) * spacing_mm[0] - ball.centre_mm[0])[:, None, None]
    outward = (np.arange(solid.shape[2]) * spacing_mm[2] - ball.centre_mm[2]) * ball.side
    thigh &= (above < ball.radius_mm) & (outward > -ball.radius_mm)
    thigh |= solid & gap & (away < ball.radius_mm)
    socket = solid & ~thigh & (away < ball.radius_mm + 8.0)
    return thigh, socket


def _hip_bones(rest: Mask, sockets: Mask, place: _Frame) -> tuple[Mask, int]:
    """The hip bones, and the slice of blocks in which they end above (-1 without any)."""
    beside = rest & ~(place._sacrum() & (place.y > -70))
    labels, sizes = labelled(beside)
    ml = sizes * float(np.prod(place.spacing_mm)) / MM3_PER_ML
    is_hip = np.bincount(labels[sockets & beside], minlength=len(sizes)) > 0
    if not is_hip[1:].any() and place.far_below_lungs:
        for n in np.flatnonzero(ml > 5):
            piece = labels == n
            tall_mm = piece.sum(axis=0).max() * place.spacing_mm[0]
            low = int(np.flatnonzero(piece.any(axis=(1, 2)))[0])
            left = place.x[low] > 0
            own = labels[low] * (left == ((piece[low] & left).sum() > 0.5 * piece[low].sum()))
            alone = np.count_nonzero(np.bincount(own.ravel())[1:] > 1) <= 2
            is_hip[n] = tall_mm >= _WING_MM and low <= place.lowest_k and alone
    is_hip[0] = False
    is_hip &= ml > 1.0
    hips: Mask = is_hip[labels]
    slices = np.flatnonzero(hips.any(axis=(1, 2)))
    return hips, int(slices[-1]) if len(slices) else -1


def _name_pieces(result: Labels, rest: Mask, place: _Frame, crest: int, with_thighs: bool) -> None:
    """Names what is neither spine nor pelvis nor thigh, piece by piece, into ``result``."""
    midline = rest & (np.abs(place.x) < _BREASTBONE_MM) & (place.front_mm < _FRONT_MM)
    midline &= (place.y < -60) & (np.arange(len(rest)) > crest)[:, None, None]
    if place.seen.any():
        result[midline] = Part.STERNUM
        rest = rest & ~midline
    thick = opened(rest, _SHAFT_MM, place.spacing_mm)
    arms = rest & dilated(thick, 3.0, place.spacing_mm) & (place.from_lungs > 2 * _ON_LUNG_MM)
    arms &= np.abs(place.x) > 90
    rest = rest & ~arms
    # A shoulder blade may touch a rib: what lies on the lungs is looked at by itself.
    near = rest & (place.from_lungs < 1.4 * _ON_LUNG_MM)
    for group in (arms, near, rest & ~near):
        labels, sizes = labelled(group)
        boxes = _boxes(labels, len(sizes))
        for n in range(1, len(sizes)):
            piece = labels[boxes[n]] == n
            result[boxes[n]][piece] = _name(piece, boxes[n], place, crest, group is arms)


def _boxes(labels: npt.NDArray[np.int32], count: int) -> list[tuple[slice, slice, slice]]:
    from scipy.ndimage import find_objects

    return [np.s_[0:0, 0:0, 0:0], *find_objects(labels, count - 1)]


def _name(
    piece: Mask, box: tuple[slice, slice, slice], place: _Frame, crest: int, thick: bool
) -> Part:
    """What one piece of bone is, from where it lies."""
    ks, js, is_ = box
    side = np.abs(np.broadcast_to(place.x[ks, :, is_], piece.shape)[piece])
    back = float(np.mean(np.broadcast_to(place.y[ks, js], piece.shape)[piece]))
    slices = np.arange(ks.start, ks.stop)
    seen = place.seen[ks].mean()
    k_mm = place.spacing_mm[0]
    if seen > 0.5 and side.max() < _VERTEBRA_MM and back > -60:
        return Part.SPINE
    if side.min() > _TRUNK_MM or place.trunk[box][piece].mean() < 0.5:
        return Part.LONG_BONES
    middle = float(slices.mean())
    if place.has_lungs and (middle - place.lung_top) * k_mm > _SKULL_MM and np.median(side) < 90:
        return Part.SKULL
    low_chest = place.lung_low + 0.35 * (place.lung_top - place.lung_low)
    from_lungs = float(np.median(place.from_lungs[box][piece]))
    if place.whole_chest and middle > low_chest and from_lungs > _ON_LUNG_MM:
        if thick:
            return Part.LONG_BONES
        return Part.CLAVICLES if back < -60 else Part.SCAPULAE
    if middle > crest and place.seen.any():
        return Part.RIBS
    if crest >= 0:
        return Part.PELVIS if side.min() < 80 else Part.LONG_BONES
    return Part.LONG_BONES if len(slices) * k_mm > 40 or thick else Part.OTHER_BONES
