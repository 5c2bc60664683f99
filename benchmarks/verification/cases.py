"""What is compared: for each case the answer found beside the one that is known."""

from dataclasses import dataclass

import numpy as np

from surgiplan.mechanics import (
    Expander,
    Loads,
    MooneyRivlin,
    NeoHookean,
    NeoHookeanIsochoric,
    Ogden,
    Pressure,
    Problem,
    RaghavanVorp,
    Traction,
    mesh_of,
    solve,
    solve_small_strain,
    weight_mn_per_mm3,
)
from surgiplan.mechanics.loads import Held
from surgiplan.mechanics.mesh import Mesh
from tests.mechanics import canonical, published


@dataclass(frozen=True)
class Row:
    """A case: what, the answer known and where from, the answer found, and how near is asked."""

    what: str
    source: str
    known: float
    found: float
    asked: float

    @property
    def error(self):
        return self.found / self.known - 1

    @property
    def passes(self):
        return abs(self.error) <= self.asked


def plates_and_beams():
    yield Row("LE10, thick plate: σyy [MPa]", "NAFEMS", -5.38, published.le10_mpa(), 0.02)
    yield Row("LE1, membrane: σyy [MPa]", "NAFEMS", 92.7, published.le1_mpa(), 0.02)
    yield Row("Cook's panel, linear", "converged, published", 23.97, published.cook_linear(), 0.02)
    for way, known in (("z", 5.4245e-3), ("y", 1.7532e-3)):
        found = published.twisted_beam(way)
        yield Row(f"twisted beam, load along {way}", "MacNeal and Harder", known, found, 0.02)
    yield Row("hanging steel bar [m]", "ρgL²/2E", 1.8213e-7, published.hanging_bar_m(), 0.02)
    width, exact = published.hertz()
    yield Row("half-width of contact [mm]", "Hertz, line contact", exact, width, 0.02)
    yield Row("cantilever [mm]", "Timoshenko", 4.0312, cantilever(), 0.01)


def cantilever():
    mesh, ijk = canonical.box((100, 10, 10), (20, 2, 2))
    tip, wall = canonical.faces_on(mesh, ijk[:, 0] == 20), ijk[:, 0] == 0
    load = Traction(tip, np.array([0.0, 0.0, -0.1]))
    held = canonical.supports(mesh, x=wall, y=wall & (ijk[:, 1] == 1), z=wall & (ijk[:, 2] == 1))
    problem = Problem(mesh, NeoHookean(1000.0, 0.3), Loads(tractions=(load,)))
    u = solve_small_strain(problem, held).displacement_mm
    return -u[: len(ijk)][ijk[:, 0] == 20, 2].mean()


def tube(nu, load, *, E, inner, outer, cells=(8, 24, 2), order=2):
    """A quarter of a tube in plane strain: the problem, its supports and its corner indices."""
    mesh, ijk = canonical.quarter_tube(inner, outer, 0.25, cells)
    if order == 1:
        mesh = Mesh(mesh.nodes_mm[mesh.corner_nodes], mesh.corner_cells)
    lumen = canonical.faces_on(mesh, ijk[:, 0] == 0)
    on = (ijk[:, 1] == cells[1], ijk[:, 1] == 0, (ijk[:, 2] == 0) | (ijk[:, 2] == cells[2]))
    held = supports(mesh, on)
    return Problem(mesh, NeoHookean(E, nu), load(mesh, lumen)), held, ijk


def supports(mesh, corners):
    if mesh.element.nodes > 4:
        return canonical.supports(mesh, *corners)
    mask = np.stack(corners, axis=1)
    return Held(mask, np.zeros(mask.shape))


RATIOS = (0.3, 0.45, 0.49, 0.495, 0.499)


def lame(nu):
    def load(mesh, lumen):
        return Loads(tractions=(Traction(lumen, -10.0 * mesh.face_normals(lumen)),))

    problem, held, ijk = tube(nu, load, E=1000.0, inner=1.0, outer=2.0)
    u = solve_small_strain(problem, held).displacement_mm[: len(ijk)]
    known = canonical.lame_displacement(1.0, 1000.0, nu, 10.0, 1.0, 2.0)
    found = np.hypot(*u[ijk[:, 0] == 0, :2].T).mean()
    return Row(f"thick tube, ν {nu:g}: u(A) [mm]", "Lamé", known, found, 0.01)


INFLATED = {0.3: 1.833989499, 0.45: 1.830749483, 0.49: 1.828799738, 0.499: 1.828322050}


def inflation(nu, order=2):
    def load(mesh, lumen):
        return Loads(pressures=(Pressure(lumen, 13.3322),))

    problem, held, ijk = tube(nu, load, E=300.0, inner=1.5, outer=2.0, order=order)
    u = solve(problem, held).displacement_mm
    radius = np.hypot(*(problem.mesh.nodes_mm + u)[: len(ijk), :2].T)[ijk[:, 0] == 0].mean()
    known = INFLATED[nu] - 1.5
    what = f"vessel at 100 mmHg, ν {nu:g}: u(A) [mm]"
    return Row(what, "radial boundary value problem", known, radius - 1.5, 0.003)


COOK = {0.3: 8.6958, 0.45: 7.4036, 0.49: 7.0106, 0.499: 6.9163, 0.4999: 6.9053}


