"""The wall of the trunk: ribs and the muscles between and behind them, which hold no organ."""

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.coarse import Coarse
from surgiplan.imaging.morphology import Mask, opened

from .frame import Frame

__all__ = ["wall"]

Floats = npt.NDArray[np.float32]

_BONE_HU = 280.0
_THICK_MM = 8.0
"""Ribs are thinner than twice this; kidneys and vessels with contrast are not."""

_INNER = 0.68
"""Ribs lie farther out than this share of the way from the middle to the skin."""

_IN_FRONT_MM = 60.0
"""The middle of the trunk lies so far in front of the spinal canal."""

_SECTORS = 72
_ALONG_MM, _ALONG_SECTORS = 14.0, 2.0
"""Over such lengths the ribs' inner face is followed, through the gaps between them."""

_SURE = 0.02
"""Weight of ribs nearby below which the wall is not known."""

_BULGE_MM = 4.0
"""Organs bulge so far into the gaps between ribs."""

_BACK_MM = 12.0
"""Behind the spinal canal by this there are but muscles, where ribs do not tell more."""


def wall(coarse: Coarse, body: Mask, frame: Frame) -> Mask:
    """The blocks outside the inner face of the ribs, and behind the loins below them."""
    from scipy.ndimage import gaussian_filter, minimum_filter

    step = coarse.spacing_mm
    x, y = np.broadcast_arrays(frame.left_mm, frame.back_mm + np.float32(_IN_FRONT_MM))
    radius = np.hypot(x, y)
    sector = ((np.arctan2(y, x) + np.pi) / (2 * np.pi) * _SECTORS).astype(np.int64) % _SECTORS
    rows = np.arange(len(body))[:, None, None] * _SECTORS + sector
    skin = np.zeros(len(body) * _SECTORS)
    np.maximum.at(skin, rows[body], radius[body])
    bright = (coarse.values > _BONE_HU) & body
    ribs = bright & ~opened(bright, _THICK_MM, step)
    ribs &= radius > _INNER * skin[rows]
    face = np.full(len(body) * _SECTORS, np.inf)
    np.minimum.at(face, rows[ribs], radius[ribs])
    inner = minimum_filter(face.reshape(len(body), -1), 3, mode=("nearest", "wrap"))
    known = np.isfinite(inner)
    sigma = (_ALONG_MM / step[0], _ALONG_SECTORS)
    weight = gaussian_filter(known.astype(float), sigma, mode=("nearest", "wrap"))
    total = gaussian_filter(np.where(known, inner, 0.0), sigma, mode=("nearest", "wrap"))
    limit = np.where(weight > _SURE, total / np.maximum(weight, _SURE), np.inf).ravel()[rows]
    loins = ~np.isfinite(limit) & (frame.back_mm > _BACK_MM)
    outside: Mask = body & ((radius > limit + _BULGE_MM) | loins)
    return outside
