"""What a finding says at each place of its surface, along its whole loading: no drawing here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from surgiplan.model import Finding, Points

__all__ = [
    "FIELDS",
    "Coloured",
    "Field",
    "Place",
    "coloured_values",
    "displacement_at_mm",
    "finding_arrays",
    "fraction_words",
    "place_of",
    "range_of",
    "readings",
    "step_fractions",
]

Floats = npt.NDArray[np.float64]

Coloured = Literal["displacement", "stress", "strain", "contact", "gap"]
"""Which answer of a finding is shown as colour."""


@dataclass(frozen=True)
class Field:
    """How one answer is named, and how its numbers become colours."""

    title: str
    unit: str
    colours: str
    arrays: tuple[str, ...]
    """Names under which a finding keeps it."""
    scale: float = 1.0
    """From what is kept to the unit shown."""
    percentile: float = 100.0
    """Where the colours end: one sharp corner must not make all else look alike."""


FIELDS: Mapping[Coloured, Field] = {
    "displacement": Field("Displacement", "mm", "viridis", ("displacement_mm",)),
    "stress": Field(
        "Von Mises stress", "kPa", "inferno", ("von_mises_kpa", "stress_kpa"), percentile=99.0
    ),
    "strain": Field(
        "Largest strain", "%", "inferno", ("strain",), scale=100.0, percentile=99.0
    ),
    "contact": Field("Contact pressure", "kPa", "inferno", ("contact_pressure_kpa",)),
    "gap": Field("Gap to the device", "mm", "viridis", ("gap_mm",)),
}  # fmt: skip

_WAYS = (("L", "R"), ("P", "A"), ("S", "I"))
"""Letters of the body along and against each axis, as at the sides of the views."""


def finding_arrays(finding: Finding) -> tuple[Coloured, ...]:
    """What a finding can show as colour; an answer without a single number is left out."""
    return tuple(name for name in FIELDS if np.isfinite(coloured_values(finding, name)).any())


def coloured_values(finding: Finding, array: Coloured, fraction: float = 1.0) -> Floats:
    """What is shown as colour at points (n,) or triangles (m,), in the unit of its ``Field``.

    Displacement is that at a ``fraction`` of the loading; all else is known at its end only.
    """
    field = FIELDS[array]
    name = next((name for name in field.arrays if name in finding.arrays), "")
    if not name:
        return np.zeros(0)
    if array == "displacement":
        return np.asarray(np.linalg.norm(displacement_at_mm(finding, fraction), axis=1))
    return field.scale * np.asarray(finding.arrays[name], float)


def range_of(finding: Finding, array: Coloured) -> tuple[float, float]:
    """Where the colours end, for all of the loading alike, and the highest number there is."""
    values = coloured_values(finding, array)
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 0.0
    highest = float(values.max())
    if array == "displacement" and len(finding.arrays.get("steps_mm", ())):
        lengths = np.linalg.norm(np.asarray(finding.arrays["steps_mm"], np.float32), axis=2)
        highest = max(highest, float(lengths.max()))
    percentile = FIELDS[array].percentile
    return (highest if percentile == 100 else float(np.percentile(values, percentile))), highest


def step_fractions(finding: Finding) -> tuple[float, ...]:
    """The fractions of the loading at which an equilibrium was found, from 0 to 1.

    None where only the end is one.
    """
    steps = finding.arrays.get("steps_mm", ())
    fractions = np.asarray(finding.arrays.get("step_fractions", ()), float)
    if len(steps) < 2 or len(steps) != len(fractions):
        return ()
    return tuple(float(one) for one in fractions)


def displacement_at_mm(finding: Finding, fraction: float) -> Floats:
    """Displacement (n, 3) at a fraction of the loading.

    Between true equilibria where there are any, otherwise the whole response scaled down.
    """
    whole = np.asarray(finding.arrays["displacement_mm"], float)
    fractions = step_fractions(finding)
    if fraction >= 1 or not fractions:
        return fraction * whole if fraction < 1 else whole
    known = np.array([0.0, *fractions])
    after = min(max(int(np.searchsorted(known, fraction)), 1), len(fractions))
    low, high = known[after - 1], known[after]
    share = (fraction - low) / (high - low) if high > low else 1.0
    steps = finding.arrays["steps_mm"]
    before_mm = np.asarray(steps[after - 2], float) if after > 1 else np.zeros_like(whole)
    return (1 - share) * before_mm + share * np.asarray(steps[after - 1], float)


def fraction_words(finding: Finding, fraction: float) -> str:
    """What is shown at a fraction of the loading, and how it was got."""
    percent = f"{100 * fraction:.0f} %"
    if fraction >= 1:
        return f"{percent}: the computed equilibrium"
    fractions = step_fractions(finding)
    if not fractions:
        return f"{percent} of the response, scaled (no equilibrium of its own)"
    if any(abs(fraction - one) < 0.005 for one in fractions):
        return f"{percent} of the loading: a computed equilibrium"
    return f"{percent} of the loading: between computed equilibria"


@dataclass(frozen=True)
class Place:
    """A place on a finding's surface: corners of a triangle (3,) and their weights (3,)."""

    corners: npt.NDArray[np.int64]
    weights: Floats
    triangle: int

    def of(self, values: npt.ArrayLike) -> Any:
        """The number, or vector, there of values at points or at triangles."""
        table = np.asarray(values, float)
        if len(table) <= self.corners.max():
            return table[self.triangle]
        return self.weights @ table[self.corners]


