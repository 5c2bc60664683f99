"""A scanned volume and the grid that places its voxels in the patient."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError

from ._arrays import frozen
from .noun import Noun, array_sha256

__all__ = ["Points", "Source", "Volume", "VoxelGrid"]

Points = npt.NDArray[np.float64]

_AXIS_ALIGNED = 1e-6
"""Largest stray direction cosine of a grid that is called aligned with the patient."""
_ON_A_SLICE = 0.05
"""A point this near to a slice, in slices, lies on it."""


@dataclass(frozen=True, eq=False)
class VoxelGrid(Noun):
    """Where voxels sit in the patient: shape (slices, rows, columns) and one affine.

    A standard scan has a negative determinant in (k, j, i) order: a reordering of the axes,
    not a mirror image.
    """

    shape: tuple[int, int, int]
    affine: npt.NDArray[np.float64]
    """Maps voxel (k, j, i) to LPS [mm], shape (4, 4)."""
    frame_uid: str = ""
    """Frame of reference UID; grids of different frames do not combine."""

    def __post_init__(self) -> None:
        affine = frozen(self.affine, np.float64, (4, 4))
        if abs(np.linalg.det(affine[:3, :3])) < 1e-9:
            raise ValueError("affine maps voxels onto a plane")
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between voxel centres along (k, j, i)."""
        k, j, i = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(k), float(j), float(i)

    @property
    def voxel_mm3(self) -> float:
        """Volume of one voxel."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    @property
    def is_axis_aligned(self) -> bool:
        """Whether each voxel axis runs along one patient axis."""
        cosines = np.abs(self.affine[:3, :3]) / np.array(self.spacing_mm)
        return bool(np.all(np.sort(cosines, axis=0)[:2] < _AXIS_ALIGNED))

    def to_lps(self, index_kji: npt.ArrayLike) -> Points:
        """Voxel indices (..., 3) in (k, j, i) order to points in LPS [mm], (..., 3)."""
        result: Points = np.asarray(index_kji, float) @ self.affine[:3, :3].T + self.affine[:3, 3]
        return result

    def to_index(self, points_lps: npt.ArrayLike) -> Points:
        """Points (..., 3) in LPS [mm] to fractional voxel indices (k, j, i), (..., 3)."""
        offsets = np.asarray(points_lps, np.float64) - self.affine[:3, 3]
        return np.asarray(offsets @ np.linalg.inv(self.affine[:3, :3]).T, np.float64)

    def contains(self, points_lps: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether each point (..., 3) in LPS [mm] lies within the voxels."""
        index = self.to_index(points_lps)
        return np.asarray(np.all((index > -0.5) & (index < np.array(self.shape) - 0.5), axis=-1))

    def corners_lps(self) -> Points:
        """The eight outer corners of the voxels in LPS [mm], shape (8, 3)."""
        ends = np.array([[-0.5, n - 0.5] for n in self.shape])
        return self.to_lps(np.stack(np.meshgrid(*ends, indexing="ij"), -1).reshape(-1, 3))

    def cropped(self, low_kji: npt.ArrayLike, high_kji: npt.ArrayLike) -> "VoxelGrid":
        """The grid of voxels ``low_kji`` (included) to ``high_kji`` (excluded)."""
        low, high = np.asarray(low_kji, int), np.asarray(high_kji, int)
        affine = self.affine.copy()
        affine[:3, 3] = self.to_lps(low)
        k, j, i = (int(n) for n in high - low)
        return replace(self, shape=(k, j, i), affine=affine)

    def box_in(self, parent: "VoxelGrid") -> tuple[slice, slice, slice]:
        """Where this cropped grid lies within the grid it was cropped from.

        Raises GeometryError if the two do not share voxels or frame of reference.
        """
        self.require_same_frame(parent)
        low = parent.to_index(self.affine[:3, 3])
        start = np.rint(low).astype(int)
        if (
            not np.allclose(self.affine[:3, :3], parent.affine[:3, :3], atol=1e-6)
            or not np.allclose(low, start, atol=1e-3)
            or np.any(start < 0)
            or np.any(start + np.array(self.shape) > np.array(parent.shape))
        ):
            raise GeometryError("These voxels do not lie on the scan's own grid; resample first.")
        k, j, i = (slice(int(a), int(a) + n) for a, n in zip(start, self.shape, strict=True))
        return k, j, i

    def require_same_frame(self, other: "VoxelGrid") -> None:
        """Raise GeometryError unless both grids live in one frame of reference."""
        if self.frame_uid != other.frame_uid:
            raise GeometryError(
                "These data come from different frames of reference; register them first."
            )


@dataclass(frozen=True, eq=False)
class Source(Noun):
    """Where a volume came from."""

    _added: ClassVar[frozenset[str]] = frozenset({"interpolated_k", "vendor"})

    series_uid: str = ""
    study_uid: str = ""
    study_date: str = ""
    """ISO date, ``2024-03-02``, or empty."""
    modality: str = ""
    description: str = ""
    files: int = 0
    window_level: tuple[float, float] | None = None
    """Width and centre that the scanner suggests, in the volume's unit."""
    accepted: tuple[str, ...] = ()
    """Kinds of problems that the user accepted at import."""
    remarks: tuple[str, ...] = ()
    """What was done about them, in sentences."""
    interpolated_k: tuple[tuple[int, int], ...] = ()
    """Slices of the volume that were never scanned: first, and one after the last, of each gap."""
    vendor: str = ""
    """Who built the scanner, as one of a few known names, ``other``, or empty where unsaid."""


@dataclass(frozen=True, eq=False)
class Volume(Noun):
    """A scan: voxel values with their unit, placed in the patient."""

    id: str
    values: npt.NDArray[Any] = field(repr=False)
    """Shape ``grid.shape``; int16 in HU for CT, float32 otherwise where slope or unit need it."""
    grid: VoxelGrid
    unit: str = "HU"
    name: str = "CT"
    source: Source = field(default_factory=Source)

    def __post_init__(self) -> None:
        if self.values.dtype not in (np.dtype(np.int16), np.dtype(np.float32)):
            raise ValueError(f"a volume holds int16 or float32, not {self.values.dtype}")
        object.__setattr__(self, "values", frozen(self.values, self.values.dtype, self.grid.shape))

    def is_interpolated(self, points_lps: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether each point (..., 3) in LPS [mm] lies in a gap of the scan, between real slices.

        Nothing was scanned there: values are good to look at, not to measure.
        """
        points = np.asarray(points_lps, np.float64)
        found = np.zeros(points.shape[:-1], bool)
        if self.source.interpolated_k:
            k = self.grid.to_index(points)[..., 0]
            for first, after in self.source.interpolated_k:
                found |= (k > first - 1 + _ON_A_SLICE) & (k < after - _ON_A_SLICE)
        return found

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the array's bytes, C order, little endian."""
        return array_sha256(self.values)

    @cached_property
    def digest(self) -> str:
        """Content digest that hashes the voxels only once."""
        about = (self.sha256, self.grid.digest, self.unit, self.name, self.source.digest)
        return array_sha256(np.frombuffer("|".join(about).encode(), np.uint8))
