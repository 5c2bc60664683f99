"""The aorta with its aneurysm, its branches and the arteries of the pelvis."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..curves import Vessel, vessel
from ..grid import Points
from ..patient import Patient
from ..solids import Solid, chain, sweep

WALL_MM = 2.0
ILIAC_WALL_MM = 2.0


@dataclass(frozen=True)
class Branch:
    """A side branch: its axis and radii, and the place on the aorta where it leaves."""

    name: str
    path: Points
    radii: Points

    @property
    def lumen(self) -> Solid:
        """The contrast-filled tube."""
        return chain(self.path, self.radii)


@dataclass(frozen=True)
class Arteries:
    """Axes and sections of the arteries of one patient, in template space.

    ``aorta`` runs from the root to where the common iliac arteries have parted; ``sac`` is the
    outer surface of the aneurysm and ``None`` without one. Arc lengths on ``aorta``: ``renal_s``
    of the lower renal artery, ``neck_end_s`` where the sac begins, ``fork_s`` where the iliac axes
    leave it.
    """

    aorta: Vessel
    iliac_left: Vessel
    iliac_right: Vessel
    internal_left: Branch
    internal_right: Branch
    branches: tuple[Branch, ...]
    sac: Vessel | None
    renal_s: float
    neck_end_s: float
    fork_s: float

    @property
    def lumen(self) -> Solid:
        """The lumen of the aorta."""
        return sweep(self.aorta.rows)

    @property
    def outer(self) -> Solid:
        """The outer surface of aorta and aneurysm."""
        wall = sweep(self.aorta.widened(WALL_MM).rows)
        return wall if self.sac is None else wall.joined(sweep(self.sac.rows), blend_mm=3)


# Heights, axis and semi-axes (left-right, front-back) of the aortic lumen above the renal arteries.
_UPPER = (
    (22, -29, 270, 10, 10), (8, -25, 283, 14.8, 14.8), (-8, -33, 304, 15.5, 15.2),
    (-9, -35, 328, 15.0, 14.6),
    (-1, -25, 349, 14.2, 13.6), (13, -3, 356, 13.4, 12.8), (23, 20, 345, 12.8, 12.4),
    (26, 28, 320, 12.5, 12.2), (25, 28, 290, 12.3, 12.0), (21, 27, 258, 12.2, 11.9),
    (14, 22, 222, 12.0, 11.6), (8, 9, 182, 11.8, 11.2), (5, -2, 150, 11.6, 10.9),
    (5, -9, 122, 11.4, 10.7),
)  # fmt: skip


def arteries_of(patient: Patient) -> Arteries:
    """The arteries of this patient."""
    aorta, sac = _aorta(patient)
    fork_s = aorta.length_mm - 1.0
    fork = aorta.at(fork_s)
    branches = _branches(patient, aorta)
    renal = min(_renal_heights(patient))
    renal_s = _s_at_height(aorta, renal)
    neck_end_s = aorta.length_mm if sac is None else _neck_end(aorta, sac, renal_s)
    left, right = (_iliac(patient, fork, side) for side in (1, -1))
    internals = (_internal(patient, left, 1), _internal(patient, right, -1))
    return Arteries(
        aorta, left, right, internals[0], internals[1], branches, sac, renal_s, neck_end_s, fork_s
    )


def _aorta(patient: Patient) -> tuple[Vessel, Vessel | None]:
    rng = patient.rng("aorta")
    neck_half = rng.uniform(21.6, 23.2) / 2 / patient.scale
    upper = np.array(_UPPER)
    if not patient.options.disease.has_aneurysm:
        lower = np.array(
            [(6, -13, 95, 10.2, 9.6), (8, -18, 60, 9.8, 9.2), (7, -19, 28, 9.4, 8.8),
             (4, -16, 2, 9.6, 8.0), (3, -13, -9, 9.8, 7.4)]
        )  # fmt: skip
        rows = np.concatenate([upper, lower])
        return _swept(patient, rows), None
    lean = rng.uniform(0.92, 1.12)
    wide, deep = np.array([17.0, 14.8]) * rng.uniform(0.94, 1.06) / patient.scale
    lower = np.array(
        [(5, -11, 110, neck_half * 1.03, neck_half * 0.97),
         (5 + 6 * lean, -11 - 6 * lean, 99, neck_half * 1.03, neck_half * 0.97),
         (5 + 13 * lean, -11 - 12.5 * lean, 87, neck_half * 1.05, neck_half * 0.98),
         (17.5, -31, 71, wide * 0.88, deep * 0.88), (12, -35, 48, wide, deep),
         (8, -34, 28, wide * 0.92, deep * 0.94), (5, -27, 10, 11.6, 10.0),
         (3, -19, -3, 11.0, 8.6), (3, -15, -11, 10.8, 7.8)]
    )  # fmt: skip
    aorta = _swept(patient, np.concatenate([upper, lower]))
    half = rng.uniform(26.2, 27.6) / patient.scale
    outer = np.array(
        [(19, -23, 94, 11.4, 11.2), (18, -26, 86, 17.6, 16.8), (12, -30, 66, 25.2, 24.2),
         (8, -32, 43, half, half * 0.95), (6, -31, 27, 25.0, 23.5), (4, -26, 12, 18.0, 16.5),
         (3, -19, 0, 12.6, 10.6)]
    )  # fmt: skip
    return aorta, _swept(patient, outer)


def _swept(patient: Patient, rows: Points) -> Vessel:
    return vessel(patient.warp(rows[:, :3]), rows[:, 3], rows[:, 4])


def _neck_end(aorta: Vessel, sac: Vessel, renal_s: float) -> float:
    """Where the outer wall of the sac first stands clear of the wall of the neck."""
    for n in np.flatnonzero(aorta.s_mm > renal_s + 8):
        gaps = np.linalg.norm(sac.points - aorta.points[n], axis=1)
        nearest = int(np.argmin(gaps))
        outer = 2 * max(sac.a_mm[nearest], sac.b_mm[nearest])
        neck = 2 * (max(aorta.a_mm[n], aorta.b_mm[n]) + WALL_MM)
        if nearest > 0 and outer > 1.1 * neck:
            return float(aorta.s_mm[n])
    return float(aorta.s_mm[-1])


def _s_at_height(aorta: Vessel, z: float) -> float:
    low = aorta.s_mm > aorta.nearest_s((10, 0, 200))
    index = int(np.argmin(np.where(low, np.abs(aorta.points[:, 2] - z), np.inf)))
    return float(aorta.s_mm[index])


def _iliac(patient: Patient, fork: Points, side: int) -> Vessel:
    """Common and external iliac artery and the common femoral artery of one side."""
    rng = patient.rng(f"iliac {side}")
    sway = rng.normal(0, 1.8, 2)
    start = np.asarray(fork)
    half = 11.0 if patient.options.disease.has_aneurysm else 9.6
    first = start + [side * (half - 5.8), 0.5, -3]
    rest = np.array(
        [(side * 16, -9, -26), (side * (29 + sway[0]), 2, -48 + sway[1]),
         (side * (43 + sway[0]), 8, -66), (side * 51, -4, -84), (side * 55, -30, -106),
         (side * 63, -55, -128), (side * 71, -61, -150), (side * 76, -61, -176)],
        dtype=np.float64,
    )  # fmt: skip
    points = np.concatenate([[start + [side * 3.0, 0, 8.0]], [first], patient.warp(rest)])
    a = np.array([5.8, 6.0, 6.2, 6.2, 5.9, 4.9, 4.8, 4.7, 4.6, 4.5]) / patient.scale
    return vessel(points, a, a * 0.94, first_axis=(0.8, 0.6 * side, 0.0))


def _internal(patient: Patient, iliac: Vessel, side: int) -> Branch:
    place = patient.warp([[side * 43, 8, -66]])[0]
    start = iliac.at(iliac.nearest_s(place))
    rest = patient.warp(
        [(side * 43, 22, -76), (side * 45, 36, -90), (side * 50, 46, -106), (side * 54, 48, -122)]
    )
    path = np.concatenate([[start], rest])
    return Branch(f"internal {side}", path, np.array([3.6, 3.7, 3.4, 2.7, 1.8]))


def _renal_heights(patient: Patient) -> tuple[float, float]:
    rng = patient.rng("renal")
    return 113.5 + float(rng.uniform(-1, 1)), 119.5 + float(rng.uniform(-1, 2))


def _branches(patient: Patient, aorta: Vessel) -> tuple[Branch, ...]:
    left_z, right_z = _renal_heights(patient)
    plan: list[tuple[str, float, ArrayLike, tuple[float, ...]]] = [
        ("renal_artery_left", left_z,
         [(17, -6, left_z - 1), (29, 3, 115), (42, 14, 118), (52, 18, 121)],
         (2.9, 2.8, 2.7, 2.5, 2.0)),
        ("renal_artery_right", right_z,
         [(-8, -6, right_z), (-22, 4, 116), (-36, 13, 110), (-50, 18, 108)],
         (2.8, 2.7, 2.7, 2.5, 2.0)),
        ("coeliac", 150,
         [(4, -15, 149), (4, -24, 146), (5, -30, 146)], (3.8, 3.6, 3.4, 3.2)),
        ("splenic", 150,
         [(5, -30, 146), (22, -24, 150), (38, -10, 156), (54, -6, 153), (72, 6, 164),
          (84, 14, 170)],
         (2.6, 2.5, 2.4, 2.4, 2.3, 2.2, 1.8)),
        ("hepatic", 150,
         [(5, -30, 146), (-8, -36, 140), (-22, -34, 144), (-30, -28, 156), (-38, -22, 166)],
         (2.4, 2.3, 2.2, 2.1, 1.9, 1.5)),
        ("mesenteric", 134,
         [(4, -21, 131), (4, -32, 122), (3, -52, 104), (1, -71, 80), (-7, -66, 54), (-17, -60, 24),
          (-27, -54, -4)],
         (3.9, 3.8, 3.6, 3.4, 3.1, 2.6, 2.2, 1.5)),
        ("brachiocephalic", 352,
         [(-9, -24, 366), (-14, -20, 380), (-18, -16, 402)], (6, 5.8, 5.6, 5.6)),
        ("carotid_left", 355,
         [(8, -12, 368), (12, -10, 384), (14, -8, 402)], (3.8, 3.6, 3.4, 3.4)),
        ("subclavian_left", 350,
         [(22, 8, 364), (26, 8, 382), (30, 4, 402)], (4.6, 4.4, 4.2, 4.2)),
    ]  # fmt: skip
    made = []
    for name, z, path, radii in plan:
        moved = patient.warp(path)
        if name in ("splenic", "hepatic"):
            made.append(Branch(name, moved, np.array(radii[: len(moved)])))
            continue
        start = aorta.at(_s_at_height(aorta, z)) if z < 200 else aorta.at(aorta.nearest_s(moved[0]))
        made.append(Branch(name, np.vstack([start, moved]), np.array(radii)))
    return tuple(made)