def place_of(finding: Finding, point_lps: npt.ArrayLike) -> Place:
    """The place of the scanned surface that is nearest to a point in LPS [mm], shape (3,)."""
    points = np.asarray(finding.arrays["points_lps"], float)
    corners = np.asarray(finding.arrays["triangles"], np.int64)
    point = np.asarray(point_lps, float)
    nearest = np.argsort(((points - point) ** 2).sum(axis=1))[:24]
    candidates = np.flatnonzero(np.isin(corners, nearest).any(axis=1))
    weights = _nearest_weights(points[corners[candidates]], point)
    feet = (weights[:, :, None] * points[corners[candidates]]).sum(axis=1)
    best = int(np.argmin(((feet - point) ** 2).sum(axis=1)))
    triangle = int(candidates[best])
    return Place(corners[triangle], weights[best], triangle)


def readings(finding: Finding, place: Place, fraction: float = 1.0) -> list[tuple[str, str]]:
    """Name and number with unit of all that is known at a place, for words on the screen."""
    moved = place.of(displacement_at_mm(finding, fraction))
    rows = [("Displacement", f"{np.linalg.norm(moved):.2f} mm")]
    ways = [
        f"{letters[0] if by > 0 else letters[1]} {abs(by):.1f}"
        for by, letters in zip(moved, _WAYS, strict=True)
        if abs(by) >= 0.05
    ]
    if ways:
        rows.append(("Towards", f"{', '.join(ways)} mm"))
    for name in finding_arrays(finding):
        if name != "displacement":
            field, value = FIELDS[name], float(place.of(coloured_values(finding, name)))
            shown = f"{value:.3g} {field.unit}" if np.isfinite(value) else "none here"
            rows.append((field.title, shown))
    return rows


def _nearest_weights(triangles: Points, point: Points) -> Floats:
    """Weights (t, 3) of the corners of triangles (t, 3, 3) at the place nearest to a point."""
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    candidates = [_inside_weights(a, b, c, point)]
    for n, m in ((0, 1), (1, 2), (2, 0)):
        start, way = triangles[:, n], triangles[:, m] - triangles[:, n]
        length = np.maximum((way**2).sum(axis=1), 1e-30)
        share = np.clip(((point - start) * way).sum(axis=1) / length, 0, 1)
        weights = np.zeros((len(a), 3))
        weights[:, n], weights[:, m] = 1 - share, share
        candidates.append(weights)
    table = np.stack(candidates)
    feet = np.einsum("kti,tij->ktj", table, triangles)
    far = ((feet - point) ** 2).sum(axis=2)
    far[0] = np.where((table[0] >= 0).all(axis=1), far[0], np.inf)
    return np.asarray(table[np.argmin(far, axis=0), np.arange(len(a))])


def _inside_weights(a: Points, b: Points, c: Points, point: Points) -> Floats:
    """Weights (t, 3) of a point's foot on the planes of triangles, negative beside them."""
    u, v, w = b - a, c - a, point - a
    uu, uv, vv = (u * u).sum(axis=1), (u * v).sum(axis=1), (v * v).sum(axis=1)
    wu, wv = (w * u).sum(axis=1), (w * v).sum(axis=1)
    area = np.maximum(uu * vv - uv * uv, 1e-30)
    s, t = (vv * wu - uv * wv) / area, (uu * wv - uv * wu) / area
    return np.stack([1 - s - t, s, t], axis=1)
