"""A stent in its vessel: the shape it takes, and the piece of vessel that a simulation needs."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from surgiplan.derived import once_per_input
from surgiplan.errors import PlanError
from surgiplan.geometry import transported_frames
from surgiplan.model import Branch, Points, StentDesign, StentPlacement

from .sections import Sections, sections

__all__ = [
    "Deployment",
    "deployment",
    "expander",
    "planned_diameters_mm",
    "ring_height_mm",
    "rings_at",
    "struts",
    "zigzag",
]

Floats = npt.NDArray[np.float64]

_TAPER_MM = 3.0
"""Standard deviation along the vessel over which a stent evens out steps of its diameter."""

_PITCH_RINGS = 1.2
"""Distance from ring to ring of a free stent, in heights of a ring."""

_POINTS_PER_STRUT = 6
_ROUNDNESS = 0.985
"""Below 1 the peaks of the zigzag are rounded; 1 is a sharp zigzag."""


@dataclass(frozen=True)
class Deployment:
    """Where the rings of a stent come to lie; arrays are (rings,)."""

    centers_mm: Floats
    """Station of each ring's middle along the branch."""
    heights_mm: Floats
    diameters_mm: Floats
    gap_mm: float
    """Free length between neighbouring rings, kept by the links or the fabric."""

    @property
    def span_mm(self) -> tuple[float, float]:
        """Stations of the proximal and the distal end."""
        return (
            float(self.centers_mm[0] - self.heights_mm[0] / 2),
            float(self.centers_mm[-1] + self.heights_mm[-1] / 2),
        )

    @property
    def length_mm(self) -> float:
        """Length along the vessel."""
        start, end = self.span_mm
        return end - start


def ring_height_mm(design: StentDesign, diameter_mm: npt.ArrayLike) -> Floats:
    """Height of a zigzag ring held at ``diameter_mm`` (...,) by struts that do not stretch.

    A ring of n crowns has 2n struts, each across pi D / 2n of the circumference and h along the
    axis; its length a is that of the free ring: h(D) = sqrt(a^2 - (pi D / 2n)^2) with
    a^2 = h0^2 + (pi D0 / 2n)^2.
    """
    across = np.pi / (2 * design.crowns)
    strut2 = design.ring_mm**2 + (across * design.diameter_mm) ** 2
    return np.sqrt(np.maximum(strut2 - (across * np.asarray(diameter_mm, float)) ** 2, 0.0))


def deployment(branch: Branch, stent: StentPlacement) -> Deployment:
    """The rings of a self-expanding stent in its vessel.

    Each ring opens to the smaller of its free diameter and the lumen's mean diameter there
    (circle of the same area), evened out along the vessel; its height follows from its diameter.
    The gaps between rings stay as they are, and the stent's middle stays at its station.
    """
    return rings_at(stent, branch.stations_mm, planned_diameters_mm(branch, stent.design))


