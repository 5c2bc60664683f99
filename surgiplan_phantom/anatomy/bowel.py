"""Colon with stool and gas, duodenum and the loops of small bowel, laid around the organs."""

from dataclasses import dataclass

import numpy as np

from ..canvas import Canvas
from ..curves import smooth_path
from ..grid import Floats, Grid, Points, box_grid
from ..noise import Lattice
from ..patient import Patient
from ..solids import Solid, chain, cones
from .branches import tree_to
from .frame import Frame

_COLON = (
    (-64, -18, -92, 12), (-80, -36, -70, 24), (-88, -30, -42, 27), (-94, -18, -8, 25),
    (-94, -8, 30, 23), (-92, -4, 62, 23), (-84, -26, 84, 22), (-60, -62, 84, 21),
    (-34, -80, 72, 19), (-2, -89, 62, 16), (34, -84, 70, 18), (62, -64, 96, 19),
    (84, -34, 132, 19), (98, 0, 152, 18), (102, 18, 132, 16), (102, 18, 96, 14),
    (100, 12, 56, 14), (99, 4, 14, 14), (96, -10, -26, 14), (84, -26, -56, 14),
    (58, -34, -76, 15), (28, -20, -92, 15), (2, -16, -80, 15), (-22, 4, -76, 15),
    (-18, 34, -82, 15), (-2, 48, -100, 17), (0, 46, -126, 20), (0, 36, -150, 17),
    (0, 40, -178, 10),
)  # fmt: skip
_DUODENUM = (
    (-16, -58, 136, 11), (-38, -46, 134, 13), (-50, -32, 118, 13), (-48, -26, 96, 13),
    (-38, -30, 80, 12), (-16, -48, 77, 10.5), (4, -57, 79, 9.5), (28, -52, 91, 10.5),
    (46, -44, 108, 11),
)  # fmt: skip
_CLEAR_MM = 1.6


@dataclass(frozen=True)
class Obstacles:
    """Distance to everything the bowel must not enter, on a coarse grid of 4 mm."""

    grid: Grid
    values: Floats

    def on(self, grid: Grid) -> Floats:
        """The distance on a finer grid, interpolated [mm]."""
        value = self.values
        for dimension in (0, 1, 2):
            position = grid.axis(dimension).ravel() - self.grid.origin[dimension]
            position = np.clip(
                position / self.grid.step[dimension], 0, value.shape[dimension] - 1.001
            )
            base = position.astype(int)
            shape = [1, 1, 1]
            shape[dimension] = len(base)
            part = (position - base).astype(np.float32).reshape(shape)
            low = np.take(value, base, axis=dimension)
            value = low + part * (np.take(value, base + 1, axis=dimension) - low)
        return value

    def at(self, points: Points) -> Points:
        """The distance at points (n, 3) [mm]."""
        from scipy.ndimage import map_coordinates

        low = np.array(self.grid.origin)[::-1]
        indices = ((points - low) / self.grid.step[0])[:, ::-1].T
        return np.asarray(map_coordinates(self.values, indices, order=1, mode="nearest"))


def obstacles_of(frame: Frame, solids: list[Solid]) -> Obstacles:
    """Obstacles from organs and from the wall of the belly."""
    grid = box_grid(np.array([-140.0, -125, -190]), np.array([140.0, 100, 235]), 4.0)
    values = -frame.cavity.distance(grid) - np.float32(3.0)
    for solid in solids:
        part = grid.crop(solid.low - 12, solid.high + 12)
        sub = grid.sub(part)
        if 0 not in sub.shape:
            values[part] = np.minimum(values[part], solid.distance(sub))
    return Obstacles(grid, values)


def paint_bowel(canvas: Canvas, patient: Patient, blocked: Obstacles) -> None:
    """Mesentery, small bowel, duodenum and colon."""
    colon_points, colon = _colon(patient)
    colon = _around(colon, blocked)
    small, loops = _small_bowel(patient, blocked, colon)
    _paint_mesentery(canvas, patient, blocked, loops)
    tissue = patient.tissues
    fluid = _Content(patient, "chyme", tissue.bowel_fluid, 10.0, -9.0, colon_points)
    canvas.paint(small, tissue.bowel_wall)
    canvas.paint(small.grown(-2.1), fluid)
    canvas.paint(colon, tissue.bowel_wall - 12)
    stool = _Content(patient, "stool", 35.0, 55.0, 0.0, colon_points)
    canvas.paint(colon.grown(-2.0), stool)


def duodenum(patient: Patient) -> Solid:
    """The duodenum from the pylorus to the first loop of jejunum."""
    rows = np.array(_DUODENUM)
    points = smooth_path(patient.warp(rows[:, :3]), 3.0)
    radii = np.interp(np.linspace(0, 1, len(points)), np.linspace(0, 1, len(rows)), rows[:, 3])
    folds = 0.6 * np.sin(np.arange(len(points)) * 2.1)
    return chain(points, radii + folds)


def paint_duodenum(canvas: Canvas, patient: Patient, solid: Solid) -> None:
    """The duodenum, collapsed around a little fluid."""
    canvas.paint(solid, patient.tissues.bowel_wall - 6)
    canvas.paint(solid.grown(-3.4), patient.tissues.bowel_fluid)


