"""The commands that exchange segmentations with other programs."""

from argparse import Namespace
from typing import Any

from surgiplan import io
from surgiplan.model import Case
from surgiplan.workflow import import_segments

from .anatomy import segment_json
from .open_case import changed, loaded, shown
from .output import Answer, Console

__all__ = ["export_segments", "segments"]


def segments(options: Namespace, console: Console) -> Answer:
    """Import or export, as the first word says."""
    return (_imported if options.what == "import" else export_segments)(options, console)


def _imported(options: Namespace, console: Console) -> Answer:
    edits: list[Any] = []

    def build(case: Case) -> list[Any]:
        edits.append(
            import_segments(case, options.files, volume_id=options.volume, report=console.report)
        )
        return edits

    changed(options.case, build, dry_run=options.dry_run)
    made = edits[0].segments
    answer = {
        "segments": [segment_json(one) for one in made],
        "files": [str(path) for path in options.files],
    }
    lines = [f"{one.name}: {one.volume_ml:.1f} ml ({one.made_by})" for one in made]
    lines += [f"    {one.name}: {remark}" for one in made for remark in one.remarks]
    return shown(Answer(answer, tuple(lines)), edits, dry_run=options.dry_run)


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
