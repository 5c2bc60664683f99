"""The command that writes tetrahedra of a segment."""

from argparse import Namespace
from dataclasses import asdict
from functools import partial

from surgiplan import io
from surgiplan.jobs import apart
from surgiplan.jobs_report import Report
from surgiplan.model import Segment
from surgiplan.workflow import Tetrahedra, kept_tetrahedra, tetrahedra_of

from .open_case import loaded
from .output import Answer, Console

__all__ = ["mesh"]


def mesh(options: Namespace, console: Console) -> Answer:
    """Fill a segment with quadratic tetrahedra and write them, or those made before."""
    io.require_mesh_path(options.output)
    case = loaded(options.case)
    segment = case.segment(options.segment)
    # A mesher that crashes or takes all memory takes only its own process with it.
    made, is_cached = kept_tetrahedra(
        segment,
        options.elements,
        partial(apart, partial(_filled, segment, options.elements), console.report, "mesh"),
        io.kept_beside(options.case),
    )
    console.report(0.97, f"Writing {options.output.name}")
    grid = made.mesh
    io.write_tetrahedra(grid.nodes_mm, grid.cells, options.output, pseudonym=case.patient.pseudonym)
    io.log_export(options.case, options.output)
    quality = made.quality
    answer = {
        "file": str(options.output),
        "segment": segment.id,
        "pseudonym": case.patient.pseudonym or None,
        "element": "10-node tetrahedron",
        **asdict(quality),
        "lattice_mm": made.lattice_mm,
        "cached": is_cached,
        "space": "LPS",
        "unit": "mm",
    }
    lines = [
        f"{options.output}: {quality.elements} quadratic tetrahedra, {quality.nodes} nodes, "
        f"{quality.volume_ml:.1f} ml ({100 * (quality.volume_error_fraction or 0):+.2f} %), edges "
        f"of {quality.edge_mm:.1f} mm",
        f"    scaled Jacobian at least {quality.scaled_jacobian_min:.2f}, dihedral angles "
        f"{quality.dihedral_min_deg:.0f} to {quality.dihedral_max_deg:.0f} degrees; 95 % of the "
        f"surface within {quality.surface_miss_mm or 0:.1f} mm of the segment's",
    ]
    if quality.pieces_left_out_ml:
        left = ", ".join(f"{one:.1f}" for one in quality.pieces_left_out_ml[:5])
        lines.append(f"    left out: loose pieces of {left} ml")
    return Answer(answer, tuple(lines))


def _filled(segment: Segment, elements: int, report: Report) -> Tetrahedra:
    return tetrahedra_of(segment, elements=elements, report=report)
