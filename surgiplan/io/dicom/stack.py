"""How the slices of a series lie in the patient, and what is wrong with that.

Positions come from ImagePositionPatient and ImageOrientationPatient alone.  Slice thickness,
SpacingBetweenSlices, the gantry tilt tag and instance numbers are never used for geometry: each is
wrong on some scanner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .series import ACCEPTABLE, ImageHeader, Problem

__all__ = ["CORNER_MM", "SAME_PLACE_MM", "Layout", "layout_of", "spacing_problems"]

CORNER_MM = 0.1
"""How far a voxel may lie from where its own header puts it.

A tenth of a voxel of the finest clinical CT: a PET whose steps are 3.27 and 3.29 mm passes (0.014
mm), a gantry tilt of a hundredth of a degree does not.
"""
SAME_PLACE_MM = 0.01
"""Slices closer than this are at one position; no scanner makes steps so small."""
_UNIT_COSINES = 1e-3
"""Stray length or product of the two direction vectors, which headers may round to three digits."""


@dataclass(frozen=True)
class Layout:
    """Parallel slices in the patient, sorted along their normal, one for each position."""

    images: tuple[ImageHeader, ...]
    directions: npt.NDArray[np.float64]
    """Unit vectors of growing slice, row and column number, shape (3, 3), one a row."""
    heights_mm: npt.NDArray[np.float64]
    """Of each slice along the normal, from the first, shape (n,)."""
    shifts_mm: npt.NDArray[np.float64]
    """Of each slice in its plane along (row number, column number), from the first, (n, 2)."""
    numbers: npt.NDArray[np.int64] | None
    """Place of each slice on an even grid, shape (n,); None where no even grid fits."""
    step_mm: float
    """Distance of neighbours on that grid; the usual one where there is no grid."""

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Along (k, j, i); k along the normal."""
        rows_mm, columns_mm = _spacing(self.images[0])
        return self.step_mm, rows_mm, columns_mm

    @property
    def is_tilted(self) -> bool:
        """Whether the slices drift sideways, as under a tilted gantry."""
        return bool(np.abs(self.shifts_mm).max() > CORNER_MM)

    @property
    def is_regular(self) -> bool:
        """Whether one affine without shear or gaps describes all slices."""
        whole = self.numbers is not None and len(self.images) == self.numbers[-1] + 1
        return whole and not self.is_tilted

    @property
    def gaps_k(self) -> tuple[tuple[int, int], ...]:
        """Missing slices of the even grid: the first, and one after the last, of each gap."""
        if self.numbers is None:
            return ()
        before = np.flatnonzero(np.diff(self.numbers) > 1)
        return tuple((int(self.numbers[n]) + 1, int(self.numbers[n + 1])) for n in before)

    def affine(self) -> npt.NDArray[np.float64]:
        """The map of a regular stack from voxel (k, j, i) to LPS [mm], shape (4, 4)."""
        first, last = (np.array(self.images[n].position) for n in (0, -1))
        result = self.upright_affine(self.step_mm)
        result[:3, 0] = (last - first) / (len(self.images) - 1)
        return result

    def upright_affine(self, step_mm: float) -> npt.NDArray[np.float64]:
        """The map of slices stacked straight along the normal of the first, shape (4, 4)."""
        _, rows_mm, columns_mm = self.spacing_mm
        result = np.eye(4)
        result[:3, :3] = self.directions.T * [step_mm, rows_mm, columns_mm]
        result[:3, 3] = self.images[0].position
        return result


def layout_of(images: Sequence[ImageHeader]) -> tuple[Layout, list[list[ImageHeader]]]:
    """The layout of images that share size, spacing and orientation, and those at each position.

    Of several images at one position the layout holds the first by instance number.
    """
    directions = slice_directions(images[0])
    positions = np.array([image.position for image in images], float)
    along = positions @ directions[0]
    heights = along.tolist()
    spots: list[list[int]] = []
    for n in np.argsort(along, kind="stable").tolist():
        if spots and heights[n] - heights[spots[-1][0]] < SAME_PLACE_MM:
            spots[-1].append(n)
        else:
            spots.append([n])
    for spot in (spot for spot in spots if len(spot) > 1):
        spot.sort(key=lambda n: _instance(images[n]))
    chosen = [spot[0] for spot in spots]
    offsets = (positions[chosen] - positions[chosen[0]]) @ directions.T
    numbers, step_mm = _numbered(offsets[:, 0])
    layout = Layout(
        images=tuple(images[n] for n in chosen),
        directions=directions,
        heights_mm=offsets[:, 0],
        shifts_mm=offsets[:, 1:],
        numbers=numbers,
        step_mm=step_mm,
    )
    return layout, [[images[n] for n in spot] for spot in spots]


