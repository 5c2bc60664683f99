"""What a solve answers: fields on the surface, and the numbers that say how far to trust them."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .assembly import Problem
from .mesh import Mesh
from .solve import Solution

__all__ = ["Response", "discretisation_error", "response_of", "von_mises_kpa"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Response:
    """How a tissue answered a plan.

    Surface ``points_mm`` (n, 3) LPS as imaged, ``triangles`` (m, 3) counter-clockwise from
    outside, ``displacement_mm`` (n, 3), ``von_mises_kpa`` (n,) (Cauchy, averaged at nodes).
    ``stress_p99_kpa``: 99 % of the tissue's volume is stressed less.  ``residual``: forces left
    over those of loads and supports.  ``min_jacobian``: smallest local volume ratio.
    ``force_balance_error_fraction``: |supports + loads| over the sum of |loads|.
    ``discretisation_error_fraction``: estimated error of the stress in the energy norm
    (Zienkiewicz and Zhu, Int. J. Numer. Meth. Eng. 24:337, 1987).
    """

    points_mm: Floats
    triangles: npt.NDArray[np.int32]
    displacement_mm: Floats
    von_mises_kpa: Floats
    converged: bool
    iterations: int
    residual: float
    min_jacobian: float
    element: str
    node_count: int
    tet_count: int
    poisson_ratio: float
    displacement_max_mm: float
    stress_p99_kpa: float
    force_balance_error_fraction: float
    discretisation_error_fraction: float

    def seen_from(self, scanned: Mesh, displacement_mm: Floats) -> "Response":
        """The same answer with its surface where it was scanned and ``displacement_mm`` (n, 3).

        ``scanned`` has the elements of the mesh that was solved, at rest.
        """
        nodes, _ = _surface_triangles(scanned)
        return replace(
            self,
            points_mm=scanned.nodes_mm[nodes],
            displacement_mm=displacement_mm[nodes],
            displacement_max_mm=float(np.linalg.norm(displacement_mm, axis=1).max()),
        )


def response_of(problem: Problem, solution: Solution) -> Response:
    """The response of a problem at its solution."""
    mesh, u = problem.mesh, solution.displacement_mm
    stress, gradient = problem.stress_kpa(u, solution.pressure_kpa)
    averaged = _at_corners(mesh, stress)
    nodes, triangles = _surface_triangles(mesh)
    mises = von_mises_kpa(_at_nodes(mesh, averaged)[nodes])
    weights = mesh.point_volumes_mm3.ravel()
    loads = np.abs(solution.state.external).sum(), np.abs(solution.support_mn).sum()
    unbalanced = solution.state.external.sum(axis=0) + solution.support_mn.sum(axis=0)
    return Response(
        points_mm=mesh.nodes_mm[nodes],
        triangles=triangles,
        displacement_mm=u[nodes],
        von_mises_kpa=mises,
        converged=True,
        iterations=solution.iterations,
        residual=solution.residual,
        min_jacobian=float(np.linalg.det(gradient).min()),
        element=_described(problem),
        node_count=len(mesh.nodes_mm),
        tet_count=len(mesh.cells),
        poisson_ratio=float(problem.tissue.poisson_ratio.max()),
        displacement_max_mm=float(np.linalg.norm(u, axis=1).max()),
        stress_p99_kpa=_weighted_quantile(von_mises_kpa(stress).ravel(), weights, 0.99),
        force_balance_error_fraction=float(np.linalg.norm(unbalanced) / max(*loads, 1e-300)),
        discretisation_error_fraction=discretisation_error(problem, stress),
    )


def discretisation_error(problem: Problem, stress: Floats) -> float:
    """Estimated relative error in the energy norm of stresses (m, q, 3, 3) [kPa].

    The difference between the stress of the elements and its average at the corners.
    """
    mesh = problem.mesh
    corners = _at_corners(mesh, stress)[mesh.corner_cells]
    smooth = np.einsum("qa,maij->mqij", mesh.element.corner_shapes, corners)
    error2 = _energy(problem, smooth - stress)
    return float(np.sqrt(error2 / max(error2 + _energy(problem, stress), 1e-300)))


def _energy(problem: Problem, stress: Floats) -> float:
    """Twice the complementary energy of a stress field, by the compliance at small strain."""
    E, nu = problem.tissue.young_modulus_kpa[:, None], problem.tissue.poisson_ratio[:, None]
    squares = np.einsum("mqij,mqij->mq", stress, stress)
    traces = np.trace(stress, axis1=2, axis2=3) ** 2
    density = ((1 + nu) * squares - nu * traces) / E
    return float((density * problem.mesh.point_volumes_mm3).sum())


def _described(problem: Problem) -> str:
    """The element in words: its shape, its unknowns and its points."""
    element, mixed = problem.mesh.element, problem.tissue.is_mixed
    unknowns = "displacement only"
    if mixed.any():
        unknowns = "displacement and one pressure" + " in part of them" * (not mixed.all())
    points = len(element.weights)
    return f"{element.name}, {unknowns}, {points} quadrature point{'s' * (points > 1)}"


def _at_corners(mesh: Mesh, stress: Floats) -> Floats:
    """Stress extrapolated to the corners and averaged there by volume (corners, 3, 3)."""
    corners = np.einsum("aq,mqij->maij", mesh.element.to_corners, stress)
    weights = mesh.volumes_mm3[:, None, None, None]
    count = len(mesh.corner_nodes)
    total = np.zeros((count, 3, 3))
    np.add.at(total, mesh.corner_cells, corners * weights)
    shares = np.repeat(mesh.volumes_mm3, mesh.element.corners)
    volume = np.bincount(mesh.corner_cells.ravel(), shares, minlength=count)
    return np.asarray(total / volume[:, None, None])


def _at_nodes(mesh: Mesh, corners: Floats) -> Floats:
    between = mesh.parents
    return np.asarray((corners[between[:, 0]] + corners[between[:, 1]]) / 2)


def von_mises_kpa(stress: Floats) -> Floats:
    """Von Mises stress (...) of stresses (..., 3, 3)."""
    mean = np.trace(stress, axis1=-2, axis2=-1)[..., None, None] / 3
    deviator = stress - mean * np.eye(3)
    return np.asarray(np.sqrt(1.5 * (deviator**2).sum(axis=(-2, -1))))


def _surface_triangles(mesh: Mesh) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Surface nodes, and the triangles that cover its faces in their numbering."""
    every = mesh.surface[:, mesh.element.face.triangles].reshape(-1, 3)
    nodes, numbers = np.unique(every, return_inverse=True)
    return nodes, np.asarray(numbers.reshape(-1, 3), dtype=np.int32)


def _weighted_quantile(values: Floats, weights: Floats, fraction: float) -> float:
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(share, fraction * share[-1])])
