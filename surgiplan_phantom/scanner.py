"""The scanner: field of view, couch, blur, slice profile, noise and stored numbers."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .anatomy.frame import BOTTOM_MM, TOP_MM, Frame
from .canvas import Canvas
from .grid import Floats, Grid
from .patient import Patient
from .solids import Solid

Pixels: TypeAlias = NDArray[np.int16]

_IN_PLANE_SIGMA_MM = 0.55
_SLICE_SIGMA_MM = 0.5
_ROUND_TO = 16


@dataclass(frozen=True)
class Scan:
    """Where the voxels lie. ``origin_lps_mm`` is the centre of voxel (0, 0, 0), in patient LPS."""

    shape_kji: tuple[int, int, int]
    spacing_kji_mm: tuple[float, float, float]
    origin_lps_mm: tuple[float, float, float]
    sub_slices: int
    scale: float

    @property
    def fine_grid(self) -> Grid:
        """The grid to paint on, in template space, with several layers to a slice."""
        dz, dy, dx = self.spacing_kji_mm
        n = self.sub_slices
        first = self.origin_lps_mm[2] - dz * (n - 1) / (2 * n)
        return Grid(
            (
                first / self.scale,
                self.origin_lps_mm[1] / self.scale,
                self.origin_lps_mm[0] / self.scale,
            ),
            (dz / n / self.scale, dy / self.scale, dx / self.scale),
            (self.shape_kji[0] * n, self.shape_kji[1], self.shape_kji[2]),
        )

    def to_slices(self, fine: Floats) -> Floats:
        """Mean over the layers of each slice."""
        return np.asarray(
            fine.reshape(self.shape_kji[0], self.sub_slices, *self.shape_kji[1:]).mean(axis=1),
            dtype=np.float32,
        )


def scan_of(patient: Patient, frame: Frame) -> Scan:
    """A field of view that holds the trunk and the couch under it."""
    options, scale = patient.options, patient.scale
    dz, (dy, dx) = options.slice_step_mm, options.in_plane_mm
    half, front, back = frame.skin.at(np.linspace(BOTTOM_MM, TOP_MM, 60))
    width = (2 * half.max() + 14) * scale
    depth = (back.max() - front.min() + 14) * scale + 34
    columns, rows = (_rounded(length / step) for length, step in ((width, dx), (depth, dy)))
    count = int((TOP_MM - BOTTOM_MM) * scale / dz)
    offset = patient.rng("couch").uniform(-6, 6)
    origin = (
        round(-(columns - 1) * dx / 2 + offset * 0.3, 3),
        round(front.min() * scale - 8.0, 3),
        round(BOTTOM_MM * scale, 3),
    )
    return Scan((count, rows, columns), (dz, dy, dx), origin, 2 if dz >= 1.8 else 1, scale)


def paint_couch(canvas: Canvas, frame: Frame, scale: float) -> None:
    """A curved carbon-fibre couch top with a mattress, under the patient."""
    back = float(frame.skin.back.max())
    radius = 420.0 / scale

    def shell(depth: float, half: float) -> Solid:
        def distance(grid: Grid) -> Floats:
            y = grid.y - np.float32(back + depth / scale - radius)
            arc = np.sqrt(grid.x**2 + y**2) - np.float32(radius)
            sides = np.abs(grid.x) - np.float32(205 / scale)
            flat = np.maximum(np.abs(arc) - np.float32(half / scale), sides)
            return np.broadcast_to(flat, grid.shape).astype(np.float32)

        far = 500.0
        return Solid(np.array([-far, 0, -far]), np.array([far, far, far]), distance)

    canvas.paint(shell(6.0, 5.5), -940.0)
    canvas.paint(shell(13.5, 1.0), -520.0)
    canvas.paint(shell(24.0, 9.6), -955.0)


def expose(canvas: Canvas, scan: Scan, patient: Patient) -> Pixels:
    """The scan of what was painted: blur, slice profile and noise [HU], index order (k, j, i)."""
    from scipy.ndimage import gaussian_filter

    dz, dy, dx = scan.spacing_kji_mm
    sigma = (
        _SLICE_SIGMA_MM * scan.sub_slices / dz,
        _IN_PLANE_SIGMA_MM / dy,
        _IN_PLANE_SIGMA_MM / dx,
    )
    blurred = gaussian_filter(canvas.hu, sigma, mode="nearest", truncate=3.0)
    image = scan.to_slices(blurred)
    body = scan.to_slices(canvas.segments["body"].astype(np.float32)) / np.float32(255)
    if patient.options.noise_hu > 0:
        image += _noise(image, body, scan, patient)
    return np.asarray(np.clip(np.rint(image), -1024, 3071), dtype=np.int16)


def _noise(image: Floats, body: Floats, scan: Scan, patient: Patient) -> Floats:
    """Noise of a soft kernel: correlated over two voxels, stronger behind thick and dense parts."""
    from scipy.ndimage import gaussian_filter

    rng = patient.rng("noise")
    shape = scan.shape_kji
    _, dy, dx = scan.spacing_kji_mm
    grain = (0.18, 0.75 / dy, 0.75 / dx)
    fine = gaussian_filter(rng.standard_normal(shape, dtype=np.float32), grain, truncate=3.0)
    fine -= 0.75 * gaussian_filter(fine, (0, 2.6 / dy, 2.6 / dx), truncate=3.0)
    fine /= fine[:: max(shape[0] // 8, 1)].std()
    streak = gaussian_filter(
        rng.standard_normal(shape, dtype=np.float32), (0.2, 0.7 / dy, 9.0 / dx), truncate=2.5
    )
    streak /= streak[:: max(shape[0] // 8, 1)].std()
    dense = np.clip((image + 1000) / 1000, 0, 2.2)
    across = dense.sum(axis=2) * dx
    load = np.clip((across - 260) / 150, 0, 1)[:, :, None] * (body > 0.5)
    attenuation = dense.sum(axis=(1, 2)) * dx * dy
    slice_gain = np.sqrt(np.exp((np.sqrt(attenuation) - 262) * 0.012)).astype(np.float32)
    local = np.empty_like(image)
    for k in range(shape[0]):
        coarse = gaussian_filter(dense[k, ::2, ::2], 22 / (2 * dx), mode="constant")
        full = np.repeat(np.repeat(coarse, 2, axis=0), 2, axis=1)[: shape[1], : shape[2]]
        local[k] = 0.30 + 0.78 * np.clip(full, 0, 1.15)
    gain = np.float32(patient.options.noise_hu) * local * slice_gain[:, None, None]
    return np.asarray(gain * (fine + 0.45 * load * streak), dtype=np.float32)


def _rounded(count: float) -> int:
    return int(np.ceil(count / _ROUND_TO)) * _ROUND_TO