def slice_directions(image: ImageHeader) -> npt.NDArray[np.float64]:
    """Unit vectors of growing slice, row and column number, shape (3, 3), one a row.

    Raises ValueError if the header gives no two perpendicular directions.
    """
    cosines = np.array(image.orientation or np.zeros(6), float)
    lengths = np.linalg.norm(cosines.reshape(2, 3), axis=1)
    if np.any(np.abs(lengths - 1) > _UNIT_COSINES):
        raise ValueError("direction vectors without length one")
    along_columns, along_rows = cosines.reshape(2, 3) / lengths[:, None]
    if abs(along_columns @ along_rows) > _UNIT_COSINES:
        raise ValueError("direction vectors that are not perpendicular")
    normal = np.cross(along_columns, along_rows)
    return np.array([normal / np.linalg.norm(normal), along_rows, along_columns])


def spacing_problems(layout: Layout) -> list[Problem]:
    """Tilt, gaps and uneven steps."""
    found = []
    heights, shifts = layout.heights_mm, layout.shifts_mm
    if layout.is_tilted:
        drift = shifts[-1] / heights[-1]
        stray_mm = float(np.abs(shifts - heights[:, None] * drift).max())
        if stray_mm > CORNER_MM:
            found.append(_uneven(f"Slices are shifted sideways by up to {stray_mm:.1f} mm"))
        if np.linalg.norm(shifts[-1]) > CORNER_MM:
            angle = np.degrees(np.arctan(np.linalg.norm(drift)))
            detail = f"The slices are tilted by {angle:.1f} degrees (gantry tilt)."
            found.append(Problem("gantry_tilt", detail, ACCEPTABLE["gantry_tilt"]))
    steps = np.diff(heights)
    if layout.numbers is None:
        found.append(
            _uneven(f"Neighbouring slices are {steps.min():.2f} to {steps.max():.2f} mm apart")
        )
    elif missing := int(layout.numbers[-1]) + 1 - len(heights):
        gap = int(np.argmax(np.diff(layout.numbers)))
        count = "A slice is" if missing == 1 else f"{missing} slices are"
        found.append(
            Problem(
                "missing_slice",
                f"Slices {gap + 1} and {gap + 2} are {steps[gap]:.1f} mm apart, most others "
                f"{layout.step_mm:.1f} mm. {count} missing.",
                ACCEPTABLE["missing_slice"],
            )
        )
    return found


def _uneven(what: str) -> Problem:
    detail = f"{what}, which no even grid fits."
    return Problem("uneven_spacing", detail, ACCEPTABLE["uneven_spacing"])


def _numbered(
    heights_mm: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int64] | None, float]:
    """The even grid that holds all heights, perhaps with gaps, and its step.

    The median step, or the smallest where so many slices are gone that gaps are the usual thing.
    """
    if len(heights_mm) < 2:
        return np.zeros(1, np.int64), 0.0
    steps = np.diff(heights_mm)
    usual = float(np.median(steps))
    for candidate in (usual, float(steps.min())):
        jumps = np.maximum(np.rint(steps / candidate), 1).astype(np.int64)
        numbers: npt.NDArray[Any] = np.concatenate([[0], np.cumsum(jumps)])
        step = float(heights_mm[-1] / numbers[-1])
        stray_mm = np.abs(heights_mm - numbers * step).max()
        # Any heights fit a grid that is fine enough; half of it must be there to be believed.
        if candidate != usual and (numbers[-1] >= 2 * len(heights_mm) or stray_mm > step / 8):
            break
        if stray_mm <= CORNER_MM:
            return numbers, step
    return None, usual


def _spacing(image: ImageHeader) -> tuple[float, float]:
    if image.spacing_mm is None:
        raise ValueError("an image without spacing has no layout")
    return image.spacing_mm


def _instance(image: ImageHeader) -> tuple[int, str]:
    return (image.instance if image.instance is not None else 1 << 31, image.sop_uid)