def rings_at(stent: StentPlacement, s_mm: Floats, diameters_mm: Floats) -> Deployment:
    """The rings of a stent that is open to ``diameters_mm`` (n,) at stations ``s_mm`` (n,)."""
    design = stent.design
    rings = int((design.length_mm - design.ring_mm) // (_PITCH_RINGS * design.ring_mm)) + 1
    if rings < 2:
        rings, design = 1, replace(design, ring_mm=design.length_mm)
    gap_mm = (design.length_mm - rings * design.ring_mm) / max(rings - 1, 1)
    start_mm, _ = stent.span_mm
    free = start_mm + design.ring_mm / 2 + np.arange(rings) * (design.ring_mm + gap_mm)
    diameters = np.interp(free, s_mm, diameters_mm)
    heights = ring_height_mm(design, diameters)
    ends = np.cumsum(heights + gap_mm) - gap_mm
    centers = stent.at_mm - ends[-1] / 2 + ends - heights / 2
    return Deployment(centers, heights, diameters, float(gap_mm))


def zigzag(rings: Deployment, crowns: int) -> tuple[Floats, Floats]:
    """Angles (k,) [rad] around the vessel and stations (rings, k) of the rings' struts."""
    theta = np.linspace(0.0, 2 * np.pi, 2 * crowns * _POINTS_PER_STRUT + 1)
    wave = np.arcsin(_ROUNDNESS * np.cos(crowns * theta)) / np.arcsin(_ROUNDNESS)
    return theta, rings.centers_mm[:, None] + rings.heights_mm[:, None] / 2 * wave


def struts(branch: Branch, stent: StentPlacement) -> tuple[Points, ...]:
    """The rings as closed zigzag lines, each (k, 3) in LPS [mm], along the branch."""
    theta, s = zigzag(deployment(branch, stent), stent.design.crowns)
    radius = np.interp(s, branch.stations_mm, planned_diameters_mm(branch, stent.design)) / 2
    turned = theta + np.deg2rad(stent.rotation_deg)
    u, v = _frames(branch)
    across = np.cos(turned)[:, None] * _along(branch, u, s)
    across += np.sin(turned)[:, None] * _along(branch, v, s)
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    return tuple(_axis(branch, s) + radius[..., None] * across)


def expander(
    branch: Branch,
    stent: StentPlacement,
    lo_mm: float | None = None,
    hi_mm: float | None = None,
) -> tuple[Points, Points, Floats]:
    """The vessel around a stent and how far the stent wants to open it, for a simulation.

    The stent is as long as it becomes in the lumen as it is (``deployment``).

    Returns the axis (n, 3), the contours (n, angles, 3), both in LPS [mm], and the radius (n,) of
    an expander [mm]: half the stent's free diameter along the stent, NaN beside it.  The vessel
    reaches one diameter beyond each end of the stent, or from ``lo_mm`` to ``hi_mm``, as far as
    it was traced.  Sections that could not be measured are bridged from their neighbours; raises
    PlanError if that is more than half of them.
    """
    start_mm, end_mm = deployment(branch, stent).span_mm
    beside_mm = stent.design.diameter_mm
    lo_mm = min(start_mm, stent.span_mm[0]) - beside_mm if lo_mm is None else lo_mm
    hi_mm = max(end_mm, stent.span_mm[1]) + beside_mm if hi_mm is None else hi_mm
    s = branch.stations_mm
    part = (s >= lo_mm) & (s <= hi_mm)
    if np.count_nonzero(part) < 3:
        raise PlanError("The stent lies outside the traced vessel; move it onto the centreline.")
    contours = _bridged(branch, sections(branch), part)
    radius = np.where((s >= start_mm) & (s <= end_mm), stent.design.diameter_mm / 2, np.nan)
    return branch.points_lps[part], contours[part], radius[part]


def _bridged(branch: Branch, sizes: Sections, part: npt.NDArray[np.bool_]) -> Points:
    """The contours, with those that are missing interpolated in frames that do not twist."""
    known = sizes.is_measured
    if np.count_nonzero(known & part) < np.count_nonzero(part) / 2:
        raise PlanError(
            "Too few sections of the vessel around the stent could be measured; move the stent, "
            "or correct the lumen there and trace it again."
        )
    u, v = _frames(branch)
    offset = branch.contours_lps - branch.points_lps[:, None]
    in_frame = np.stack(
        [np.einsum("nac,nc->na", offset, axis) for axis in (u, v, branch.tangents)], axis=-1
    )
    flat = in_frame.reshape(len(known), -1)
    s = branch.stations_mm
    filled = np.stack([np.interp(s, s[known], column[known]) for column in flat.T], axis=1)
    x, y, z = np.moveaxis(filled.reshape(in_frame.shape), -1, 0)
    back = x[..., None] * u[:, None] + y[..., None] * v[:, None]
    back += z[..., None] * branch.tangents[:, None]
    bridged: Points = np.where(
        known[:, None, None], branch.contours_lps, branch.points_lps[:, None] + back
    )
    return bridged


def planned_diameters_mm(branch: Branch, design: StentDesign) -> Floats:
    """Diameter of the opened stent at each station of the branch, (n,) [mm]."""
    lumen = sections(branch).at("d_area_mm", branch.stations_mm)
    open_mm = np.fmin(lumen, design.diameter_mm)
    step_mm = branch.length_mm / max(len(open_mm) - 1, 1)
    reach = int(np.ceil(3 * _TAPER_MM / step_mm))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step_mm / _TAPER_MM) ** 2)
    return np.convolve(np.pad(open_mm, reach, mode="edge"), kernel / kernel.sum(), "valid")


@once_per_input
def _frames(branch: Branch) -> tuple[Points, Points]:
    return transported_frames(branch.points_lps)


def _along(branch: Branch, vectors: Points, s_mm: Floats) -> Points:
    axes = [np.interp(s_mm, branch.stations_mm, vectors[:, a]) for a in range(3)]
    return np.stack(axes, axis=-1)


def _axis(branch: Branch, s_mm: Floats) -> Points:
    """Points of the axis, straight on where a ring reaches beyond the traced vessel."""
    clamped = np.clip(s_mm, 0.0, branch.length_mm)
    beyond = (s_mm - clamped)[..., None]
    result: Points = branch.point_at(clamped) + beyond * branch.tangent_at(clamped)
    return result
