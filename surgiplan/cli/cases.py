"""Commands about a whole case: info, verify, audit, pack, unpack, recover, apply, report."""

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from surgiplan import io
from surgiplan.edits import Edit
from surgiplan.errors import CaseFileError
from surgiplan.model import Case
from surgiplan.workflow import suitability_rows

from .anatomy import segment_json
from .open_case import changed, loaded, locked
from .output import Answer, Console
from .scans import volume_json

__all__ = ["apply", "audit", "info", "pack", "recover", "report", "unpack", "verify"]


def info(options: Namespace, console: Console) -> Answer:
    """What a case holds."""
    case = loaded(options.case)
    findings = [
        {
            "id": one.id,
            "kind": one.kind,
            "subject": one.subject,
            "stale": case.is_stale(one.made_from),
            "numbers": one.numbers,
            "software": one.software,
        }
        for one in case.findings.values()
    ]
    patient = case.patient
    answer = {
        "patient": {
            "pseudonym": patient.pseudonym,
            "sex": patient.sex,
            "age_years": patient.age_years,
        },
        "identity": "kept" if case.identity else "none",
        "volumes": [volume_json(volume) for volume in case.volumes.values()],
        "segments": [segment_json(segment) for segment in case.segments.values()],
        "plan": _plan(case),
        "findings": findings,
    }
    kept = "name and number are kept" if case.identity else "without name and number"
    lines = [f"Patient {patient.pseudonym} ({kept})"]
    lines += [f"volume {v.id}: {v.name} {v.source.study_date}" for v in case.volumes.values()]
    lines += [f"segment {s.id}: {s.volume_ml:.1f} ml" for s in case.segments.values()]
    lines += [path for path in case.paths() if path.startswith("plan/")]
    lines += [f"finding {f['id']}{' (stale)' if f['stale'] else ''}" for f in findings]
    return Answer(answer, tuple(lines))


def _plan(case: Case) -> dict[str, Any]:
    plan = case.plan
    return {
        "centerlines": [
            {
                "id": one.id,
                "segment": one.segment_id,
                "lengths_mm": [branch.length_mm for branch in one.branches],
                "stale": case.is_stale(one.made_from),
            }
            for one in plan.centerlines.values()
        ],
        "stents": [
            {
                "id": one.id,
                "device": one.name,
                "diameter_mm": one.design.diameter_mm,
                "length_mm": one.design.length_mm,
                "centerline": one.centerline_id,
                "branch": one.branch,
                "at_mm": one.at_mm,
            }
            for one in plan.stents.values()
        ],
        "resections": [
            {
                "id": one.id,
                "target": one.target_id,
                "point_lps": one.point_lps,
                "normal": one.normal,
                "lesion": one.lesion_id or None,
                "margin_mm": one.margin_mm,
            }
            for one in plan.resections.values()
        ],
        "measurements": [
            {"id": one.id, "name": one.name, "length_mm": one.length_mm}
            for one in plan.measurements.values()
        ],
    }


def verify(options: Namespace, console: Console) -> Answer:
    """Check every object, manifest and journal line of a case, and its audit log."""
    damaged = list(io.verify(options.case))
    lines = [f"damaged: {one}" for one in damaged] or [
        "every object, the journal and the audit log are intact"
    ]
    return Answer({"ok": not damaged, "damaged": damaged}, tuple(lines))


def pack(options: Namespace, console: Console) -> Answer:
    """Write the newest saved state of a case to one file."""
    found = io.opened(options.case)
    generation = io.pack(options.case, options.output, console.report)
    io.log_export(options.case, options.output, with_identity=found.case.identity is not None)
    size = options.output.stat().st_size
    lines = [f"{options.output}: state {generation}, {size / 1e6:.1f} MB"]
    if found.case.identity:
        lines.append("It holds the patient's name; surgiplan identity CASE --drop leaves it out.")
    if found.lost:
        lines.append(f"Not in it: {found.lost.summary}; surgiplan recover CASE keeps it first.")
    answer = {
        "file": str(options.output),
        "generation": generation,
        "bytes": size,
        "identity": "kept" if found.case.identity else "none",
    }
    return Answer(answer, tuple(lines))


def unpack(options: Namespace, console: Console) -> Answer:
    """Make a case of a file that was sent, once every byte of it has been checked."""
    io.unpack(options.file, options.output, console.report)
    io.log_event(options.output, io.AuditEvent.UNPACKED)
    return Answer({"case": str(options.output)}, (f"{options.output}: every object is intact",))


def recover(options: Namespace, console: Console) -> Answer:
    """Save work that a program did not live to save, or forget it."""
    with locked(options.case):
        lost = io.opened(options.case).lost
        if lost is None:
            raise CaseFileError(f"{options.case.name} holds no work that was not saved.")
        if options.discard:
            io.discard_autosaves(options.case)
            io.log_event(options.case, io.AuditEvent.DISCARDED, steps=len(lost.steps))
        else:
            io.save(lost.case, options.case, journal=lost.steps)
            io.log_event(options.case, io.AuditEvent.RECOVERED, steps=len(lost.steps))
    word = "discarded" if options.discard else "saved"
    answer = {"steps": len(lost.steps), "kept_at": lost.saved_at, "saved": not options.discard}
    return Answer(answer, (f"{word}: {lost.summary}",))


def audit(options: Namespace, console: Console) -> Answer:
    """List what happened to a case."""
    events = io.audit_events(options.case)
    lines = tuple(f"{event['n']:5d}  {event['time']}  {_told(event)}" for event in events)
    return Answer({"events": events, "head": io.audit_head(options.case) or None}, lines)


def _told(event: Mapping[str, Any]) -> str:
    """What an event says, but for what only a program reads."""
    said = {
        k: v
        for k, v in event.items()
        if k in ("generation", "format", "bytes", "identity") and v != ""
    }
    words = [str(event["event"]), *(f"{name} {value}" for name, value in said.items())]
    return ", ".join([*words, *event.get("labels", ())])


def apply(options: Namespace, console: Console) -> Answer:
    """Replay a journal on a case."""
    edits: list[Edit] = []
    for edit in io.load_edits(options.edits):
        if edit is None:
            edits.pop()
        else:
            edits.append(edit)
    changed(options.case, lambda _: edits, dry_run=options.dry_run)
    labels = [edit.label for edit in edits]
    return Answer({"applied": len(edits), "edits": labels}, tuple(labels))


def report(options: Namespace, console: Console) -> Answer:
    """Write the plan as a PDF."""
    from surgiplan.report import write_report

    case = loaded(options.case)
    pages = write_report(
        case,
        options.case.stem,
        options.output,
        console.report,
        suitability=suitability_rows(case.volume(), console.report),
        audit_head=io.audit_head(options.case),
        with_identity=options.with_identity,
    )
    io.log_export(options.case, options.output, with_identity=options.with_identity)
    line = f"{options.output}: {pages} pages"
    answer = {"file": str(options.output), "pages": pages, "with_identity": options.with_identity}
    return Answer(answer, (line,))
