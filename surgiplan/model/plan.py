"""What the surgeon intends: devices, resections, measurements."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from surgiplan.errors import PlanError

from ._arrays import frozen
from .noun import Noun
from .surface import Centerline
from .volume import Points

__all__ = ["Measurement", "Plan", "Resection", "StentDesign", "StentPlacement"]


@dataclass(frozen=True, eq=False)
class StentDesign(Noun):
    """A stent as sold: zigzag rings of struts, self-expanding."""

    name: str
    diameter_mm: float
    """Outer diameter when free."""
    length_mm: float
    """Length when free."""
    crowns: int = 8
    """Peaks around one ring."""
    ring_mm: float = 12.0
    """Height of one ring when free."""
    source: str = "GENERIC - EXAMPLE"

    def __post_init__(self) -> None:
        for what, value in (("diameter", self.diameter_mm), ("length", self.length_mm)):
            if not 0 < value < 1000:
                raise PlanError(f"A stent {what} of {value:g} mm is not possible; choose another.")


@dataclass(frozen=True, eq=False)
class StentPlacement(Noun):
    """A stent in this patient, its middle at a station of a centreline."""

    id: str
    name: str
    design: StentDesign
    centerline_id: str
    branch: int
    at_mm: float
    """Station of the stent's middle, from the start of the branch."""
    rotation_deg: float = 0.0

    @property
    def span_mm(self) -> tuple[float, float]:
        """Stations of the proximal and the distal end."""
        half = self.design.length_mm / 2
        return self.at_mm - half, self.at_mm + half


@dataclass(frozen=True, eq=False)
class Resection(Noun):
    """A plane that cuts an organ; what lies on the side of the normal is removed."""

    id: str
    name: str
    target_id: str
    """Segment that is cut."""
    point_lps: Points
    """A point of the plane in LPS [mm], shape (3,)."""
    normal: Points
    """Unit normal towards the specimen, shape (3,)."""
    lesion_id: str = ""
    """Segment whose margin is measured, if any."""
    margin_mm: float = 10.0
    """Margin that is wanted."""

    def __post_init__(self) -> None:
        normal = np.asarray(self.normal, float)
        length = np.linalg.norm(normal)
        if not length > 1e-9:
            raise PlanError("The cutting plane needs a normal that is not zero.")
        # A unit vector divided by its length again may differ in its last bit, and a plane read
        # back from a file would then make what was computed from it stale.
        if abs(length - 1) > 1e-12:
            normal = normal / length
        object.__setattr__(self, "point_lps", frozen(self.point_lps, np.float64, (3,)))
        object.__setattr__(self, "normal", frozen(normal, np.float64, (3,)))


@dataclass(frozen=True, eq=False)
class Measurement(Noun):
    """A distance along straight lines between picked points."""

    id: str
    name: str
    points_lps: Points
    """Shape (n, 3) in LPS [mm], n at least 2."""

    def __post_init__(self) -> None:
        points = frozen(self.points_lps, np.float64, (None, 3))
        if len(points) < 2:
            raise PlanError("A distance needs two points; pick another.")
        object.__setattr__(self, "points_lps", points)

    @property
    def length_mm(self) -> float:
        """Length of the line through all points."""
        return float(np.linalg.norm(np.diff(self.points_lps, axis=0), axis=1).sum())


@dataclass(frozen=True, eq=False)
class Plan(Noun):
    """Everything the surgeon has decided."""

    centerlines: Mapping[str, Centerline] = field(default_factory=dict)
    stents: Mapping[str, StentPlacement] = field(default_factory=dict)
    resections: Mapping[str, Resection] = field(default_factory=dict)
    measurements: Mapping[str, Measurement] = field(default_factory=dict)
