"""What a solve answers: fields on the surface, and the numbers that say how far to trust them."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .assembly import Problem
from .fields import (
    at_corners,
    at_nodes,
    green_lagrange,
    principal_strain,
    spring_stiffness_kpa_per_mm,
    surface_triangles,
    von_mises_kpa,
    weighted_quantiles,
)
from .mesh import Mesh
from .quality import MeshQuality, quality_of
from .solve import Solution

__all__ = ["Response", "response_of", "stress_energy_error"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Response:
    """How a tissue answered a plan.

    Surface ``points_mm`` (n, 3) LPS as imaged, ``triangles`` (m, 3) counter-clockwise from
    outside, ``displacement_mm`` (n, 3).  Averaged at the nodes (n,): ``von_mises_kpa`` (Cauchy) and
    ``strain``, the largest principal Green-Lagrange strain from the shape at rest.  What was
    assumed to hold them (n,): ``spring_kpa_per_mm``, and ``fixed`` where a node is held.
    ``stress_p99_kpa``: 99 % of the tissue's volume is stressed less.  ``residual``: forces left
    over those of loads and supports.  ``min_jacobian``: smallest local volume ratio.
    ``force_balance_error_fraction``: |supports + loads| over the sum of |loads|.
    ``stress_energy_error_estimate_fraction``: estimated error of the stress in the energy norm
    (Zienkiewicz and Zhu, Int. J. Numer. Meth. Eng. 24:337, 1987).  ``mesh_quality``: of the
    elements before they were deformed.
    """

    points_mm: Floats
    triangles: npt.NDArray[np.int32]
    displacement_mm: Floats
    von_mises_kpa: Floats
    strain: Floats
    spring_kpa_per_mm: Floats
    fixed: npt.NDArray[np.bool_]
    converged: bool
    iterations: int
    residual: float
    min_jacobian: float
    element: str
    node_count: int
    tet_count: int
    poisson_ratio: float
    displacement_max_mm: float
    stress_p95_kpa: float
    stress_p99_kpa: float
    strain_p95: float
    strain_p99: float
    force_balance_error_fraction: float
    stress_energy_error_estimate_fraction: float
    mesh_quality: MeshQuality

    def seen_from(self, scanned: Mesh, displacement_mm: Floats) -> "Response":
        """The same answer with its surface where it was scanned and ``displacement_mm`` (n, 3).

        ``scanned`` has the elements of the mesh that was solved, at rest.
        """
        nodes, _ = surface_triangles(scanned)
        return replace(
            self,
            points_mm=scanned.nodes_mm[nodes],
            displacement_mm=displacement_mm[nodes],
            displacement_max_mm=float(np.linalg.norm(displacement_mm, axis=1).max()),
            mesh_quality=quality_of(scanned),
        )


def response_of(problem: Problem, solution: Solution) -> Response:
    """The response of a problem at its solution."""
    mesh, u = problem.mesh, solution.displacement_mm
    stress, gradient = problem.stress_kpa(u, solution.pressure_kpa)
    strain = green_lagrange(gradient)
    nodes, triangles = surface_triangles(mesh)
    weights = mesh.point_volumes_mm3.ravel()
    stresses = weighted_quantiles(von_mises_kpa(stress).ravel(), weights, 0.95, 0.99)
    strains = weighted_quantiles(principal_strain(strain).ravel(), weights, 0.95, 0.99)
    return Response(
        points_mm=mesh.nodes_mm[nodes],
        triangles=triangles,
        displacement_mm=u[nodes],
        von_mises_kpa=von_mises_kpa(at_nodes(mesh, at_corners(mesh, stress))[nodes]),
        strain=principal_strain(at_nodes(mesh, at_corners(mesh, strain))[nodes]),
        spring_kpa_per_mm=spring_stiffness_kpa_per_mm(mesh, problem.loads.springs)[nodes],
        fixed=np.asarray(solution.held[nodes].any(axis=1)),
        converged=True,
        iterations=solution.iterations,
        residual=solution.residual,
        min_jacobian=float(np.linalg.det(gradient).min()),
        element=_described(problem),
        node_count=len(mesh.nodes_mm),
        tet_count=len(mesh.cells),
        poisson_ratio=float(problem.tissue.poisson_ratio.max()),
        displacement_max_mm=float(np.linalg.norm(u, axis=1).max()),
        stress_p95_kpa=stresses[0],
        stress_p99_kpa=stresses[1],
        strain_p95=strains[0],
        strain_p99=strains[1],
        force_balance_error_fraction=_unbalanced_fraction(solution),
        stress_energy_error_estimate_fraction=stress_energy_error(problem, stress),
        mesh_quality=quality_of(mesh),
    )


def _unbalanced_fraction(solution: Solution) -> float:
    loads, supports = solution.state.external, solution.support_mn
    unbalanced = loads.sum(axis=0) + supports.sum(axis=0)
    size = max(np.abs(loads).sum(), np.abs(supports).sum(), 1e-300)
    return float(np.linalg.norm(unbalanced) / size)


def stress_energy_error(problem: Problem, stress: Floats) -> float:
    """Estimated relative error in the energy norm of stresses (m, q, 3, 3) [kPa].

    The difference between the stress of the elements and its average at the corners.
    """
    mesh = problem.mesh
    corners = at_corners(mesh, stress)[mesh.corner_cells]
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
