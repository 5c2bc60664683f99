"""What stays of a body and its loads when elements are taken out."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SolveError

from .assembly import Problem
from .loads import Held, Loads
from .mesh import Mesh, boundary_faces

__all__ = ["Remains", "without"]

Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Remains:
    """A problem on what stays: ``nodes`` (k,) and ``elements`` are the numbers they had before."""

    problem: Problem
    held: Held
    nodes: npt.NDArray[np.int64]
    elements: npt.NDArray[np.int64]


def without(problem: Problem, held: Held, removed: npt.ArrayLike) -> Remains:
    """The problem without ``removed`` elements (numbers or a mask (m,)); the cut faces are free.

    Loads stay on the faces that stay.  SolveError when nothing stays, when a piece comes loose
    that nothing holds, and for bodies that touch something, whose cut is not followed.
    """
    mesh, loads = problem.mesh, problem.loads
    if loads.expander or loads.contacts:
        raise SolveError("A body that touches a device or another body is not cut; solve it anew.")
    gone = np.zeros(len(mesh.cells), bool)
    gone[np.asarray(removed)] = True
    elements = np.flatnonzero(~gone)
    if not len(elements):
        raise SolveError("The cut leaves nothing of the body; cut less.")
    cells = mesh.cells[elements]
    nodes = np.flatnonzero(np.bincount(cells.ravel(), minlength=len(mesh.nodes_mm)))
    number = np.full(len(mesh.nodes_mm), -1, np.int32)
    number[nodes] = np.arange(len(nodes), dtype=np.int32)
    rest = Mesh(np.ascontiguousarray(mesh.nodes_mm[nodes]), number[cells])
    left = problem.part(elements, rest, _loads_left(loads, rest, number))
    kept = Held(held.mask[nodes], held.displacement_mm[nodes])
    _check_pieces(left, kept)
    return Remains(left, kept, nodes, elements)


def _loads_left(loads: Loads, rest: Mesh, number: Ints) -> Loads:
    corners = rest.element.face.corners
    surface = _names(boundary_faces(rest.cells), corners, len(rest.nodes_mm))

    def stays(faces: Ints) -> Flags:
        moved = number[faces]
        names = _names(moved, corners, len(rest.nodes_mm))
        return np.asarray((moved >= 0).all(axis=1) & np.isin(names, surface))

    tractions, pressures, springs = [], [], []
    for traction in loads.tractions:
        on = stays(traction.faces)
        kpa = np.broadcast_to(traction.kpa, (len(on), 3))[on]
        tractions.append(replace(traction, faces=number[traction.faces[on]], kpa=kpa))
    for pressure in loads.pressures:
        on = stays(pressure.faces)
        pressures.append(replace(pressure, faces=number[pressure.faces[on]]))
    for bed in loads.springs:
        on = stays(bed.faces)
        stiffness = np.broadcast_to(bed.stiffness_kpa_per_mm, len(on))[on]
        faces = number[bed.faces[on]]
        springs.append(replace(bed, faces=faces, stiffness_kpa_per_mm=stiffness))
    return replace(
        loads, tractions=tuple(tractions), pressures=tuple(pressures), springs=tuple(springs)
    )


def _names(faces: Ints, corners: int, size: int) -> npt.NDArray[np.int64]:
    """One number for each face, whichever corner it begins with: from its first three corners."""
    a, b, c = np.sort(faces[:, :corners].astype(np.int64), axis=1)[:, :3].T
    return np.asarray((a * size + b) * size + c)


def _check_pieces(problem: Problem, held: Held) -> None:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    pattern = problem.pattern
    links = csr_array(
        (np.ones(len(pattern.columns), np.int8), pattern.columns, pattern.starts),
        shape=(pattern.size, pattern.size),
    )
    count, piece = connected_components(links, directed=False)
    supported = np.asarray(held.mask.any(axis=1))
    for bed in problem.loads.springs:
        supported[bed.faces] = True
    loose = np.setdiff1d(np.arange(count), piece[supported])
    if len(loose):
        volumes = problem.mesh.volumes_mm3
        ml = volumes[np.isin(piece[problem.mesh.cells[:, 0]], loose)].sum() / 1000
        raise SolveError(
            f"The cut leaves {ml:.1f} ml loose that nothing holds; remove that piece too, or cut "
            f"less."
        )
