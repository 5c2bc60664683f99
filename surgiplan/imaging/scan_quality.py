"""What a CT is like: its noise, metal in it, what it covers, where the body is cut off."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .coarse import Coarse
from .morphology import Mask, gaussian, holes_filled, labelled, largest, opened

__all__ = [
    "Coverage",
    "Metal",
    "body_of",
    "coverage_of",
    "cut_fraction",
    "liver_hu",
    "metal_in",
    "noise_hu",
]

Floats = npt.NDArray[np.float64]
Values = npt.NDArray[np.int16] | npt.NDArray[np.float32]

_CELL_MM = 8.0
_SOFT_HU, _SOFT_MEAN_HU = (-120.0, 220.0), (20.0, 140.0)
"""Every voxel of an even cell of soft tissue lies within, and its mean."""
_FEWEST_CELLS = 40
_NOISE_SLICES = 24
_METAL_HU = 2500.0
"""Denser than bone; enamel comes near."""
_METAL_MM3 = 10.0
_BODY_HU = -300.0
_TABLE_MM = 6.0
_LUNG_HU = (-960.0, -500.0)
_SKIN_MM = 5.0
"""Half-filled blocks between skin and air are thinner than twice this."""
_LUNG_CM2 = 30.0
"""Less air-filled tissue in a slice is bowel or windpipe."""
_ORGAN_HU, _ORGAN_ML, _ORGAN_MM = (20.0, 220.0), 300.0, 8.0
"""Values of the liver in any phase, its least volume, and half the width of thinner things."""
_EVEN_MM, _EVEN_HU_PER_MM = 4.0, 4.0
_MOSTLY = 0.5
_TRUNK_CM2 = 350.0
"""An adult's trunk is wider, a head or a leg is not."""
_AIR_HU = -1024


@dataclass(frozen=True)
class Metal:
    """Metal in a scan."""

    volume_ml: float
    pieces: int
    slices: int
    """Slices that hold some."""
    streaks: float | None
    """Noise of soft tissue in those slices over that in the others; None where unknown."""


@dataclass(frozen=True)
class Coverage:
    """What of the body lies between the first and the last slice."""

    length_mm: float
    is_trunk: bool
    lungs_mm: float
    """Length of the part that holds lung; 0 where there is none."""
    above_lungs_mm: float
    below_lungs_mm: float


def noise_hu(values: Values, spacing_mm: tuple[float, float, float]) -> float | None:
    """Standard deviation in even soft tissue, slices first; None where there is too little.

    Cells of 8 mm are freed of their slope; of their spreads the middle of the densest half
    counts, since texture and borders only ever add to noise.
    """
    if not len(values):
        return None
    rows, columns = (max(3, round(_CELL_MM / step)) for step in spacing_mm[1:])
    chosen = np.unique(np.linspace(0, len(values) - 1, _NOISE_SLICES).astype(int))
    spreads = [_cell_spreads(values[k], rows, columns) for k in chosen]
    every = np.sort(np.concatenate(spreads))
    if len(every) < _FEWEST_CELLS:
        return None
    half = len(every) // 2
    start = int(np.argmin(every[half:] - every[: len(every) - half]))
    return float(every[start : start + half + 1].mean())


def metal_in(values: Values, spacing_mm: tuple[float, float, float]) -> Metal | None:
    """Parts above 2500 HU, and what they do to the slices they lie in; None without metal."""
    with_dense = np.flatnonzero([bool((plane > _METAL_HU).any()) for plane in values])
    if not len(with_dense):
        return None
    first, after = int(with_dense[0]), int(with_dense[-1]) + 1
    voxel_mm3 = float(np.prod(spacing_mm))
    labels, sizes = labelled(values[first:after] > _METAL_HU)
    is_metal = sizes * voxel_mm3 >= _METAL_MM3
    is_metal[0] = False
    if not is_metal.any():
        return None
    with_metal = np.zeros(len(values), bool)
    with_metal[first:after] = is_metal[labels].any(axis=(1, 2))
    near, far = (noise_hu(values[part], spacing_mm) for part in (with_metal, ~with_metal))
    return Metal(
        volume_ml=float(sizes[is_metal].sum()) * voxel_mm3 / 1000,
        pieces=int(is_metal.sum()),
        slices=int(with_metal.sum()),
        streaks=near / far if near and far else None,
    )


def body_of(coarse: Coarse) -> Mask:
    """The body's blocks without table, lungs and bowel included, each slice filled by itself."""
    tissue = largest(opened(coarse.values > _BODY_HU, _TABLE_MM, coarse.spacing_mm))
    return np.stack([_filled(piece) for piece in tissue])


