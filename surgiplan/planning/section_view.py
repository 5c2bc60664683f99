"""The scan in the plane orthogonal to a vessel: what a diameter was measured on."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surgiplan.model import Branch, Points, Volume

__all__ = ["SectionView", "section_view"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SectionView:
    """A square picture of the scan across the vessel, the vessel's axis in its middle.

    Up is the patient's front, or the head where the vessel itself runs front to back; the right
    of the picture is the patient's left, or the back where the vessel runs from side to side.
    """

    values: npt.NDArray[np.float32]
    """Shape (n, n), in the volume's unit, top row first."""
    width_mm: float
    contour_mm: Floats
    """The lumen in the picture: (right, up) from the middle, (angles, 2); empty if unmeasured."""


def section_view(
    volume: Volume, branch: Branch, s_mm: float, *, width_mm: float, pixels: int = 160
) -> SectionView:
    """The scan across ``branch`` at station ``s_mm``, ``width_mm`` wide."""
    from scipy.ndimage import map_coordinates

    station = int(np.argmin(np.abs(branch.stations_mm - s_mm)))
    middle = branch.points_lps[station]
    right, up = _frame(branch.tangents[station])
    steps = (np.arange(pixels) - (pixels - 1) / 2) * width_mm / pixels
    points = middle + steps[None, :, None] * right - steps[:, None, None] * up
    index = np.moveaxis(volume.grid.to_index(points), -1, 0)
    values = map_coordinates(volume.values, index, output=np.float32, order=1, mode="nearest")
    offsets = branch.contours_lps[station] - middle
    contour = np.column_stack([offsets @ right, offsets @ up])
    return SectionView(values, width_mm, contour[np.isfinite(contour).all(axis=1)])


def _frame(tangent: Points) -> tuple[Points, Points]:
    """Directions of the picture's right and up, both orthogonal to the tangent, in LPS."""
    front, head, left, back = np.array([[0, -1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]], float)
    wish = head if abs(tangent @ front) > 0.9 else front
    up = wish - (wish @ tangent) * tangent
    up /= np.linalg.norm(up)
    right = np.cross(up, tangent)
    side = back if abs(tangent @ left) > 0.9 else left
    return (right if right @ side >= 0 else -right), up
