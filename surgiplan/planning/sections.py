"""Sizes of a vessel's lumen along its centreline, from contours orthogonal to it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surgiplan.derived import once_per_input
from surgiplan.geometry import area_mm2, caliper_diameters_mm, perimeter_mm
from surgiplan.model import Branch

__all__ = ["Sections", "sections"]

Floats = npt.NDArray[np.float64]

_POINTS_BETWEEN = 3
"""How many times more points a contour gets before it is measured."""


@dataclass(frozen=True, eq=False)
class Sections:
    """Sizes at each station of a branch, all (n,); NaN where no closed section was found."""

    s_mm: Floats
    """Distance along the branch from its start."""
    area_mm2: Floats
    perimeter_mm: Floats
    d_min_mm: Floats
    """Smallest width between two parallel lines that enclose the section (caliper)."""
    d_max_mm: Floats
    """Largest such width."""

    @property
    def d_area_mm(self) -> Floats:
        """Diameter of the circle of the same area, 2 sqrt(A / pi)."""
        return np.asarray(2 * np.sqrt(self.area_mm2 / np.pi))

    @property
    def d_perimeter_mm(self) -> Floats:
        """Diameter of the circle of the same perimeter, P / pi."""
        return self.perimeter_mm / np.pi

    @property
    def is_measured(self) -> npt.NDArray[np.bool_]:
        """Whether each station has a section, (n,)."""
        return np.isfinite(self.area_mm2)

    def at(self, name: str, s_mm: npt.ArrayLike) -> Floats:
        """One size, ``d_area_mm`` say, interpolated at distances ``s_mm`` (...,).

        Stations without a section are bridged.  NaN if the branch has no section at all.
        """
        values, known = getattr(self, name), self.is_measured
        s = np.asarray(s_mm, float)
        if not known.any():
            return np.full(s.shape, np.nan)
        return np.asarray(np.interp(s, self.s_mm[known], values[known]))


@once_per_input
def sections(branch: Branch) -> Sections:
    """The sizes of the lumen at every station of ``branch``; remembered as long as it lives.

    Between its points a contour is taken as smooth, not as a polygon.
    """
    contours = _finer(branch.contours_lps)
    smallest, largest = caliper_diameters_mm(contours)
    return Sections(
        s_mm=branch.stations_mm,
        area_mm2=area_mm2(contours),
        perimeter_mm=perimeter_mm(contours),
        d_min_mm=smallest,
        d_max_mm=largest,
    )


def _finer(contours: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Closed contours (n, angles, 3) with points between, by their Fourier series."""
    angles = contours.shape[1]
    series = np.fft.rfft(contours, axis=1)
    if angles % 2 == 0:
        series[:, -1] /= 2
    finer: npt.NDArray[np.float64] = np.fft.irfft(series, _POINTS_BETWEEN * angles, axis=1)
    return finer * _POINTS_BETWEEN
