"""Whether the error told from two meshes covers the true one, where that is known."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.verification import cases
from surgiplan.mechanics import (
    CutPlane,
    Loads,
    NeoHookean,
    Organ,
    Pressure,
    Problem,
    RemnantSettings,
    Traction,
    VesselSettings,
    deploy_stent,
    mesh_error_fraction,
    mesh_of,
    response_of,
    settle_remnant,
    solve,
    weight_mn_per_mm3,
)
from surgiplan.mechanics.two_meshes import ORDER, SAFETY
from tests.mechanics import canonical
from tests.mechanics.test_meshes import lumen


@dataclass(frozen=True)
class Told:
    """A number from a mesh, the same from a second one, and the truth."""

    what: str
    source: str
    true: float
    found: float
    second: float
    elements: int
    second_elements: int
    energy_error: float

    @property
    def true_error(self) -> float:
        """Relative to what was found."""
        return abs(self.found - self.true) / abs(self.found)

    @property
    def told_error(self) -> float:
        """What a user is told, who does not know the truth."""
        counts = self.elements, self.second_elements
        error = mesh_error_fraction(
            self.found, self.second, *counts, energy_error_fraction=self.energy_error
        )
        return float("nan") if error is None else error

    @property
    def covers(self) -> bool:
        return self.told_error >= self.true_error


Answer = tuple[int, float, dict[str, float]]
"""Elements, estimated error of the energy, and numbers by name."""


def lines() -> Iterator[str]:
    """The page's table of all cases."""
    found = told()
    covered = sum(one.covers for one in found)
    yield "With a result stands how far it is from what endlessly small elements would give, told"
    yield f"from a second mesh: Richardson's extrapolation of order {ORDER:g} times {SAFETY:g},"
    yield "but no less than a percent and than the square of the energy's estimated error."
    yield f"Here the truth is known: {covered} of {len(found)} errors told cover the true one."
    yield ""
    yield "| case | true | from | found | elements | second mesh | true error | told | covered |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for one in found:
        yield (
            f"| {one.what} | {one.true:.5g} | {one.source} | {one.found:.5g} | {one.elements} | "
            f"{one.second:.5g} ({one.second_elements}) | {one.true_error:.1%} | "
            f"{one.told_error:.1%} | {'yes' if one.covers else '**no**'} |"
        )


def told() -> list[Told]:
    """All cases, the cheapest first."""
    found: list[Told] = []
    lame = canonical.lame_displacement(1.0, 1000.0, 0.45, 10.0, 1.0, 2.0)
    exact = {"u(A)": (lame, "Lamé")}
    found += compared("thick tube", _thick_tube, [(4, 12, 2), (2, 6, 1)], exact)
    exact = {"u(A)": (cases.INFLATED[0.45] - 1.5, "boundary value problem")}
    found += compared("vessel at 100 mmHg", _inflated, [(4, 12, 2), (2, 6, 1)], exact)
    exact = {"tip": (cases.COOK[0.45], "NGSolve, P4")}
    found += compared("Cook's membrane", _cook, [8, 5], exact)
    found += compared("Cook's membrane, coarse", _cook, [4, 2], exact)
    exact = {"largest displacement": (50.3, "extrapolated by 1/n, ± 1")}
    found += compared("liver clamped at its back", _liver, [8, 5], exact)
    found += compared("the same, coarse", _liver, [5, 3], exact)
    for what, answer in (("ellipsoid cut", _cut_ellipsoid), ("tube with stent", _stented_tube)):
        finest = answer(4)
        truth = {name: (value, f"{finest[0]} elements") for name, value in finest[2].items()}
        found += compared(what, answer, [1, 0.5], truth)
    return found


def compared(
    what: str, answer: Callable[..., Answer], sizes: list, truth: dict[str, tuple[float, str]]
) -> list[Told]:
    (count, energy_error, numbers), (other_count, _, others) = map(answer, sizes)
    return [
        Told(f"{what}: {name}", source, true, numbers[name], others[name], count, other_count,
             energy_error)
        for name, (true, source) in truth.items()
    ]  # fmt: skip


def _solved(problem: Problem, held: object) -> tuple[np.ndarray, float, int]:
    solution = solve(problem, held)
    energy_error = response_of(problem, solution).stress_energy_error_estimate_fraction
    return solution.displacement_mm, energy_error, len(problem.mesh.cells)