def cook(nu, order=2, n=8):
    ijk, tets = canonical.grid(n, n, 2)
    s, q = ijk[:, 0] / n, ijk[:, 1] / n
    points = np.stack([48 * s, (44 * s) * (1 - q) + (44 + 16 * s) * q, 3.0 * ijk[:, 2]], 1)
    mesh = mesh_of(points, tets, order=order)
    right = canonical.faces_on(mesh, ijk[:, 0] == n)
    shear = Traction(right, np.array([0.0, 600.0 / mesh.face_areas_mm2(right).sum(), 0.0]))
    left, sides = ijk[:, 0] == 0, (ijk[:, 2] == 0) | (ijk[:, 2] == 2)
    held = supports(mesh, (left, left, sides))
    material = NeoHookean(2 * 80.1938 * (1 + nu), nu)
    u = solve(Problem(mesh, material, Loads(tractions=(shear,))), held).displacement_mm
    tip = u[: len(ijk)][(ijk[:, 0] == n) & (ijk[:, 1] == n), 1].mean()
    asked = 0.03 if nu <= 0.45 else 0.05
    return Row(f"Cook, large strain, ν {nu:g}", "NGSolve, P4", COOK[nu], tip, asked)


def liver():
    mesh, ijk, factor = canonical.liver(6)
    loads = Loads(weight_mn_per_mm3(1060, (0, 0, -9.81)))
    back = ijk[:, 1] == 0
    problem = Problem(mesh, NeoHookean(20.0, 0.45), loads, factor)
    u = solve(problem, canonical.supports(mesh, x=back, y=back, z=back)).displacement_mm
    found = np.abs(u[: len(ijk)]).max()
    return Row("heavy liver, 1296 elements [mm]", "prototype, same mesh", 42.92, found, 0.001)


def balloon():
    mesh, ijk = canonical.quarter_tube(1.5, 2.0, 8.0, (2, 12, 24))
    z = np.linspace(0, 8, 81)
    profile = 1.3 + 0.65 * (0.5 + 0.5 * np.cos(np.pi * np.clip(z - 4, 0, 1)))
    inner = canonical.faces_on(mesh, ijk[:, 0] == 0)
    axis = np.stack([0 * z, 0 * z, z], 1)
    loads = Loads(expander=Expander(inner, axis, profile, np.ones(81), 5000.0))
    end = ijk[:, 2] == 24
    held = canonical.supports(
        mesh, x=end | (ijk[:, 1] == 12), y=end | (ijk[:, 1] == 0), z=end | (ijk[:, 2] == 0)
    )
    problem = Problem(mesh, NeoHookean(300.0, 0.49), loads)
    u = solve(problem, held).displacement_mm
    radius = np.hypot(*(mesh.nodes_mm + u)[: len(ijk), :2].T)
    middle = ijk[:, 2] == 0
    force = (problem.contact_pressure_kpa(u) * mesh.face_weights_mm2(inner)).sum() / 1000
    within = 0.005 / 1.947
    inside, outside = (radius[middle & (ijk[:, 0] == k)].mean() for k in (0, 2))
    yield Row("balloon in a vessel: inner radius [mm]", "NGSolve, P2", 1.94741, inside, within)
    yield Row("outer radius [mm]", "NGSolve, P2", 2.36140, outside, within)
    yield Row("radial force [N]", "NGSolve, P2", 0.23493, force, 0.03)


STRETCHES = np.linspace(0.8, 1.3, 11)
LAWS = {
    "isochoric, μ 1": (
        NeoHookeanIsochoric(shear_modulus_kpa=1.0, bulk_modulus_kpa=1e4),
        lambda s: s**2 - 1 / s,
    ),
    "Mooney-Rivlin, .3 / .2": (
        MooneyRivlin(c10_kpa=0.3, c01_kpa=0.2, bulk_modulus_kpa=1e4),
        lambda s: 2 * (s**2 - 1 / s) * (0.3 + 0.2 / s),
    ),
    "Raghavan-Vorp, .174 / 1.881": (
        RaghavanVorp(a_kpa=0.174, b_kpa=1.881, bulk_modulus_kpa=3.5e3),
        lambda s: 2 * (s**2 - 1 / s) * (0.174 + 2 * 1.881 * (s**2 + 2 / s - 3)),
    ),
    "Ogden, μ .67, α −4": (
        Ogden(((0.67, -4.0),), 1e4),
        lambda s: 2 * 0.67 / -4 * (s**-4.0 - s**2.0),
    ),
}


def law_rows(curves):
    """Each law pressed most and pulled most, from its curve over the stretches."""
    for name, found in curves.items():
        for end in (0, -1):
            what = f"bar of {name} at {STRETCHES[end]:g}: stress [kPa]"
            known = LAWS[name][1](STRETCHES)[end]
            yield Row(what, "closed formula", known, found[end], 0.002)


def uniaxial(material):
    """Cauchy stress of a bar at the stretches, sides free."""
    mesh, ijk = canonical.box((1, 1, 1), (2, 1, 1))
    ends = (ijk[:, 0] == 0) | (ijk[:, 0] == 2)
    held = canonical.supports(mesh, x=ends, y=ijk[:, 1] == 0, z=ijk[:, 2] == 0)
    pulled = canonical.on(mesh, ijk[:, 0] == 2)
    found = []
    for stretch in STRETCHES:
        moved = held.displacement_mm.copy()
        moved[pulled, 0] = stretch - 1
        problem = Problem(mesh, material)
        answer = solve(problem, Held(held.mask, moved), steps=2, tolerance=1e-8)
        stress, _ = problem.stress_kpa(answer.displacement_mm, answer.pressure_kpa)
        found.append(float(stress[..., 0, 0].mean()))
    return np.array(found)