def _around(solid: Solid, blocked: Obstacles) -> Solid:
    def distance(grid: Grid) -> Floats:
        return np.asarray(
            np.maximum(solid.distance(grid), np.float32(_CLEAR_MM) - blocked.on(grid)),
            dtype=np.float32,
        )

    return Solid(solid.low, solid.high, distance)


def _colon(patient: Patient) -> tuple[Points, Solid]:
    rng = patient.rng("colon")
    rows = np.array(_COLON, dtype=np.float64)
    rows[:, :3] = patient.warp(rows[:, :3])
    rows[8:12, 2] += rng.normal(0, 5)
    points = smooth_path(rows[:, :3], 3.0)
    share = np.linspace(0, 1, len(points))
    control = np.linspace(0, 1, len(rows))
    radii = np.interp(share, control, rows[:, 3])
    phase = np.cumsum(3.0 * 2 * np.pi / rng.uniform(24, 36, len(points)))
    haustra = 1 + 0.11 * np.sin(phase) * np.interp(share, [0, 0.5, 0.8, 1], [1, 1, 0.8, 0])
    sway = 1 + 0.12 * np.interp(share, np.linspace(0, 1, 30), rng.standard_normal(30))
    return points, chain(points, radii * haustra * np.clip(sway, 0.7, 1.25))


def _small_bowel(patient: Patient, blocked: Obstacles, colon: Solid) -> tuple[Solid, Points]:
    """Loops through free places of the belly, joined in the order of a short walk."""
    rng = patient.rng("small bowel")
    places = rng.uniform([-95, -95, -105], [95, 50, 128], (16000, 3))
    free = blocked.at(places)
    grid = box_grid(np.array([-100.0, -100, -110]), np.array([100.0, 55, 132]), 4.0)
    near_colon = Obstacles(grid, colon.distance(grid)).at(places)
    allowed = (free > 8.5) & (near_colon > 8.7)
    allowed &= np.abs(places[:, 0]) < np.interp(places[:, 2], [-105, -60, 0], [44, 80, 95])
    chosen: list[Points] = []
    for place in places[allowed]:
        if not chosen or np.linalg.norm(np.array(chosen) - place, axis=1).min() > 18.6:
            chosen.append(place)
    order = _walk(np.array(chosen))
    rows: list[list[float]] = []
    for loop in order:
        if len(loop) < 2:
            continue
        points = smooth_path(loop, 3.0) if len(loop) > 3 else loop
        size = rng.uniform(9.0, 12.4)
        radii = size + 0.9 * np.sin(np.arange(len(points)) * 1.5 + rng.uniform(0, 6))
        for a, b, ra, rb in zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True):
            rows.append([*a, ra, *b, rb])
    tube = _around(cones(rows), blocked)
    return tube.minus(colon, gap_mm=1.4), np.array(chosen)


def _walk(points: Points) -> list[Points]:
    """Points in walks of near neighbours, no step longer than 34 mm."""
    left = list(range(len(points)))
    walks: list[list[int]] = [[left.pop(int(np.argmax(points[:, 2])))]]
    while left:
        here = points[walks[-1][-1]]
        gaps = np.linalg.norm(points[left] - here, axis=1)
        nearest = int(np.argmin(gaps))
        if gaps[nearest] > 34 or len(walks[-1]) > 9:
            walks.append([])
        walks[-1].append(left.pop(nearest))
    return [points[walk] for walk in walks]


@dataclass(frozen=True)
class _Content:
    """Content of the bowel: mottled, with gas where it collects in front."""

    patient: Patient
    name: str
    base: float
    mottle: float
    gas_depth: float
    axis: Points

    def __call__(self, grid: Grid) -> Floats:
        fine: Lattice = self.patient.lattice(f"{self.name} fine", 3.4)
        broad: Lattice = self.patient.lattice(f"{self.name} broad", 22.0)
        value = self.base + 0.35 * self.mottle * fine.on(grid)
        patchy = broad.on(grid)
        bubbles = np.clip(fine.on(grid) - 1.0 - 0.5 * patchy, 0, 1) * (self.mottle > 20)
        value = value - 700 * bubbles
        gas = np.clip((patchy - (1.0 if self.mottle > 20 else 1.9)) / 0.06, 0, 1)
        return np.asarray(value + gas * (-975 - value), dtype=np.float32)


def _paint_mesentery(canvas: Canvas, patient: Patient, blocked: Obstacles, loops: Points) -> None:
    """Small vessels and lymph nodes that run through the fat to the bowel."""
    rng = patient.rng("mesentery")
    roots = patient.warp([(2, -66, 86), (-6, -66, 56), (-17, -60, 24), (-26, -54, -2)])
    ends = loops + rng.normal(0, 5, loops.shape)
    nearest = np.argmin(np.linalg.norm(ends[:, None] - roots[None], axis=2), axis=1)
    rows: list[list[float]] = []
    for number, root in enumerate(roots):
        tips = np.concatenate([ends[nearest == number], ends[nearest == number] + 4.0])
        if len(tips):
            order = np.argsort(np.linalg.norm(tips - root, axis=1))
            rows += tree_to(root, tips[order], rng, 2.1, 0.75)
    value = 0.55 * (patient.tissues.portal + patient.tissues.artery) * 0.85
    canvas.paint(_around(cones(rows), blocked), value)