def _thick_tube(cells: tuple[int, int, int]) -> Answer:
    def load(mesh, faces):
        return Loads(tractions=(Traction(faces, -10.0 * mesh.face_normals(faces)),))

    problem, held, ijk = cases.tube(0.45, load, E=1000.0, inner=1.0, outer=2.0, cells=cells)
    solution = cases.solve_small_strain(problem, held)
    error = response_of(problem, solution).stress_energy_error_estimate_fraction
    u = solution.displacement_mm[: len(ijk)]
    return len(problem.mesh.cells), error, {"u(A)": np.hypot(*u[ijk[:, 0] == 0, :2].T).mean()}


def _inflated(cells: tuple[int, int, int]) -> Answer:
    def load(mesh, faces):
        return Loads(pressures=(Pressure(faces, 13.3322),))

    problem, held, ijk = cases.tube(0.45, load, E=300.0, inner=1.5, outer=2.0, cells=cells)
    u, error, count = _solved(problem, held)
    radius = np.hypot(*(problem.mesh.nodes_mm + u)[: len(ijk), :2].T)[ijk[:, 0] == 0].mean()
    return count, error, {"u(A)": radius - 1.5}


def _cook(n: int) -> Answer:
    ijk, tets = canonical.grid(n, n, 2)
    s, q = ijk[:, 0] / n, ijk[:, 1] / n
    points = np.stack([48 * s, (44 * s) * (1 - q) + (44 + 16 * s) * q, 3.0 * ijk[:, 2]], 1)
    mesh = mesh_of(points, tets)
    right = canonical.faces_on(mesh, ijk[:, 0] == n)
    shear = Traction(right, np.array([0.0, 600.0 / mesh.face_areas_mm2(right).sum(), 0.0]))
    left, sides = ijk[:, 0] == 0, (ijk[:, 2] == 0) | (ijk[:, 2] == 2)
    held = canonical.supports(mesh, left, left, sides)
    problem = Problem(mesh, NeoHookean(2 * 80.1938 * 1.45, 0.45), Loads(tractions=(shear,)))
    u, error, count = _solved(problem, held)
    tip = u[: len(ijk)][(ijk[:, 0] == n) & (ijk[:, 1] == n), 1].mean()
    return count, error, {"tip": tip}


def _liver(n: int) -> Answer:
    mesh, ijk, factor = canonical.liver(n)
    back = ijk[:, 1] == 0
    loads = Loads(weight_mn_per_mm3(1060, (0, 0, -9.81)))
    problem = Problem(mesh, NeoHookean(20.0, 0.45), loads, factor)
    u, error, count = _solved(problem, canonical.supports(mesh, x=back, y=back, z=back))
    return count, error, {"largest displacement": np.abs(u[: len(ijk)]).max()}


def _ellipsoid(points: np.ndarray) -> np.ndarray:
    return np.asarray((np.linalg.norm(points / [60.0, 45.0, 35.0], axis=1) - 1) * 35)


def _cut_ellipsoid(share: float) -> Answer:
    """With a share of the usual number of elements."""
    organ = Organ("liver", _ellipsoid, np.array([[-60.0, -45, -35], [60, 45, 35]]))
    settings = RemnantSettings(elements=round(share * RemnantSettings().elements))
    return _headlines(settle_remnant(organ, CutPlane([20, 0, 0], [1, 0, 0]), settings).response)


def _stented_tube(share: float) -> Answer:
    """With a share of the usual number of elements."""
    settings = VesselSettings(elements=round(share * VesselSettings().elements))
    axis = np.stack([np.zeros(41), np.zeros(41), np.linspace(0, 100, 41)], 1)
    radius = np.where((axis[:, 2] > 30) & (axis[:, 2] < 70), 12.5, np.nan)
    answer = deploy_stent(axis, lumen(11.0), radius, settings)
    count, error, numbers = _headlines(answer.response)
    return count, error, {**numbers, "radial force": answer.radial_force_n}


def _headlines(response) -> Answer:
    numbers = {
        "largest displacement": response.displacement_max_mm,
        "stress, 95th percentile": response.stress_p95_kpa,
        "stress, 99th percentile": response.stress_p99_kpa,
        "strain, 99th percentile": response.strain_p99,
    }
    return response.tet_count, response.stress_energy_error_estimate_fraction, numbers
