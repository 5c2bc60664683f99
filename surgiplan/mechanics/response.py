"""What a solve answers: fields on the surface, and the numbers that say how far to trust them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .assembly import Problem
from .mesh import TetMesh
from .solve import Solution

__all__ = ["ELEMENT", "Response", "discretisation_error", "gauss_gradients", "response_of"]

Floats = npt.NDArray[np.float64]

ELEMENT = "10-node tetrahedron, displacement only, 4 quadrature points"

# Linear extrapolation from the four quadrature points of a tetrahedron to its corners.
_A, _B = 0.5854101966249685, 0.1381966011250105
_TO_CORNERS = np.linalg.inv(np.full((4, 4), _B) + (_A - _B) * np.eye(4))


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


def response_of(problem: Problem, solution: Solution) -> Response:
    """The response of a problem at its solution."""
    mesh, u = problem.mesh, solution.displacement_mm
    gradient = gauss_gradients(mesh, u)
    stress = problem.cauchy_kpa(gradient)
    averaged = _at_corners(mesh, stress)
    nodes, triangles = _surface_triangles(mesh)
    mises = _von_mises(_at_nodes(mesh, averaged)[nodes])
    weights = np.repeat(mesh.volumes_mm3 / 4, 4)
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
        element=ELEMENT,
        node_count=len(mesh.nodes_mm),
        tet_count=len(mesh.tets),
        poisson_ratio=problem.material.poisson_ratio,
        displacement_max_mm=float(np.linalg.norm(u, axis=1).max()),
        stress_p99_kpa=_weighted_quantile(_von_mises(stress).ravel(), weights, 0.99),
        force_balance_error_fraction=float(np.linalg.norm(unbalanced) / max(*loads, 1e-300)),
        discretisation_error_fraction=discretisation_error(problem, stress),
    )


def gauss_gradients(mesh: TetMesh, u: Floats) -> Floats:
    """Deformation gradients (m, 4, 3, 3) at the quadrature points of displacement ``u`` (n, 3)."""
    L = np.full((4, 4), _B) + (_A - _B) * np.eye(4)
    from .mesh import EDGES

    p, q = EDGES[:, 0], EDGES[:, 1]
    corner = mesh.corner_gradients
    moved = u[mesh.tets]
    out = np.empty((len(mesh.tets), 4, 3, 3))
    for point in range(4):
        at = L[point]
        vertex = (4 * at - 1)[:, None] * corner
        edge = 4 * (at[p][:, None] * corner[:, q] + at[q][:, None] * corner[:, p])
        slopes = np.concatenate([vertex, edge], axis=1)
        out[:, point] = np.eye(3) + np.einsum("mai,maj->mij", moved, slopes)
    return out


def discretisation_error(problem: Problem, stress: Floats) -> float:
    """Estimated relative error in the energy norm of stresses (m, 4, 3, 3) [kPa].

    The difference between the stress of the elements and its average at the corners.
    """
    mesh = problem.mesh
    corners = _at_corners(mesh, stress)[mesh.tets[:, :4]]
    L = np.full((4, 4), _B) + (_A - _B) * np.eye(4)
    smooth = np.einsum("qa,maij->mqij", L, corners)
    error2 = _energy(problem, smooth - stress)
    return float(np.sqrt(error2 / max(error2 + _energy(problem, stress), 1e-300)))


def _energy(problem: Problem, stress: Floats) -> float:
    """Twice the complementary energy of a stress field, by the compliance at small strain."""
    E, nu = problem.material.young_modulus_kpa, problem.material.poisson_ratio
    squares = np.einsum("mqij,mqij->m", stress, stress)
    traces = (np.trace(stress, axis1=2, axis2=3) ** 2).sum(axis=1)
    density = ((1 + nu) * squares - nu * traces) / (E * problem.stiffness_factor)
    return float((density * problem.mesh.volumes_mm3 / 4).sum())


def _at_corners(mesh: TetMesh, stress: Floats) -> Floats:
    """Stress extrapolated to the corners and averaged there by volume (corners, 3, 3)."""
    corners = np.einsum("aq,mqij->maij", _TO_CORNERS, stress)
    weights = mesh.volumes_mm3[:, None, None, None]
    total = np.zeros((mesh.corner_count, 3, 3))
    np.add.at(total, mesh.tets[:, :4], corners * weights)
    volume = np.bincount(
        mesh.tets[:, :4].ravel(), np.repeat(mesh.volumes_mm3, 4), minlength=mesh.corner_count
    )
    return np.asarray(total / volume[:, None, None])


def _at_nodes(mesh: TetMesh, corners: Floats) -> Floats:
    from .assembly import parents

    between = parents(mesh)
    return np.asarray((corners[between[:, 0]] + corners[between[:, 1]]) / 2)


def _von_mises(stress: Floats) -> Floats:
    mean = np.trace(stress, axis1=-2, axis2=-1)[..., None, None] / 3
    deviator = stress - mean * np.eye(3)
    return np.asarray(np.sqrt(1.5 * (deviator**2).sum(axis=(-2, -1))))


def _surface_triangles(mesh: TetMesh) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Surface nodes, and the four triangles of each face in their numbering."""
    a, b, c, ab, bc, ca = mesh.surface.T
    parts = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    every = np.concatenate([np.stack(part, axis=1) for part in parts])
    nodes, numbers = np.unique(every, return_inverse=True)
    return nodes, np.asarray(numbers.reshape(-1, 3), dtype=np.int32)


def _weighted_quantile(values: Floats, weights: Floats, fraction: float) -> float:
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(share, fraction * share[-1])])
