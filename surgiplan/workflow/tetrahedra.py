"""From a segment or a closed surface to tetrahedra in one call."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError
from surgiplan.jobs_report import Report, part, silent
from surgiplan.model import Segment, Surface

from .solids import Solid, place_words, solid_of_segment, solid_of_surface

if TYPE_CHECKING:
    from surgiplan.mechanics import Mesh, MeshQuality
    from surgiplan.meshing import SignedDistance

__all__ = ["DEFAULT_ELEMENTS", "Tetrahedra", "tetrahedra_of"]

DEFAULT_ELEMENTS = 4000
_FEWEST, _MOST = 50, 500_000

_LOST = 0.005
"""Part of a volume that elements may fail to reach, or that may be too much or too little."""
_REACH = 0.75
"""Edges of the lattice within which a point of the body has a corner of an element."""
_FINER = 0.8
_MOST_TIMES = 4.0
"""How many times the elements asked for a thin body may take."""
_CHECKED = 60_000

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Tetrahedra:
    """A mesh with what to know of it."""

    mesh: "Mesh"
    quality: "MeshQuality"
    lattice_mm: float
    """Spacing of the lattice that the mesh was made from."""
    mended: tuple[str, ...] = ()
    """What was done to a foreign surface before, and how far that moved it."""


def tetrahedra_of(
    body: Segment | Surface,
    *,
    elements: int = DEFAULT_ELEMENTS,
    name: str = "the surface",
    report: Report = silent,
) -> Tetrahedra:
    """The mesh of a segment or a closed surface, of about so many quadratic tetrahedra.

    Thin parts get more of them, up to four times as many.  Of several pieces the largest is
    meshed; the quality says what was left out.  A foreign surface is mended where that takes
    little.  The same input gives the same bits.  Raises GeometryError for what is empty, stays
    open (with the place) or is too thin (with the place, and the elements that it would take).
    """
    from surgiplan.mechanics import quality_of

    if not _FEWEST <= elements <= _MOST:
        raise GeometryError(
            f"A mesh has {_FEWEST} to {_MOST} elements; ask for a number between them."
        )
    report(0.0, "Measuring distances")
    if isinstance(body, Segment):
        solid = solid_of_segment(body)
    else:
        solid = solid_of_surface(body, name, elements)
    mesh, lattice_mm = _filled(solid, elements, part(report, 0.3, 0.95))
    report(0.95, "Measuring elements")
    quality = quality_of(mesh, solid.volume_mm3, solid.distance, solid.left_out_mm3)
    return Tetrahedra(mesh, quality, lattice_mm, solid.mended)


def _filled(solid: Solid, elements: int, report: Report) -> tuple["Mesh", float]:
    """The mesh on the widest lattice that loses nothing, and the spacing of that [mm]."""
    from surgiplan.mechanics import stuffed

    edge = (12 * solid.volume_mm3 / elements) ** (1 / 3)
    finest = edge / _MOST_TIMES ** (1 / 3)
    samples = _samples(solid.distance)
    while True:
        lost = np.ones(len(samples), bool)
        try:
            mesh = stuffed(
                solid.distance,
                solid.distance.bounds_mm,
                edge,
                volumes_mm3=(solid.volume_mm3,),
                what=solid.name,
                report=report,
            )
        except GeometryError:
            pass
        else:
            lost = _lost(samples, mesh, edge)
            error = abs(mesh.volume_mm3 / solid.volume_mm3 - 1)
            if lost.mean() <= _LOST and error <= _LOST:
                return mesh, edge
        if edge <= finest:
            raise GeometryError(_too_thin(solid, samples, lost, edge))
        edge = max(_FINER * edge, finest)


def _samples(distance: "SignedDistance") -> Floats:
    """Points (n, 4) of the largest piece inside [mm], and their distance to its surface."""
    from scipy.ndimage import label

    values = distance.values_mm
    pieces, count = label(values < 0)
    largest = pieces == np.argmax(np.bincount(pieces.ravel())[1:]) + 1 if count > 1 else values < 0
    index = np.argwhere(largest)
    index = index[:: max(1, len(index) // _CHECKED)]
    return np.column_stack([distance.grid.to_lps(index), values[tuple(index.T)]])


def _lost(samples: Floats, mesh: "Mesh", edge_mm: float) -> Bools:
    """Which points of the body lie farther from all corners of the mesh than its elements reach."""
    from scipy.spatial import cKDTree

    far, _ = cKDTree(mesh.nodes_mm[mesh.corner_nodes]).query(
        samples[:, :3], distance_upper_bound=_REACH * edge_mm
    )
    return np.asarray(np.isinf(far))


def _too_thin(solid: Solid, samples: Floats, lost: Bools, edge_mm: float) -> str:
    """Where it is too thin for which elements, and what to do."""
    share = float(lost.mean())
    # Where nothing is out of reach, all of it is thin.
    missed = samples[lost] if lost.any() else samples
    deepest = missed[np.argmin(missed[:, 3])]
    around = missed[np.linalg.norm(missed[:, :3] - deepest[:3], axis=1) < 2 * edge_mm]
    thick_mm = max(-2 * float(around[:, 3].min()), edge_mm / 10)
    wanted = 12 * solid.volume_mm3 / min(thick_mm, 0.7 * edge_mm) ** 3
    said = f"{100 * share:.1f} % of it would be lost, " if share > _LOST else ""
    name = solid.name[:1].upper() + solid.name[1:]
    return (
        f"{name} is too thin for elements of {edge_mm:.1f} mm: {said}as at "
        f"{place_words(deepest[:3])} mm (LPS), where it is about {thick_mm:.1f} mm thick; ask for "
        f"about {wanted:.0f} elements, or leave the thin part out."
    )
