"""Where blocks lie relative to the spine, the lungs and the skin."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.morphology import Mask

from .survey import Survey

__all__ = ["Places", "places"]

_CANAL_MM = (11.0, 8.0)
"""Half width and half depth of a wide canal."""
_BEHIND_FRONT_SKIN_MM = 45.0
"""Breastbone and costal cartilages lie nearer to the skin."""

_SIDE_MM = 60.0
"""Ribs and hip bones lie farther from the middle in front of the spine."""

_FRONT_OF_BODY_MM = (42.0, 48.0)
"""Vertebral bodies end nearer to the canal, in the chest and below it; the aorta lies beyond."""

_HALF_VERTEBRA_MM = (22.0, 32.0)
"""No vertebra is wider beside its canal's front: in the chest, and below it."""

_SURELY_FRONT_MM = 80.0
_ABOVE_COCCYX_MM = 60.0
"""Below, the pubic bones lie in front of the sacrum."""

_WITHIN_LUNGS_MM = 5.0
_RIB_DEPTH_MM = 30.0
_LEAST_LUNG_BLOCKS = 60
_LUNGS_WIDE = 0.35
"""Lungs span at least this share of the body's width where both are seen."""


@dataclass(frozen=True, eq=False)
class Places:
    """Parts of a scan, in its blocks, that say what bright tissue in them is."""

    vertebrae: Mask = field(repr=False)
    """The middle of the vertebrae: whatever is bright here is bone."""
    discs: Mask = field(repr=False)
    """Where vertebral bodies and the discs between them lie."""
    beside_canal: Mask = field(repr=False)
    """Around the canal, where cortex is certain bone."""
    canal: Mask = field(repr=False)
    """Within the spinal canal, never bone."""
    organs: Mask = field(repr=False)
    """In front of the spine or between the lungs: a part that lies mostly here is no bone."""
    never: Mask = field(repr=False)
    """Deep among these organs: nothing is bone."""


def places(survey: Survey, body: Mask) -> Places:
    """The places of an upright scan; all empty where neither spine nor lungs are seen."""
    shape = survey.coarse.values.shape
    none = np.zeros(shape, bool)
    found = {
        name: none for name in ("vertebrae", "discs", "beside_canal", "canal", "organs", "never")
    }
    first = np.argmax(body, axis=1)[:, None, :]
    depth = (np.arange(shape[1])[None, :, None] - first) * survey.spacing_mm[1]
    exempt = none
    if survey.spine is not None:
        y, x, seen = _beside_spine(survey)
        found["vertebrae"] = seen & (
            ((x / 20) ** 2 + ((y + 23) / 17) ** 2 < 1) | ((np.abs(x) < 14) & (y > 0) & (y < 40))
        )
        found["discs"] = seen & ((x / 28) ** 2 + ((y + 28) / 22) ** 2 < 1)
        found["beside_canal"] = seen & (np.abs(x) < 30) & (y > -30) & (y < 45)
        found["canal"] = seen & ((x / _CANAL_MM[0]) ** 2 + (y / _CANAL_MM[1]) ** 2 < 1)
        exempt = ((np.abs(x) < _SIDE_MM) & (y > -22)) | ((np.abs(x) < 24) & (y > -48))
        ahead = (np.abs(x) < _SIDE_MM) & _above_coccyx(survey) & (depth > _BEHIND_FRONT_SKIN_MM)
        chest = np.asarray(survey.lungs.any(axis=(1, 2)))[:, None, None]
        beside = (np.abs(x) > np.where(chest, *_HALF_VERTEBRA_MM)) & (y < -24)
        found["organs"] = ahead & (beside | (y < -np.where(chest, *_FRONT_OF_BODY_MM)))
        found["never"] = ahead & (y < -_SURELY_FRONT_MM)
    between = _between_lungs(survey, body) & ~exempt & (depth > _RIB_DEPTH_MM)
    found["never"] = (found["never"] | between) & ~found["vertebrae"]
    found["organs"] = found["organs"] | found["never"]
    return Places(**found)


def _beside_spine(
    survey: Survey,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Distances of blocks behind and left of the canal [mm], and slices that show it."""
    assert survey.spine is not None
    _, rows, columns = survey.coarse.values.shape
    _, j_mm, i_mm = survey.spacing_mm
    canal = survey.spine.canal_ji
    y = (np.arange(rows)[None] - canal[:, :1]) * j_mm
    x = (np.arange(columns)[None] - canal[:, 1:]) * i_mm
    return y[:, :, None], x[:, None, :], survey.spine.seen[:, None, None]


def _above_coccyx(survey: Survey) -> npt.NDArray[np.bool_]:
    """Slices (k, 1, 1) of the spine that lie well above its lower end."""
    assert survey.spine is not None
    seen = np.flatnonzero(survey.spine.seen)
    step = survey.spacing_mm[0]
    cut = seen[0] * step < 10
    low = seen[0] if cut else seen[0] + round(_ABOVE_COCCYX_MM / step)
    k = np.arange(len(survey.spine.seen))
    above: npt.NDArray[np.bool_] = ((k >= low) & (k <= seen[-1]))[:, None, None]
    return above


def _between_lungs(survey: Survey, body: Mask) -> Mask:
    """What the convex outline of both lungs holds in each slice."""
    from scipy.spatial import ConvexHull

    _, j_mm, i_mm = survey.spacing_mm
    result = np.zeros_like(body)
    rows, columns = np.ogrid[: body.shape[1], : body.shape[2]]
    width = np.median(np.ptp(np.argwhere(body.any(axis=1)), axis=0)[1:])
    for k, lungs in enumerate(survey.lungs):
        points = np.argwhere(lungs)
        if len(points) < _LEAST_LUNG_BLOCKS or np.ptp(points[:, 1]) < _LUNGS_WIDE * width:
            continue
        inside = np.ones(lungs.shape, bool)
        for y, x, offset in ConvexHull(points * (j_mm, i_mm)).equations:
            inside &= y * rows * j_mm + x * columns * i_mm + offset < -_WITHIN_LUNGS_MM
        result[k] = inside
    return result