def coverage_of(coarse: Coarse, body: Mask) -> Coverage:
    """How long the scan is, whether of a trunk, and where along it lung lies (k to the head)."""
    step_mm = coarse.spacing_mm[0]
    block_cm2 = coarse.spacing_mm[1] * coarse.spacing_mm[2] / 100
    lung = _lung(coarse, body)
    has_lung = np.flatnonzero(lung.sum(axis=(1, 2)) * block_cm2 > _LUNG_CM2)
    area_cm2 = np.median(body.sum(axis=(1, 2))) * block_cm2
    slices = len(coarse.values)
    first, last = (int(has_lung[0]), int(has_lung[-1])) if len(has_lung) else (0, -1)
    return Coverage(
        length_mm=slices * step_mm,
        is_trunk=bool(area_cm2 > _TRUNK_CM2),
        lungs_mm=(last - first + 1) * step_mm,
        above_lungs_mm=(slices - 1 - last) * step_mm if len(has_lung) else 0.0,
        below_lungs_mm=first * step_mm,
    )


def _lung(coarse: Coarse, body: Mask) -> Mask:
    """Parts as light as lung within the body; a narrow picture shows no outline to be within."""
    light = (coarse.values > _LUNG_HU[0]) & (coarse.values < _LUNG_HU[1])
    air = coarse.values <= _LUNG_HU[0]
    corners = air[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    if corners.mean() > _MOSTLY:
        light &= body  # a couch, too, has foam like lung
    return opened(light, _SKIN_MM, coarse.spacing_mm)


def liver_hu(coarse: Coarse, body: Mask) -> float | None:
    """Median of the largest even organ in the right half of the body; None without one.

    That is the liver wherever it is in the scan.
    """
    from scipy.ndimage import gaussian_gradient_magnitude

    smooth = gaussian(coarse.values, _EVEN_MM, coarse.spacing_mm)
    slope = gaussian_gradient_magnitude(smooth, 1.0) / np.mean(coarse.spacing_mm)
    even = body & (smooth > _ORGAN_HU[0]) & (smooth < _ORGAN_HU[1]) & (slope < _EVEN_HU_PER_MM)
    columns = np.flatnonzero(body.any(axis=(0, 1)))
    if not len(columns):
        return None
    even[:, :, (columns[0] + columns[-1]) // 2 :] = False
    organ = largest(opened(even, _ORGAN_MM, coarse.spacing_mm))
    if organ.sum() * np.prod(coarse.spacing_mm) / 1000 < _ORGAN_ML:
        return None
    return float(np.median(coarse.values[organ]))


def cut_fraction(coarse: Coarse, body: Mask) -> float:
    """Fraction of slices in which the body runs out of the picture, at its sides or its circle."""
    padded = coarse.values <= _AIR_HU + 0.5
    inner = body & (coarse.values > _BODY_HU)
    beyond = np.zeros_like(inner)
    for axis in (1, 2):
        for shift in (-1, 1):
            beyond |= np.roll(padded, shift, axis) & inner
    beyond[:, [0, -1]] |= inner[:, [0, -1]]
    beyond[:, :, [0, -1]] |= inner[:, :, [0, -1]]
    blocks = max(3, round(15.0 / coarse.spacing_mm[1]))
    return float((beyond.sum(axis=(1, 2)) >= blocks).mean())


def _cell_spreads(plane: Values, rows: int, columns: int) -> Floats:
    """Standard deviation in each even cell of soft tissue, its plane taken out, (n,)."""
    j, i = plane.shape[0] // rows, plane.shape[1] // columns
    blocks = plane[: j * rows, : i * columns].reshape(j, rows, i, columns)
    cells = blocks.swapaxes(1, 2).reshape(j * i, rows * columns)
    low, high = cells.min(axis=1), cells.max(axis=1)
    even = cells[(low > _SOFT_HU[0]) & (high < _SOFT_HU[1])].astype(float)
    mean = even.mean(axis=1)
    even = even[(mean > _SOFT_MEAN_HU[0]) & (mean < _SOFT_MEAN_HU[1])]
    y, x = np.mgrid[:rows, :columns].reshape(2, -1).astype(float)
    basis, _ = np.linalg.qr(np.stack([np.ones_like(x), x, y], axis=1))
    left = even - even @ basis @ basis.T
    return np.asarray(np.sqrt((left**2).sum(axis=1) / (rows * columns - 3)))


def _filled(piece: Mask) -> Mask:
    full = np.ones_like(piece)
    filled: Mask = holes_filled(np.stack([full, piece, full]))[1]
    return filled
