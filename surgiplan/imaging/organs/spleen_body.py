"""Which compact body under the left diaphragm is the spleen."""

from typing import TYPE_CHECKING

import numpy as np

from surgiplan.imaging.morphology import dilated

from .bodies import Body, bodies, likely

if TYPE_CHECKING:
    from .abdomen import Abdomen

__all__ = ["spleen_body"]

_BESIDE_MM, _DEPTH_MM = 20.0, (-90.0, 75.0)
_OPENINGS_MM = (3.5, 5.0, 7.0, 9.0)
_VOLUME_ML = (20.0, 1500.0)
_PEAKS = 4
_NATIVE_HU, _CONTRAST_HU = (20.0, 30.0, 70.0, 90.0), (60.0, 75.0, 160.0, 200.0)
"""Density of a spleen without and with contrast: outer and sure limits."""

_LEAST = 0.2


def spleen_body(abdomen: "Abdomen") -> Body | None:
    """The body on the left that is most like a spleen; None where none is, or no liver."""
    if abdomen.core_hu is None:
        return None
    found = [(spleen_like(abdomen, body), body) for body in _candidates(abdomen)]
    score, best = max(found, key=lambda one: one[0], default=(0.0, None))
    return best if score >= _LEAST else None


def _candidates(abdomen: "Abdomen") -> list[Body]:
    spacing, shape = abdomen.spacing_mm, abdomen.inside.shape
    room = abdomen.inside & (abdomen.frame.left_mm > _BESIDE_MM)
    room &= (abdomen.frame.back_mm > _DEPTH_MM[0]) & (abdomen.frame.back_mm < _DEPTH_MM[1])
    first, after = abdomen.core_slices
    room[: max(0, int(first - 60 / spacing[0]))] = False
    room[int(after + 45 / spacing[0]) :] = False
    kidney = abdomen.kidneys.left
    if kidney is not None:
        room &= ~dilated(kidney.on(shape), 4.0, spacing)
    bands = [
        (peak - reach, peak + reach) for peak in _peaks(abdomen) for reach in (15.0, 25.0, 40.0)
    ]
    return list(
        bodies(
            abdomen.smooth, room, abdomen.frame, spacing,
            bands_hu=bands, openings_mm=_OPENINGS_MM, volume_ml=_VOLUME_ML,
        )
    )  # fmt: skip


def _peaks(abdomen: "Abdomen") -> list[float]:
    """The densities that are most frequent in the even parts on the left."""
    from scipy.ndimage import gaussian_gradient_magnitude

    step = np.array(abdomen.spacing_mm)
    gradient = gaussian_gradient_magnitude(abdomen.smooth, 4.0 / step) / step.mean()
    place = abdomen.inside & (abdomen.frame.left_mm > 40) & (abdomen.frame.back_mm > -60)
    low, _, _, high = _CONTRAST_HU if abdomen.enhanced else _NATIVE_HU
    even = place & (gradient < 1.5) & (abdomen.smooth > low) & (abdomen.smooth < high)
    counts, edges = np.histogram(abdomen.smooth[even], np.arange(low, high + 2.0, 2.0))
    smooth = np.convolve(counts, np.ones(7), "same")
    peaks: list[float] = []
    for n in np.argsort(-smooth):
        level = float(edges[n]) + 1.0
        if smooth[n] > 0 and all(abs(level - peak) > 14.0 for peak in peaks):
            peaks.append(level)
        if len(peaks) == _PEAKS:
            break
    return peaks


def spleen_like(abdomen: "Abdomen", body: Body) -> float:
    """How well size, place, shape and density fit a spleen, 0 to 1."""
    short = body.axes_mm[0]
    factors = (
        likely(body.volume_ml, 15, 60, 500, 1500),
        likely(body.left_mm, 40, 75, 130, 170),
        likely(body.back_mm, -85, -55, 5, 35),
        likely(short, 6, 14, 60, 90),
        likely(body.filling, 0.2, 0.8, 2.0, 3.0),
        likely(body.spread_hu, -2, -1, 12, 28),
        likely(body.level_hu, *(_CONTRAST_HU if abdomen.enhanced else _NATIVE_HU)),
        body.edge**0.5,
    )
    return float(np.prod(factors))
