"""The commands that exchange segmentations with other programs, and change them as a hand does."""

import time
from argparse import Namespace
from typing import Any

from surgiplan import io
from surgiplan.edits import ReviewSegment
from surgiplan.model import Case
from surgiplan.workflow import edit_segment, import_segments, remake_segment

from .anatomy import described, described_lines, made_lines, segment_json
from .open_case import changed, loaded, shown
from .output import Answer, Console

__all__ = ["export_segments", "segments"]


def segments(options: Namespace, console: Console) -> Answer:
    """Import, export, edit, review, remake or list the operations, as the first word says."""
    words = {
        "import": _imported,
        "export": export_segments,
        "edit": _edited,
        "operations": _operations,
        "review": _reviewed,
        "remake": _remade,
    }
    return words[options.what](options, console)


def _operations(options: Namespace, console: Console) -> Answer:
    from surgiplan.imaging.editing import OPERATIONS

    listed, lines = [], []
    for name, operation in OPERATIONS.items():
        about = described(name, operation)
        about["segments_min"], about["segments_max"] = operation.segments
        listed.append(about)
        lines += described_lines(about)
    return Answer({"operations": listed}, tuple(lines))


def _edited(options: Namespace, console: Console) -> Answer:
    edits: list[Any] = []

    def build(case: Case) -> list[Any]:
        edits.append(
            edit_segment(
                case,
                options.operation,
                [*options.segment, *options.others],
                points_lps=options.points,
                settings=options.settings,
                name=options.name,
                volume_id=options.volume,
                report=console.report,
            )
        )
        return edits

    changed(options.case, build, dry_run=options.dry_run)
    made = (edits[0].segment, *edits[0].others)
    answer = {"what": edits[0].what, "segments": [segment_json(one) for one in made]}
    lines = [edits[0].what]
    lines += [f"    {one.name}: {one.volume_ml:.1f} ml ({one.made_by})" for one in made]
    return shown(Answer(answer, tuple(lines)), edits, dry_run=options.dry_run)


def _reviewed(options: Namespace, console: Console) -> Answer:
    state = options.state.replace("-", "_").replace(" ", "_").lower()
    edits: list[Any] = []

    def build(case: Case) -> list[Any]:
        edits.append(ReviewSegment(case.segment(options.segment).id, state))
        return edits

    case = changed(options.case, build, dry_run=options.dry_run)
    made = case.segment(options.segment)
    line = f"{made.name}: {made.review.replace('_', ' ')}"
    return shown(
        Answer({"segments": [segment_json(made)]}, (line,)), edits, dry_run=options.dry_run
    )


def _remade(options: Namespace, console: Console) -> Answer:
    start = time.perf_counter()
    edits: list[Any] = []

    def build(case: Case) -> list[Any]:
        edits.append(remake_segment(case, options.segment, options.volume, report=console.report))
        return edits

    changed(options.case, build, dry_run=options.dry_run)
    made = edits[0].segments
    answer = {
        "segments": [segment_json(one) for one in made],
        "seconds": time.perf_counter() - start,
    }
    return shown(Answer(answer, made_lines(made)), edits, dry_run=options.dry_run)


def _imported(options: Namespace, console: Console) -> Answer:
    edits: list[Any] = []

    def build(case: Case) -> list[Any]:
        edits.append(
            import_segments(
                case,
                options.files,
                volume_id=options.volume,
                reader=options.reader,
                unit=options.unit,
                space=options.space,
                report=console.report,
            )
        )
        return edits

    changed(options.case, build, dry_run=options.dry_run)
    made = edits[0].segments
    answer = {
        "segments": [segment_json(one) for one in made],
        "files": [str(path) for path in options.files],
    }
    return shown(Answer(answer, made_lines(made)), edits, dry_run=options.dry_run)


def export_segments(options: Namespace, console: Console) -> Answer:
    """Write segments for another program."""
    case = loaded(options.case)
    done = io.export_segments(
        case,
        options.output,
        options.format,
        options.segment,
        kind=io.SegKind(options.seg_type),
        report=console.report,
    )
    for path in done.files:
        io.log_export(options.case, path, with_identity=done.with_identity)
    chosen = [case.segment(one) for one in options.segment] or list(case.segments.values())
    answer = {
        "segments": [segment_json(one) for one in chosen],
        "files": [str(path) for path in done.files],
        "remarks": done.remarks,
        "with_identity": done.with_identity,
    }
    lines = [str(path) for path in done.files]
    if done.with_identity:
        lines.append("The patient's name and number are in it, as an archive demands.")
    return Answer(answer, (*lines, *done.remarks))
