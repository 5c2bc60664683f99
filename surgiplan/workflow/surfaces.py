"""Surfaces of other programs as segments of a scan."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from surgiplan.errors import GeometryError
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Case, Points, Segment, Surface, Volume

if TYPE_CHECKING:
    from surgiplan.io import LoadedSurface
    from surgiplan.meshing import Repaired

__all__ = ["segments_of_surface"]

_SMALL_MM = 30.0
"""Below this size of the box a surface without a unit could as well be one in cm or inches."""
_FINE = 0.5
"""Edges of triangles shorter than so many voxels are finer than the scan shows anything."""


def segments_of_surface(
    path: Path,
    case: Case,
    volume_id: str = "",
    *,
    unit: str = "",
    space: str = "",
    report: Report = silent,
) -> tuple[Segment, ...]:
    """The bodies in an STL, PLY, OBJ or GLB file as segments on the voxels of a scan.

    Mended where that takes little; the remarks say what was done, how far anything moved and what
    the volume became.  Raises GeometryError for a file that cannot be read, an open body (with its
    place), a unit that cannot be told, and a body outside the scan.
    """
    from surgiplan import io
    from surgiplan.meshing import repaired, require_closed

    volume = case.volume(volume_id)
    report(0.0, f"Reading {path.name}")
    loaded = io.load_surface(path, unit=unit, space=space)
    if not loaded.is_unit_known:
        _require_clear_unit(path.name, loaded.surface, volume)
    report(0.3, f"Mending {path.name}")
    bodies = []
    for name, body in _bodies(loaded, path.stem):
        done = repaired(body)
        require_closed(done.surface, path.name)
        bodies.append((name, done))
    segments = []
    for n, (name, done) in enumerate(bodies):
        report(0.5 + 0.5 * n / len(bodies), f"Filling {name}")
        segments.append(_segment(path, name, done, volume))
    return tuple(segments)


def _bodies(loaded: "LoadedSurface", stem: str) -> list[tuple[str, Surface]]:
    """The parts of a file if each encloses something, else all of it as one body."""
    from surgiplan.meshing import is_closed, repaired

    if len(loaded.parts) == 1:
        return [(_name(loaded.parts[0][0], stem), loaded.surface)]
    ends = np.cumsum([count for _, count in loaded.parts])
    pieces = np.split(loaded.surface.triangles, ends[:-1])
    parts = []
    for (name, _), piece in zip(loaded.parts, pieces, strict=True):
        used, corners = np.unique(piece, return_inverse=True)
        part = Surface(loaded.surface.points_lps[used], corners.reshape(-1, 3).astype(np.int32))
        if not len(piece) or not is_closed(repaired(part).surface.triangles):
            return [(stem, loaded.surface)]
        parts.append((_name(name, stem), part))
    return parts


def _name(name: str, stem: str) -> str:
    """What the file calls a body, unless that is only what its program writes into each file."""
    plain = name.strip()
    is_name = plain and "=" not in plain and len(plain) < 40 and "output" not in plain.lower()
    return plain if is_name else stem


def _segment(path: Path, name: str, done: "Repaired", volume: Volume) -> Segment:
    from surgiplan.io import unsided_warning
    from surgiplan.meshing import voxelised

    surface = done.surface
    try:
        mask, grid = voxelised(surface, volume.grid)
    except GeometryError as error:
        raise GeometryError(
            f"{name} in {path.name} lies outside the scan of this case or between its voxels; "
            "check its unit (--unit) and its axes (--space), or import the scan that it is of."
        ) from error
    filled = [np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    low, high = [one[0] for one in filled], [one[-1] + 1 for one in filled]
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    made = Segment(
        name, name, mask[box], grid.cropped(low, high), volume.id,
        made_by=f"imported: a surface ({path.suffix.lower().removeprefix('.').upper()})",
    )  # fmt: skip
    gain = made.volume_ml / surface.volume_ml - 1
    remarks = [
        f"It came as a surface of {surface.volume_ml:.2f} ml and fills voxels of "
        f"{made.volume_ml:.2f} ml ({100 * gain:+.1f} %)."
    ]
    if done.what:
        remarks.append(
            f"Its surface was mended: {', '.join(done.what)}; no point moved more than "
            f"{done.displacement_mm_max:.3g} mm."
        )
    middle_x_mm = float(volume.grid.corners_lps()[:, 0].mean())
    if warning := unsided_warning(made, middle_x_mm):
        remarks.append(warning)
    return replace(made, remarks=tuple(remarks))


def _require_clear_unit(name: str, surface: Surface, volume: Volume) -> None:
    """Raise GeometryError where another unit than mm would do as well or better.

    A unit would do if most of the body's box then lies in the scan.
    """
    from surgiplan.io import UNITS_MM

    fits = {unit: _within(surface.points_lps * mm, volume) for unit, mm in UNITS_MM.items()}
    others = [unit for unit, fit in fits.items() if fit and unit != "mm"]
    size_mm = float(np.linalg.norm(np.ptp(surface.points_lps, axis=0)))
    if fits["mm"] and (not others or size_mm >= _SMALL_MM or not _is_too_fine(surface, volume)):
        return
    if not others:
        return
    raise GeometryError(
        f"{name} names no unit, and its {size_mm:.3g} mm could as well be {' or '.join(others)}; "
        "say which it is with --unit mm, cm, m or inch."
    )


def _within(points: Points, volume: Volume) -> bool:
    corners = volume.grid.corners_lps()
    low, high = points.min(axis=0), points.max(axis=0)
    inner = np.minimum(high, corners.max(axis=0)) - np.maximum(low, corners.min(axis=0))
    share = np.clip(inner / np.maximum(high - low, 1e-9), 0, 1)
    return bool(share.prod() > 0.5)


def _is_too_fine(surface: Surface, volume: Volume) -> bool:
    a, b = surface.points_lps[surface.triangles[:, 0]], surface.points_lps[surface.triangles[:, 1]]
    edge_mm = float(np.median(np.linalg.norm(b - a, axis=1)))
    return edge_mm < _FINE * min(volume.grid.spacing_mm)
