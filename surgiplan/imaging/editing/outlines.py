"""What a closed outline cuts: a lasso in a slice, and scissors through the body."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.imaging.crop import Box
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Quantity, Segment, Volume

from .operation import Operation, box_of_points, box_of_segments, joined
from .patch import Mask, Patch

__all__ = ["Draw", "DrawSettings", "Scissors", "ScissorsSettings", "drawn"]

Flags = npt.NDArray[np.bool_]

_ALMOST = 1e-9
_FLAT = 1e-3
"""An outline narrower than this fraction of its length has no inside."""


@dataclass(frozen=True)
class Outline:
    """A closed outline in its plane."""

    origin_lps: Points
    axes_lps: Points
    """Two unit vectors in the plane and its unit normal, one a row (3, 3)."""
    corners_mm: Points
    """The outline (n, 2) along the two axes."""

    @classmethod
    def through(cls, points_lps: Points) -> "Outline":
        """The outline through points (n, 3) in LPS [mm].

        Raises SegmentationError if they lie on a line, or far from one plane.
        """
        origin = points_lps.mean(axis=0)
        _, sizes, axes = np.linalg.svd(points_lps - origin, full_matrices=False)
        if sizes[1] <= _FLAT * sizes[0]:
            raise SegmentationError("The outline has no inside; draw around something.")
        off = np.abs((points_lps - origin) @ axes[2])
        if off.max() > _FLAT * sizes[0] + 0.1:
            raise SegmentationError(
                f"The outline leaves its plane by {off.max():.1f} mm; draw it in one slice or view."
            )
        return cls(origin, axes, (points_lps - origin) @ axes[:2].T)

    def holds(self, points_lps: Points) -> Flags:
        """Whether points (n, 3) lie within the outline, seen along its normal."""
        from skimage.measure import points_in_poly

        flat = (points_lps - self.origin_lps) @ self.axes_lps[:2].T
        inside: Flags = points_in_poly(flat, self.corners_mm)
        return inside

    def height_mm(self, points_lps: Points) -> Points:
        """Signed distance (n,) of points (n, 3) to the plane [mm]."""
        height: Points = (points_lps - self.origin_lps) @ self.axes_lps[2]
        return height


@dataclass(frozen=True)
class DrawSettings:
    """What the outline does."""

    erase: Annotated[float, Quantity("1", 0, 1, "1: the inside is removed, 0: added")] = 0.0
    thickness_mm: Annotated[
        float | None, Quantity("mm", 0.01, 500, "across the outline's plane; one voxel else")
    ] = None


class Draw(Operation):
    """Fills an outline in a slice."""

    name: ClassVar[str] = "draw"
    title: ClassVar[str] = "Draw"
    about: ClassVar[str] = (
        "Adds or removes what lies inside a closed outline in a slice: axial, coronal, sagittal "
        "or oblique."
    )
    Settings: ClassVar[type] = DrawSettings
    segments: ClassVar[tuple[int, int]] = (0, 1)
    seeds: ClassVar[tuple[int, int]] = (3, 20000)
    needs_points_inside: ClassVar[bool] = False
    if_empty: ClassVar[str] = "draw where it changes something"

    def box(
        self, volume: Volume, segments: Sequence[Segment], points: Points, settings: DrawSettings
    ) -> Box:
        margin = (settings.thickness_mm or 0.0) / 2 + max(volume.grid.spacing_mm)
        around = box_of_points(volume, points, margin)
        return joined(around, box_of_segments(volume, segments, 0.0)) if segments else around

    def label(self, segments: Sequence[Segment], settings: DrawSettings) -> str:
        if not segments:
            return self.title
        return f"{'Erase' if settings.erase else 'Draw'} {segments[0].name}"

    def done(self, segments: Sequence[Segment], points: Points, settings: DrawSettings) -> str:
        return self.name

    def find(self, patch: Patch, settings: DrawSettings, report: Report) -> tuple[Mask, ...]:
        around = drawn(patch, patch.points_lps, settings.thickness_mm)
        if not patch.segments:
            return (around,)
        return (patch.mask() & ~around if settings.erase else patch.mask() | around,)


def drawn(patch: Patch, points_lps: Points, thickness_mm: float | None = None) -> Mask:
    """The voxels of a patch within an outline (n, 3) in LPS [mm], in a layer about its plane.

    Without a thickness the layer is one voxel thick along the axis nearest to its normal.
    """
    outline = Outline.through(points_lps)
    if thickness_mm is None:
        across = np.abs(outline.axes_lps[2] @ patch.grid.affine[:3, :3])
        thickness_mm = float(across.max())
    local = box_of_points(patch.volume, points_lps, thickness_mm / 2).slices
    low = np.array(patch.box.low)
    inner = tuple(
        slice(max(one.start - a, 0), max(min(one.stop - a, n), 0))
        for one, a, n in zip(local, low, patch.box.shape, strict=True)
    )
    mask = np.zeros(patch.box.shape, bool)
    part = mask[inner]
    index = np.argwhere(np.ones(part.shape, bool)) + [one.start for one in inner] + low
    height = outline.height_mm(patch.volume.grid.to_lps(index)) / thickness_mm
    # Half open: a plane midway between two slices takes one of them.
    near = (height > -0.5 + _ALMOST) & (height <= 0.5 + _ALMOST)
    near[near] = outline.holds(patch.volume.grid.to_lps(index[near]))
    mask[inner] = near.reshape(part.shape)
    return mask


@dataclass(frozen=True)
class ScissorsSettings:
    """Which way the scissors look, what they cut away, and how deep."""

    direction_lps: tuple[float, float, float] | None = None
    """Away from the viewer; the outline's normal if not given."""
    eye_lps: tuple[float, float, float] | None = None
    """Where a perspective view is seen from [mm]; None in a parallel one."""
    outside: Annotated[
        float, Quantity("1", 0, 1, "1: what lies outside the outline is cut away, 0: inside")
    ] = 0.0
    depth_mm: Annotated[
        float | None, Quantity("mm", 0.1, 5000, "beyond the outline's plane; no limit if not given")
    ] = None
    slab_mm: Annotated[
        float | None, Quantity("mm", 0.1, 5000, "thickness of a slab about the outline's plane")
    ] = None


