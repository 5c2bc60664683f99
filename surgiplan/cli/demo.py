"""The whole job on the sample study, as a surgeon would click it."""

import json
import os
import shutil
import sys
import time
import tomllib
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from surgiplan import io, workflow
from surgiplan.edits import Edit
from surgiplan.errors import SurgiplanError
from surgiplan.jobs_report import Report
from surgiplan.model import Case
from surgiplan.resources import resource, sample_study

from .output import Answer, Console

__all__ = ["demo"]


class _Rehearsal:
    """The case as it grows, its journal, and how long each stage took."""

    def __init__(self, report: Report) -> None:
        self.case = Case()
        self.journal: list[Edit] = []
        self.seconds: dict[str, float] = {}
        self.report = report

    def do(self, edit: Any) -> Any:
        """Apply one edit and remember it."""
        self.case = edit.apply(self.case)
        self.journal.append(edit)
        return edit

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Take the time of one stage."""
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 2)


def demo(options: Namespace, console: Console) -> Answer:
    """Import, segment, measure, place, cut, simulate, report; then open the window if there is one.

    The truth beside the sample is only read after everything was measured.
    """
    study = sample_study()
    clicks = tomllib.loads(resource("demo.toml").read_text())
    folder: Path = options.output
    rehearsal = _Rehearsal(console.report)
    _rehearse(rehearsal, study, clicks)
    if not options.first_answer:
        _substantiate(rehearsal)
    case_path = folder / "demo.splan"
    with rehearsal.stage("save"):
        _save(rehearsal, folder, case_path)
    with rehearsal.stage("truth"):
        rows = _beside_truth(rehearsal.case, study.parent / "truth")
    with rehearsal.stage("report"):
        paper, pictures = _paper(rehearsal, folder, case_path, rows)
    answer = {
        "case": str(case_path),
        "report": str(paper),
        "pictures": [str(picture) for picture in pictures],
        "seconds": rehearsal.seconds,
        "truth": [{**asdict(row), "ok": row.ok} for row in rows],
        "findings": {one.id: one.numbers for one in rehearsal.case.findings.values()},
    }
    failed = [row.name for row in rows if not row.ok]
    if failed:
        console.complain(f"{len(failed)} of {len(rows)} measurements miss: {'; '.join(failed)}.")
    if not options.headless and _has_display():
        from surgiplan.app import run

        run(case_path)
    return Answer(answer, tuple(_lines(answer, len(failed))))


def _rehearse(rehearsal: _Rehearsal, study: Path, clicks: Mapping[str, Any]) -> None:
    """The surgeon's path."""
    report = rehearsal.report
    with rehearsal.stage("import"):
        rehearsal.do(workflow.import_scan(study, report=report))
    for structure in clicks["segment"]:
        with rehearsal.stage(f"segment {structure['method']}"):
            edit = workflow.segment(
                rehearsal.case,
                structure["method"],
                name=structure.get("name", ""),
                seeds_lps=structure.get("seeds", ()),
                settings=structure.get("settings", {}),
                report=report,
            )
            rehearsal.do(edit)
    with rehearsal.stage("centerline"):
        line = clicks["centerline"]
        edit_line = rehearsal.do(
            workflow.trace_centerline(
                rehearsal.case, line["segment"], line["from"], line["to"], report=report
            )
        )
    for distance in clicks.get("distance", ()):
        rehearsal.do(
            workflow.measure_distance(rehearsal.case, distance["points"], distance["name"])
        )
    stent, plane = clicks["stent"], clicks["resection"]
    with rehearsal.stage("plan"):
        design = workflow.design(stent["device"], stent["diameter_mm"], stent["length_mm"])
        placed = rehearsal.do(
            workflow.place_stent(rehearsal.case, design, edit_line.centerline.id, stent["at_mm"])
        )
        cut = rehearsal.do(
            workflow.plan_resection(
                rehearsal.case,
                plane["target"],
                plane["point"],
                plane["normal"],
                lesion=plane["lesion"],
                margin_mm=plane["margin_mm"],
            )
        )
    for name, subject in (("stent", placed.stent.id), ("resection", cut.resection.id)):
        with rehearsal.stage(f"simulate {name}"):
            rehearsal.do(workflow.simulate(rehearsal.case, subject, report=report))


def _substantiate(rehearsal: _Rehearsal) -> None:
    """The error and the band of each simulation."""
    for finding in list(rehearsal.case.findings.values()):
        with rehearsal.stage(f"evidence {finding.subject.rpartition('/')[2]}"):
            edit = workflow.substantiate(rehearsal.case, finding, report=rehearsal.report)
            rehearsal.do(edit)


def _save(rehearsal: _Rehearsal, folder: Path, case_path: Path) -> None:
    """Save the case in place of the one of an earlier demo."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if case_path.exists():
            with io.CaseLock(case_path):
                pass
            shutil.rmtree(case_path)
    except OSError as error:
        raise SurgiplanError(
            f"The demo cannot write to {folder} ({error.strerror}); choose another folder."
        ) from error
    rehearsal.report(0.0, "Saving the case")
    io.save(rehearsal.case, case_path, journal=rehearsal.journal)


def _beside_truth(case: Case, folder: Path) -> list[Any]:
    """Measured beside true; nothing where the truth is not there."""
    from surgiplan.imaging import cropped_segment
    from surgiplan.validation import beside_truth

    if not (folder / "truth.json").exists():
        return []
    truth = json.loads((folder / "truth.json").read_text())
    segments = {}
    for name in case.segments:
        file = folder / "segments" / f"{name}.nrrd"
        if file.exists():
            volume, _ = io.load_volume_file(file)
            # NRRD does not carry the frame of reference.
            grid = replace(volume.grid, frame_uid=case.volume().grid.frame_uid)
            segments[name] = cropped_segment(volume.values > 0, grid, segment_id=name)
    return beside_truth(case, truth, segments)


def _paper(
    rehearsal: _Rehearsal, folder: Path, case_path: Path, rows: list[Any]
) -> tuple[Path, list[Path]]:
    """The PDF and its pictures."""
    from surgiplan.render import save_png
    from surgiplan.report import pictures_of, write_report

    paper = folder / "plan.pdf"
    drawn = pictures_of(rehearsal.case, rehearsal.report)
    write_report(
        rehearsal.case,
        "demo",
        paper,
        rehearsal.report,
        pictures=drawn,
        truth=rows,
        suitability=workflow.suitability_rows(rehearsal.case.volume()),
        audit_head=io.audit_head(case_path),
    )
    io.log_export(case_path, paper)
    files = []
    for name, pixels in drawn.items():
        files.append(folder / f"{name.replace(' ', '_')}.png")
        save_png(pixels, files[-1])
    return paper, files


def _has_display() -> bool:
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _lines(answer: Mapping[str, Any], failed: int) -> Iterator[str]:
    for row in answer["truth"]:
        sign = "✓" if row["ok"] else "✗"
        yield (
            f"{sign} {row['name']}: {row['measured']:.2f}, true {row['truth']:.2f} "
            f"(± {row['tolerance']:.2f})"
        )
    if answer["truth"]:
        total = len(answer["truth"])
        yield f"{total - failed} of {total} measurements within their tolerance"
    yield "  ".join(f"{name} {seconds:.1f} s" for name, seconds in answer["seconds"].items())
    yield f"case      {answer['case']}"
    yield f"plan      {answer['report']}"
    yield f"pictures  {len(answer['pictures'])} beside it"
