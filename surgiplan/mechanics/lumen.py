"""The contours of a lumen made fit for a mesh: strays left out, resampled, smoothed in degrees."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError

__all__ = ["Lumen", "lumen_of"]

Floats = npt.NDArray[np.float64]

_WIDTHS = (1.2, 2.0, 3.0, 5.0, 8.0, 12.0)
"""Widths of the degrees of smoothing, in steps of the grid: two are an element."""

_STRAY = 0.5
"""How far, in radii, a contour may differ in shape from the usual one of its neighbours."""


@dataclass(frozen=True, eq=False)
class Lumen:
    """A lumen on a regular grid of nodes, two steps an element, once for each degree of smoothing.

    ``degrees`` (d, stations, angles, 3): the grid, counter-clockwise seen along the vessel.
    ``rows`` (n,) and ``columns`` (given angles,): where the given points lie on the grid, in its
    stations and angles.  ``kept`` (n,): which contours it follows; the others are strays.
    """

    degrees: Floats
    rows: Floats
    columns: Floats
    kept: npt.NDArray[np.bool_]

    @property
    def stations(self) -> int:
        """Stations of the grid."""
        return int(self.degrees.shape[1])

    @property
    def angles(self) -> int:
        """Points of the grid around the vessel."""
        return int(self.degrees.shape[2])

    def smoothed(self, degree: Floats) -> Floats:
        """The grid (stations, angles, 3) with its own degree at each station, 0 the least."""
        from scipy.ndimage import gaussian_filter1d, maximum_filter1d

        wide = gaussian_filter1d(maximum_filter1d(degree, 9), 3.0, mode="nearest")
        low = np.minimum(wide.astype(int), len(self.degrees) - 2)
        at = np.arange(self.stations)
        share = (wide - low)[:, None, None]
        return np.asarray((1 - share) * self.degrees[low, at] + share * self.degrees[low + 1, at])


def lumen_of(contours_mm: npt.ArrayLike, elements: int) -> Lumen:
    """The grid for about ``elements`` hexahedra around contours (n, angles, 3).

    Contours that have little in common with their neighbours are left out.  Raises GeometryError
    for incomplete contours, and where most are strays.
    """
    contours = _checked(contours_mm)
    kept = _kept(contours)
    rows = _along(contours, kept)
    good = contours[kept]
    stations, angles = _resolution(good, elements)
    given = np.arange(contours.shape[1]) / contours.shape[1]
    if _runs_clockwise(good):
        good, given = good[:, ::-1], given[::-1]
    grids = [_resampled(good, rows[kept], stations, angles, width) for width in _WIDTHS]
    return Lumen(np.stack(grids), rows * (stations - 1), given * angles, kept)


def _checked(contours_mm: npt.ArrayLike) -> Floats:
    contours = np.asarray(contours_mm, float)
    if contours.ndim != 3 or contours.shape[2] != 3:
        raise ValueError(f"contours have shape {contours.shape}, not (stations, angles, 3)")
    if contours.shape[0] < 4 or contours.shape[1] < 8:
        raise GeometryError(
            f"{contours.shape[0]} contours of {contours.shape[1]} points do not describe a vessel; "
            f"give at least 4 contours of 8 points."
        )
    if not np.isfinite(contours).all():
        bad = int(np.flatnonzero(~np.isfinite(contours).all(axis=(1, 2)))[0])
        raise GeometryError(
            f"The contour at station {bad + 1} is incomplete; shorten the part to be computed."
        )
    return contours


def _kept(contours: Floats) -> npt.NDArray[np.bool_]:
    """Which contours (n,) have about the shape that is usual within three stations of them."""
    from scipy.ndimage import median_filter

    shapes = contours - contours.mean(axis=1, keepdims=True)
    usual = median_filter(shapes, size=(7, 1, 1), mode="mirror")
    radius = np.sqrt((usual**2).sum(axis=2).mean(axis=1))
    differs = np.sqrt(((shapes - usual) ** 2).sum(axis=2).mean(axis=1))
    kept = differs < _STRAY * np.maximum(radius, 1e-9)
    if kept.mean() < 2 / 3 or kept.sum() < 4:
        raise GeometryError(
            f"{int((~kept).sum())} of {len(kept)} contours of the vessel have nothing in common "
            f"with their neighbours; smooth the lumen or correct its segmentation."
        )
    return np.asarray(kept)


def _along(contours: Floats, kept: npt.NDArray[np.bool_]) -> Floats:
    """Place of each contour along the vessel (n,), 0 at the first kept and 1 at the last."""
    number = np.flatnonzero(kept)
    steps = np.linalg.norm(np.diff(contours[kept].mean(axis=1), axis=0), axis=1)
    if steps.min() <= 1e-6:
        bad = int(steps.argmin())
        raise GeometryError(
            f"The contours at stations {number[bad] + 1} and {number[bad + 1] + 1} lie on each "
            f"other; leave one of them out."
        )
    places = np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum()
    return np.asarray(np.interp(np.arange(len(contours)), number, places))


def _resolution(contours: Floats, elements: int) -> tuple[int, int]:
    """Stations along and angles around, two a cell, of cells about as long as they are wide."""
    around = np.linalg.norm(np.diff(contours, axis=1, append=contours[:, :1]), axis=2)
    perimeter = float(np.median(around.sum(axis=1)))
    length = float(np.linalg.norm(np.diff(contours.mean(axis=1), axis=0), axis=1).sum())
    edge = np.sqrt(perimeter * length / elements)
    angles = int(np.clip(round(perimeter / edge), 12, 48))
    stations = int(np.clip(round(elements / angles), 4, 400))
    return 2 * stations + 1, 2 * angles


def _runs_clockwise(contours: Floats) -> bool:
    """Whether most contours run clockwise seen along the vessel."""
    centred = contours - contours.mean(axis=1, keepdims=True)
    areas = np.cross(centred, np.roll(centred, -1, axis=1)).sum(axis=1)
    forward = np.gradient(contours.mean(axis=1), axis=0)
    return bool(np.median(np.einsum("ij,ij->i", areas, forward)) < 0)


def _resampled(contours: Floats, rows: Floats, stations: int, angles: int, width: float) -> Floats:
    """Points (stations, angles, 3) at even places, smoothed over ``width`` steps."""
    from scipy.interpolate import CubicSpline
    from scipy.ndimage import gaussian_filter1d

    # Even and dense along the vessel first, so that the smoothing has one width everywhere.
    dense = 4 * (stations - 1) + 1
    lines = CubicSpline(rows, contours)(np.linspace(0, 1, dense))
    ends = lines[[0, -1]]
    lines = gaussian_filter1d(lines, 4 * width * 0.5, axis=0, mode="nearest")
    # Smoothing draws the ends inwards along the vessel; give the lost length back.
    drawn = (ends - lines[[0, -1]]).mean(axis=1)
    fade = np.exp(-((np.arange(dense) / (4 * width)) ** 2))[:, None, None]
    lines = lines + fade * drawn[0] + fade[::-1] * drawn[1]
    lines = _smoothed_around(lines, width * 0.5 * contours.shape[1] / angles)
    around = contours.shape[1]
    closed = np.concatenate([lines[::4], lines[::4, :1]], axis=1)
    spline = CubicSpline(np.arange(around + 1) / around, closed, axis=1, bc_type="periodic")
    return np.asarray(spline(np.arange(angles) / angles))


def _smoothed_around(lines: Floats, width: float) -> Floats:
    """Contours (n, angles, 3) smoothed over ``width`` points; a circle or an ellipse stays."""
    from scipy.ndimage import gaussian_filter1d

    wave = np.cos(2 * np.pi * np.arange(lines.shape[1]) / lines.shape[1])
    kept = gaussian_filter1d(wave, width, mode="wrap")[0]
    centres = lines.mean(axis=1, keepdims=True)
    smooth = gaussian_filter1d(lines - centres, width, axis=1, mode="wrap")
    return np.asarray(centres + smooth / kept)
