"""The wall of a vessel as tetrahedra, built outwards from the contours of its lumen."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError

from .mesh import TetMesh, gate, promoted, scaled_jacobian

__all__ = ["Wall", "wall_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_SMOOTHINGS = (0.6, 1.0, 1.5, 2.5, 4.0, 6.0)
"""Widths of the smoothing that are tried in turn, in elements of the mesh."""

_FARTHEST = 0.3
"""How far, in radii, the meshed lumen may lie from the contours (root mean square)."""


@dataclass(frozen=True, eq=False)
class Wall:
    """The wall of a vessel and how it follows from the contours.

    ``grid`` (2 s - 1, 2 a): inner nodes, corners at even indices; the parameters of the contour
    points in it are ``rows`` (n,) and ``columns`` (angles,).  ``moved_max_mm`` and
    ``moved_rms_mm``: how far the meshed lumen lies from the contours given.
    """

    mesh: TetMesh
    inner: Ints
    outer: Ints
    end_nodes: npt.NDArray[np.bool_]
    grid: Ints
    rows: Floats
    columns: Floats
    moved_max_mm: float
    moved_rms_mm: float

    def at_contours(self, values: Floats) -> Floats:
        """Nodal ``values`` (nodes, c) at the contour points (n, angles, c)."""
        from scipy.ndimage import map_coordinates

        field = values[self.grid]
        field = np.concatenate([field, field[:, :1]], axis=1)
        places = np.stack(np.meshgrid(self.rows, self.columns, indexing="ij"))
        parts = [
            map_coordinates(field[..., c], places, order=1, mode="nearest")
            for c in range(values.shape[1])
        ]
        return np.stack(parts, axis=-1)


def wall_of(contours_mm: Floats, thickness_mm: float, elements: int, *, layers: int = 1) -> Wall:
    """Wall of ``thickness_mm`` around lumen contours (n, angles, 3), about ``elements`` tetrahedra.

    The same angle index runs along the vessel; a contour does not repeat its first point.  The
    contours are smoothed along and around as little as a valid mesh allows.  Raises GeometryError
    when even strong smoothing gives none: contours that cross, or a bend tighter than the wall.
    """
    contours = _checked(contours_mm)
    stations, angles = _resolution(contours, elements, layers)
    rows = _along(contours)
    clockwise = _runs_clockwise(contours)
    ccw = contours[:, ::-1] if clockwise else contours
    for width in _SMOOTHINGS:
        inner = _resampled(ccw, rows, stations, angles, width)
        points = _thickened(inner, thickness_mm, layers)
        tets = _hexes_as_tets(stations, angles, layers)
        if scaled_jacobian(points, tets).min() > 0.02:
            break
    else:
        raise GeometryError(
            f"The vessel wall of {thickness_mm:g} mm folds onto itself: its contours cross or it "
            f"bends more tightly than it is wide. Smooth the lumen, shorten the part to be "
            f"computed, or make the wall thinner."
        )
    mesh = promoted(points, tets)
    gate(mesh, "the vessel wall")
    at = np.arange(contours.shape[1]) * 2.0 * angles / contours.shape[1]
    columns = 2.0 * angles * (contours.shape[1] - 1) / contours.shape[1] - at if clockwise else at
    wall = _described(mesh, contours, (stations, angles, layers), rows, columns)
    radius = np.linalg.norm(contours - contours.mean(axis=1, keepdims=True), axis=2).mean()
    if wall.moved_rms_mm > _FARTHEST * radius:
        raise GeometryError(
            f"The contours of the vessel lie {wall.moved_rms_mm:.1f} mm from the smooth lumen that "
            f"can be meshed, at a radius of {radius:.1f} mm; smooth the lumen or correct its "
            f"segmentation."
        )
    return wall


def _checked(contours_mm: Floats) -> Floats:
    contours = np.asarray(contours_mm, float)
    if contours.ndim != 3 or contours.shape[2] != 3:
        raise ValueError(f"contours have shape {contours.shape}, not (stations, angles, 3)")
    if contours.shape[0] < 4 or contours.shape[1] < 8:
        raise GeometryError(
            f"{contours.shape[0]} contours of {contours.shape[1]} points do not describe a vessel; "
            f"give at least 4 contours of 8 points."
        )
    if not np.isfinite(contours).all():
        bad = int(np.flatnonzero(~np.isfinite(contours).all(axis=(1, 2)))[0])
        raise GeometryError(
            f"The contour at station {bad + 1} is incomplete; shorten the part to be computed."
        )
    return contours


def _along(contours: Floats) -> Floats:
    """Place of each contour along the vessel, 0 to 1 (n,)."""
    steps = np.linalg.norm(np.diff(contours.mean(axis=1), axis=0), axis=1)
    if steps.min() <= 1e-6:
        bad = int(steps.argmin())
        raise GeometryError(
            f"The contours at stations {bad + 1} and {bad + 2} lie on each other; "
            f"leave one of them out."
        )
    return np.asarray(np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum())


def _resolution(contours: Floats, elements: int, layers: int) -> tuple[int, int]:
    """Stations along and angles around that make nearly cubic cells of six tetrahedra each."""
    around = np.linalg.norm(np.diff(contours, axis=1, append=contours[:, :1]), axis=2)
    perimeter = float(np.median(around.sum(axis=1)))
    length = float(np.linalg.norm(np.diff(contours.mean(axis=1), axis=0), axis=1).sum())
    edge = np.sqrt(6 * layers * perimeter * length / elements)
    angles = int(np.clip(round(perimeter / edge), 16, 64))
    stations = int(np.clip(round(elements / (6 * layers * angles)), 6, 600)) + 1
    return stations, angles


def _runs_clockwise(contours: Floats) -> bool:
    """Whether most contours run clockwise seen along the vessel."""
    centred = contours - contours.mean(axis=1, keepdims=True)
    areas = np.cross(centred, np.roll(centred, -1, axis=1)).sum(axis=1)
    forward = np.gradient(contours.mean(axis=1), axis=0)
    return bool(np.median(np.einsum("ij,ij->i", areas, forward)) < 0)


def _resampled(contours: Floats, rows: Floats, stations: int, angles: int, width: float) -> Floats:
    """Inner corner points (stations, angles, 3), smoothed over ``width`` elements."""
    from scipy.interpolate import CubicSpline
    from scipy.ndimage import gaussian_filter1d

    # Even and dense along the vessel first, so that the smoothing has one width everywhere.
    dense = 4 * (stations - 1) + 1
    lines = CubicSpline(rows, contours)(np.linspace(0, 1, dense))
    ends = lines[[0, -1]]
    lines = gaussian_filter1d(lines, 4 * width * 0.5, axis=0, mode="nearest")
    # Smoothing draws the ends inwards along the vessel; give the lost length back.
    drawn = (ends - lines[[0, -1]]).mean(axis=1)
    fade = np.exp(-((np.arange(dense) / (4 * width)) ** 2))[:, None, None]
    lines = lines + fade * drawn[0] + fade[::-1] * drawn[1]
    lines = _smoothed_around(lines, width * 0.5 * contours.shape[1] / angles)
    around = contours.shape[1]
    closed = np.concatenate([lines[::4], lines[::4, :1]], axis=1)
    spline = CubicSpline(np.arange(around + 1) / around, closed, axis=1, bc_type="periodic")
    points = spline(np.arange(angles) / angles)
    # Chords lie inside the curve; a twelfth of the sag outwards leaves the mean radius unchanged.
    neighbours = (np.roll(points, 1, axis=1) + np.roll(points, -1, axis=1)) / 2
    return np.asarray(points + (points - neighbours) / 6)


def _smoothed_around(lines: Floats, width: float) -> Floats:
    """Contours (n, angles, 3) smoothed over ``width`` points; a circle or an ellipse stays."""
    from scipy.ndimage import gaussian_filter1d

    wave = np.cos(2 * np.pi * np.arange(lines.shape[1]) / lines.shape[1])
    kept = gaussian_filter1d(wave, width, mode="wrap")[0]
    centres = lines.mean(axis=1, keepdims=True)
    smooth = gaussian_filter1d(lines - centres, width, axis=1, mode="wrap")
    return np.asarray(centres + smooth / kept)


def _thickened(inner: Floats, thickness_mm: float, layers: int) -> Floats:
    """Corner points ((layers + 1) * stations * angles, 3), layer by layer outwards."""
    from scipy.ndimage import gaussian_filter1d

    around = np.roll(inner, -1, axis=1) - np.roll(inner, 1, axis=1)
    normals = np.cross(around, np.gradient(inner, axis=0))
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-12)
    normals = gaussian_filter1d(normals, 0.7, axis=1, mode="wrap")
    normals = gaussian_filter1d(normals, 0.7, axis=0, mode="nearest")
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-12)
    levels = np.linspace(0, thickness_mm, layers + 1)
    return np.concatenate([(inner + level * normals).reshape(-1, 3) for level in levels])


def _hexes_as_tets(stations: int, angles: int, layers: int) -> npt.NDArray[np.int64]:
    """Six tetrahedra in each cell (layer, angle, station), matching across the closing angle."""
    from itertools import permutations

    layer, station, angle = (
        axis.ravel()
        for axis in np.meshgrid(
            np.arange(layers), np.arange(stations - 1), np.arange(angles), indexing="ij"
        )
    )

    def node(step: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        row = (layer + step[0]) * stations + station + step[2]
        return np.asarray(row * angles + (angle + step[1]) % angles)

    found = []
    for path in permutations(range(3)):
        steps = [np.zeros(3, np.int64)]
        for axis in path:
            steps.append(steps[-1] + np.eye(3, dtype=np.int64)[axis])
        if np.linalg.det(np.array(steps[1:], float)) < 0:
            steps[1], steps[2] = steps[2], steps[1]
        found.append(np.stack([node(step) for step in steps], axis=1))
    return np.concatenate(found)


def _described(
    mesh: TetMesh,
    contours: Floats,
    shape: tuple[int, int, int],
    rows: Floats,
    columns: Floats,
) -> Wall:
    stations, angles, layers = shape
    corners = np.arange(mesh.corner_count).reshape(layers + 1, stations, angles)
    faces = mesh.surface[:, :3]
    layer, station = faces // (stations * angles), faces // angles % stations
    inner = mesh.surface[(layer == 0).all(axis=1)]
    outer = mesh.surface[(layer == layers).all(axis=1)]
    ends = np.zeros(len(mesh.nodes_mm), bool)
    for end in (0, stations - 1):
        ends[mesh.surface[(station == end).all(axis=1)]] = True
    grid = _refined_grid(mesh, corners[0])
    rows = rows * 2 * (stations - 1)
    wall = Wall(mesh, inner, outer, ends, grid, rows, columns, 0.0, 0.0)
    moved = np.linalg.norm(wall.at_contours(mesh.nodes_mm) - contours, axis=2)
    return Wall(
        mesh, inner, outer, ends, grid, rows, columns,
        float(moved.max()), float(np.sqrt((moved**2).mean())),
    )  # fmt: skip


def _refined_grid(mesh: TetMesh, corners: npt.NDArray[np.int64]) -> Ints:
    """Inner nodes (2 s - 1, 2 a) in order, those in the middle of edges and diagonals included."""
    from .mesh import EDGES

    count = mesh.corner_count
    ends = np.sort(mesh.tets[:, EDGES].reshape(-1, 2), axis=1).astype(np.int64)
    keys, first = np.unique(ends[:, 0] * count + ends[:, 1], return_index=True)
    middles = mesh.tets[:, 4:].ravel()[first]

    def between(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> Ints:
        wanted = np.minimum(a, b) * count + np.maximum(a, b)
        return np.asarray(middles[np.searchsorted(keys, wanted)])

    stations, angles = corners.shape
    onward = np.roll(corners, -1, axis=1)
    grid = np.empty((2 * stations - 1, 2 * angles), np.int32)
    grid[::2, ::2] = corners
    grid[::2, 1::2] = between(corners, onward)
    grid[1::2, ::2] = between(corners[:-1], corners[1:])
    grid[1::2, 1::2] = between(corners[:-1], onward[1:])
    return grid
