"""What the comparison of readers has done in a worker process: pure functions, no Qt."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from surgiplan.edits import AddSegments
from surgiplan.jobs_report import Report, part
from surgiplan.model import Case, Disagreement, Segment
from surgiplan.validation import (
    Comparison,
    ReaderScore,
    Rule,
    by_reader,
    compared,
    consensus,
    disagreement,
    id_of,
    name_by,
    on_lattice_of,
)

from .work import displayed_surface

__all__ = ["Row", "agreed", "drawn_by", "measured"]


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    reference_id: str
    test_id: str
    comparison: Comparison


def drawn_by(case: Case, structure: str) -> dict[str, Segment]:
    """Who drew a structure: reader and segment; nobody's first."""
    readers = by_reader(case.segments.values())
    return {reader: drawn[structure] for reader, drawn in readers.items() if structure in drawn}


def measured(
    reference: Segment,
    test: Segment,
    pairs: list[tuple[Segment, Segment, str]],
    report: Report,
) -> tuple[Disagreement, tuple[Row, ...]]:
    """Where the pair differs, and the numbers of all pairs.

    Raises GeometryError for another frame of reference or an empty segment.
    """
    report(0.0, f"Comparing {test.name}")
    moved, _ = on_lattice_of(reference, test)
    surface = displayed_surface(moved, part(report, 0.0, 0.4))
    apart = disagreement(reference, moved, surface, part(report, 0.4, 0.7))
    # What was resampled to be compared is still the reader's segment.
    apart = replace(apart, test=test)
    rows = []
    for n, (one, other, reader) in enumerate(pairs):
        report(0.7 + 0.3 * n / len(pairs), f"Measuring {other.name}")
        found = compared({one.name: one}, {reader: {other.name: other}})
        rows.append(Row(one.id, other.id, found[0]))
    for segment in (apart.reference, apart.test, apart.missed, apart.added):
        _ = segment.digest, segment.voxels
    _ = apart.reference.centroid_lps
    return apart, tuple(rows)


def agreed(
    case: Case, structure: str, rule: Rule, report: Report
) -> tuple[AddSegments, tuple[ReaderScore, ...]]:
    """The consensus as the edit that adds it, and each reader's score.

    Raises SegmentationError for fewer than two readers.
    """
    report(0.0, f"Hearing all readers of {structure}")
    drawn = {
        reader or "this case": one
        for reader, one in drawn_by(case, structure).items()
        if reader not in [one.title for one in Rule]
    }
    readers: Mapping[str, Mapping[str, Segment]] = {
        reader: {structure: one} for reader, one in drawn.items()
    }
    found = consensus(readers, rule)[structure]
    name = name_by(structure, rule.title)
    made = replace(found.segment, id=id_of(name), name=name, confidence=None, remarks=())
    _ = made.digest, made.voxels, made.centroid_lps
    return AddSegments((made,)), found.scores
