"""Surfaces and centrelines."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.errors import PlanError

from ._arrays import frozen
from .noun import Noun
from .volume import Points

__all__ = ["Branch", "Centerline", "Surface"]


@dataclass(frozen=True, eq=False)
class Surface(Noun):
    """A triangle mesh in LPS [mm]."""

    points_lps: Points = field(repr=False)
    """Shape (n, 3)."""
    triangles: npt.NDArray[np.int32] = field(repr=False)
    """Shape (m, 3), normals outwards."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "points_lps", frozen(self.points_lps, np.float64, (None, 3)))
        object.__setattr__(self, "triangles", frozen(self.triangles, np.int32, (None, 3)))

    @property
    def volume_ml(self) -> float:
        """Enclosed volume of a closed surface."""
        a, b, c = (self.points_lps[self.triangles[:, n]] for n in range(3))
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6 / 1000)


@dataclass(frozen=True, eq=False)
class Branch(Noun):
    """One centreline from its start to one end, with the lumen's sections along it."""

    _added: ClassVar[frozenset[str]] = frozenset({"gaps_mm"})

    points_lps: Points = field(repr=False)
    """Shape (n, 3) in LPS [mm], evenly spaced."""
    tangents: Points = field(repr=False)
    """Unit tangents, shape (n, 3), in the direction of travel."""
    contours_lps: npt.NDArray[np.float64] = field(repr=False)
    """Lumen contour orthogonal to each point, shape (n, angles, 3); NaN where not measurable."""
    gaps_mm: tuple[tuple[float, float], ...] = ()
    """Stations from and to which the scan was interpolated, so that nothing is measured there."""

    def __post_init__(self) -> None:
        n = len(self.points_lps)
        object.__setattr__(self, "points_lps", frozen(self.points_lps, np.float64, (None, 3)))
        object.__setattr__(self, "tangents", frozen(self.tangents, np.float64, (n, 3)))
        contours = frozen(self.contours_lps, np.float64, (n, None, 3))
        object.__setattr__(self, "contours_lps", contours)

    @cached_property
    def stations_mm(self) -> npt.NDArray[np.float64]:
        """Distance along the branch from its start, shape (n,)."""
        steps = np.linalg.norm(np.diff(self.points_lps, axis=0), axis=1)
        return np.concatenate([[0.0], np.cumsum(steps)])

    @property
    def length_mm(self) -> float:
        """Length from the first to the last point."""
        return float(self.stations_mm[-1])

    def is_in_gap(self, s_mm: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether the scan was interpolated at distances ``s_mm`` (...,) along the branch."""
        s = np.asarray(s_mm, float)
        found = np.zeros(s.shape, bool)
        for start_mm, end_mm in self.gaps_mm:
            found |= (s >= start_mm) & (s <= end_mm)
        return found

    def point_at(self, s_mm: npt.ArrayLike) -> Points:
        """Points in LPS [mm] at distances ``s_mm`` (...,) along the branch, shape (..., 3)."""
        s = np.asarray(s_mm, float)
        axes = [np.interp(s, self.stations_mm, self.points_lps[:, a]) for a in range(3)]
        return np.stack(axes, axis=-1)

    def tangent_at(self, s_mm: npt.ArrayLike) -> Points:
        """Unit tangents at distances ``s_mm`` (...,), shape (..., 3)."""
        s = np.asarray(s_mm, float)
        axes = [np.interp(s, self.stations_mm, self.tangents[:, a]) for a in range(3)]
        tangents = np.stack(axes, axis=-1)
        result: Points = tangents / np.linalg.norm(tangents, axis=-1, keepdims=True)
        return result

    def nearest_station_mm(self, point_lps: npt.ArrayLike) -> float:
        """Distance along the branch of the place nearest to a point (3,) in LPS [mm]."""
        start, end = self.points_lps[:-1], self.points_lps[1:]
        along = end - start
        offset = np.asarray(point_lps, float) - start
        length2 = np.einsum("ij,ij->i", along, along)
        t = np.clip(np.einsum("ij,ij->i", offset, along) / length2, 0, 1)
        gap = np.linalg.norm(offset - t[:, None] * along, axis=1)
        n = int(np.argmin(gap))
        return float(self.stations_mm[n] + t[n] * np.sqrt(length2[n]))


@dataclass(frozen=True, eq=False)
class Centerline(Noun):
    """The paths of a vessel's lumen from one start to one or more ends."""

    id: str
    name: str
    segment_id: str
    branches: tuple[Branch, ...]
    made_from: dict[str, str] = field(default_factory=dict)
    """Path in the case of each input, and its digest then (see ``Finding``)."""

    def branch(self, index: int) -> Branch:
        """The branch of that number.  Raises PlanError if there is none."""
        if not 0 <= index < len(self.branches):
            raise PlanError(
                f"Centreline {self.name} has {len(self.branches)} branches, numbered from 0; "
                f"there is no branch {index}."
            )
        return self.branches[index]