class Scissors(Operation):
    """Cuts along an outline on the screen, through the whole body."""

    name: ClassVar[str] = "scissors"
    title: ClassVar[str] = "Scissors"
    about: ClassVar[str] = (
        "Cuts away what lies inside or outside a closed outline as seen in a view, parallel or in "
        "perspective; all the way through, to a depth, or within a slab."
    )
    Settings: ClassVar[type] = ScissorsSettings
    seeds: ClassVar[tuple[int, int]] = (3, 20000)
    needs_points_inside: ClassVar[bool] = False
    if_empty: ClassVar[str] = "draw the outline across a part of it"

    def label(self, segments: Sequence[Segment], settings: ScissorsSettings) -> str:
        return f"Cut {segments[0].name}"

    def done(self, segments: Sequence[Segment], points: Points, settings: ScissorsSettings) -> str:
        return self.name

    def find(self, patch: Patch, settings: ScissorsSettings, report: Report) -> tuple[Mask, ...]:
        outline = Outline.through(patch.points_lps)
        mask = patch.mask()
        index = np.argwhere(mask)
        cut = np.zeros(len(index), bool)
        pieces = range(0, len(index), 1 << 20)
        for start in pieces:
            report(start / len(index), self.title)
            piece = slice(start, start + pieces.step)
            points = patch.volume.grid.to_lps(index[piece] + np.array(patch.box.low))
            cut[piece] = _cut_away(points, outline, settings)
        mask[tuple(index[cut].T)] = False
        return (mask,)


def _cut_away(points: Points, outline: Outline, settings: ScissorsSettings) -> Flags:
    """Which points (n, 3) fall to the scissors."""
    normal = outline.axes_lps[2]
    height = outline.height_mm(points)
    if settings.eye_lps is not None:
        eye = _vector("eye_lps", settings.eye_lps)
        eye_height = float(outline.height_mm(eye[None])[0])
        if abs(eye_height) < _ALMOST:
            raise SegmentationError("The eye lies in the outline's plane; turn the view.")
        away = -np.sign(eye_height)
        rise = height - eye_height
        in_view = rise * away > _ALMOST
        scale = np.divide(-eye_height, rise, out=np.zeros_like(rise), where=in_view)
        seen = eye + (points - eye) * scale[:, None]
    else:
        direction = _direction(settings, normal)
        across = float(direction @ normal)
        away = np.sign(across)
        in_view = np.ones(len(points), bool)
        seen = points - (height / across)[:, None] * direction
    inside = in_view.copy()
    inside[in_view] = outline.holds(seen[in_view])
    cut = ~inside if settings.outside else inside
    deep = height * away
    if settings.depth_mm is not None:
        cut &= (deep >= -_ALMOST) & (deep <= settings.depth_mm)
    if settings.slab_mm is not None:
        cut &= np.abs(height) <= settings.slab_mm / 2
    result: Flags = cut
    return result


def _direction(settings: ScissorsSettings, normal: Points) -> Any:
    if settings.direction_lps is None:
        if settings.depth_mm is not None:
            raise SegmentationError(
                "A depth needs to know which way the scissors look; give direction_lps or eye_lps."
            )
        return normal
    direction = _vector("direction_lps", settings.direction_lps)
    length = np.linalg.norm(direction)
    if length < _ALMOST or abs(direction @ normal) < _FLAT * length:
        raise SegmentationError(
            "The outline is seen from its edge, so it has no inside; draw it facing the viewer."
        )
    return direction / length


def _vector(name: str, numbers: Any) -> Points:
    """A setting of three numbers.  Raises SegmentationError for anything else."""
    try:
        vector = np.asarray(numbers, np.float64)
    except (TypeError, ValueError):
        vector = np.zeros(0)
    if vector.shape != (3,) or not np.isfinite(vector).all():
        raise SegmentationError(f"{name} needs three numbers x,y,z in LPS, not {numbers!r}.")
    return vector
