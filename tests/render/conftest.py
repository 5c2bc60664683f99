"""What is planned in the marked patient."""

import numpy as np
import pytest

from surgiplan.model import (
    Branch,
    Case,
    Centerline,
    Finding,
    Measurement,
    Resection,
    StentDesign,
    StentPlacement,
    VoxelGrid,
)
from tests.render.patient import MIDDLE, ball, grid_from, marked_volume, octahedron, segment_of


@pytest.fixture(scope="session")
def standard_grid() -> VoxelGrid:
    """Axial slices from feet to head, rows from front to back, columns to the left."""
    axes = np.array([[0, 0, 2.0], [0, 1.0, 0], [1.0, 0, 0]])
    return grid_from(list(axes), (41, 90, 100))


@pytest.fixture(scope="session")
def case(standard_grid: VoxelGrid) -> Case:
    """The marked patient with one of each noun."""
    grid = standard_grid
    organ = segment_of(grid, ball(grid, MIDDLE, 20.0), "liver", "Liver")
    tumour = segment_of(grid, ball(grid), "tumour", "Tumour")
    points = MIDDLE + np.stack([np.full(61, -30.0), np.zeros(61), np.linspace(-30, 30, 61)], 1)
    tangents = np.tile([0.0, 0.0, 1.0], (61, 1))
    branch = Branch(points, tangents, np.full((61, 8, 3), np.nan))
    surface = octahedron(MIDDLE, 20.0)
    sunk = np.zeros_like(surface.points_lps)
    sunk[:, 2] = -2.0 * (surface.points_lps[:, 2] > MIDDLE[2])
    finding = Finding(
        "answer",
        "remnant response",
        "plan/resections/cut",
        {"plan/resections/cut": "x", "segments/liver": "y"},
        arrays={
            "points_lps": surface.points_lps,
            "triangles": surface.triangles,
            "displacement_mm": sunk.astype(np.float32),
            "von_mises_kpa": np.linspace(0, 8, len(sunk)).astype(np.float32),
        },
    )
    return Case().with_(
        marked_volume(grid),
        organ,
        tumour,
        Centerline("line", "Centreline", "liver", (branch,)),
        StentPlacement("stent", "Stent", StentDesign("Test", 10.0, 24.0), "line", 0, 20.0),
        Resection("cut", "Cut", "liver", MIDDLE + [8.0, 0, 0], [1.0, 0, 0], "tumour"),
        Measurement("span", "Span", [MIDDLE + [0, 0, 0], MIDDLE + [30, 0, 0]]),
        finding,
    )
