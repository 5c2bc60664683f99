"""A whole plan, edit by edit, with every kind of value that a case can hold."""

import numpy as np

from surgiplan.edits import (
    AddCenterline,
    AddSegments,
    AddVolume,
    MeasureDistance,
    MovePlane,
    MoveStent,
    PlaceStent,
    PlanResection,
    RecordFinding,
    Rename,
)
from surgiplan.model import (
    Branch,
    Case,
    Centerline,
    Finding,
    Measurement,
    Patient,
    Resection,
    Segment,
    Source,
    StentDesign,
    StentPlacement,
    Volume,
    VoxelGrid,
)


def whole_plan():
    random = np.random.default_rng(7)
    grid = VoxelGrid((70, 90, 100), [[0, 0, 0.7, 1], [0, 0.6, 0.1, 2], [2, 0, 0, 3], [0, 0, 0, 1]])
    values = random.integers(-1000, 2000, grid.shape).astype(np.int16)
    source = Source("1.2", "1.1", "2024-03-02", "CT", "Portal", 70, (400.0, 40.0), (), ("a", "b"))
    liver = Segment("liver", "Leber äöü", random.random(grid.shape) > 0.5, grid, "ct", "grow", 0.8)
    path = np.cumsum(np.full((60, 3), 0.6), axis=0)
    contours = random.random((60, 24, 3))
    contours[5] = np.nan
    branch = Branch(path, np.full((60, 3), 3**-0.5), contours)
    centerline = Centerline("c1", "Aorta", "liver", (branch, branch), {"segments/liver": "d"})
    stent = StentPlacement("s1", "Stent", StentDesign("generic", 20, 30.5), "c1", 0, 30.0, 12.0)
    normal = np.array([0.3, -0.5, 0.7])
    finding = Finding(
        "f1", "vessel response", "plan/stents/s1", {"plan/stents/s1": "d"}, {"young_kpa": 400.0},
        {"converged": True, "n": 3, "nested": [{"s_mm": 1.0, "d_mm": None}], "x_mm": 0.1},
        {"points_lps": path, "triangles": np.arange(30, dtype=np.int32).reshape(10, 3)}, "0.1",
    )  # fmt: skip
    return (
        AddVolume(Volume("ct", values, grid, source=source), Patient("P-1", "F", 64.0, None, 70)),
        AddSegments((liver,)),
        AddCenterline(centerline),
        PlaceStent(stent),
        MoveStent("s1", 25.5),
        PlanResection(Resection("r1", "Cut", "liver", [30.0, 30.0, 70.0], normal)),
        MovePlane("r1", (31.0, 30.0, 71.0), normal / 3),
        MeasureDistance(Measurement("m1", "Width", [[0, 0, 0], [1, 2, 3.5]])),
        RecordFinding(finding),
        Rename("segments/liver", "Liver"),
    )


def replayed(edits):
    case = Case()
    for edit in edits:
        case = edit.apply(case)
    return case


def same(one, other):
    """Whether two cases mean the same, names and order of the tree included."""
    names = [[(p, getattr(c.at(p), "name", "")) for p in c.paths()] for c in (one, other)]
    return one.digest == other.digest and names[0] == names[1]


def files(path):
    return {
        str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()
    }
