"""Commands about the plan: devices, measure, place, resect, simulate."""

import time
from argparse import Namespace
from dataclasses import asdict
from typing import Any

from surgiplan import RESEARCH_USE, __version__, io
from surgiplan.jobs_report import part
from surgiplan.model import Case
from surgiplan.workflow import (
    design,
    measure_distance,
    place_stent,
    plan_resection,
    substantiate,
)
from surgiplan.workflow import simulate as simulated

from .open_case import changed, shown
from .output import Answer, Console
from .response import response_lines

__all__ = ["devices", "measure", "place", "resect", "simulate"]


def devices(options: Namespace, console: Console) -> Answer:
    """The catalogue."""
    from surgiplan.planning import catalogue

    listed = [
        {
            "device": one.name,
            "title": one.title,
            "diameter_mm": {"low": one.diameters.low_mm, "high": one.diameters.high_mm},
            "length_mm": {"low": one.lengths.low_mm, "high": one.lengths.high_mm},
            "usual_diameter_mm": one.usual_diameter_mm,
            "usual_length_mm": one.usual_length_mm,
            "source": one.source,
        }
        for one in catalogue()
    ]
    lines = tuple(
        f"{one.name}: {one.title}, diameter {one.diameters}, length {one.lengths} ({one.source})"
        for one in catalogue()
    )
    return Answer({"devices": listed}, lines)


def measure(options: Namespace, console: Console) -> Answer:
    """Keep the distance along picked points."""
    edits: list[Any] = []

    def build(case: Case) -> list[Any]:
        edits.append(measure_distance(case, options.points, options.name))
        return edits

    changed(options.case, build, dry_run=options.dry_run)
    made = edits[0].measurement
    answer = {
        "id": made.id,
        "name": made.name,
        "length_mm": made.length_mm,
        "points_lps": made.points_lps,
    }
    found = Answer(answer, (f"{made.name}: {made.length_mm:.1f} mm",))
    return shown(found, edits, dry_run=options.dry_run)


def place(options: Namespace, console: Console) -> Answer:
    """Place a stent on a centreline."""
    from surgiplan.planning import fit, limit_text, title_of, value_text

    chosen = design(options.device, options.diameter_mm, options.length_mm)
    edits: list[Any] = []

    def build(case: Case) -> list[Any]:
        edits.append(place_stent(case, chosen, options.along, options.at, branch=options.branch))
        return edits

    case = changed(options.case, build, dry_run=options.dry_run)
    stent = edits[0].stent
    fits = fit(case.plan.centerlines[stent.centerline_id].branch(stent.branch), stent)
    answer = {
        "id": stent.id,
        "device": stent.name,
        "at_mm": stent.at_mm,
        "apposition": _fit_json(fits),
        "foreshortening_fraction": fits.foreshortening_fraction,
    }
    lines = (
        f"{stent.id}: {stent.name} mm at {stent.at_mm:.1f} mm",
        *(
            f"    {title_of(r.about)}: {value_text(r.about, r.value)}, rule {limit_text(r)}, "
            f"{r.verdict.value}"
            for r in fits.rules
        ),
        *(f"    {remark}" for remark in fits.remarks),
    )
    return shown(Answer(answer, lines), edits, dry_run=options.dry_run)


def resect(options: Namespace, console: Console) -> Answer:
    """Cut an organ with a plane."""
    from surgiplan.planning import divide, margin, margin_remarks

    point, normal = options.plane
    edits: list[Any] = []

    def build(case: Case) -> list[Any]:
        lesion = options.lesion or ("tumour" if "tumour" in case.segments else "")
        edits.append(
            plan_resection(
                case, options.target, point, normal, lesion=lesion, margin_mm=options.margin_mm
            )
        )
        return edits

    case = changed(options.case, build, dry_run=options.dry_run)
    made = edits[0].resection
    division = divide(case.segments[made.target_id], made)
    answer: dict[str, Any] = {
        "id": made.id,
        "resected_ml": division.resected_ml,
        "remnant_ml": division.remnant_ml,
        "remnant_fraction": division.remnant_fraction,
        "cut_area_mm2": division.cut_area_mm2,
    }
    lines = [
        f"{made.id}: {division.resected_ml:.0f} ml resected, {division.remnant_ml:.0f} ml remain "
        f"({100 * division.remnant_fraction:.0f} %)"
    ]
    if made.lesion_id:
        free = margin(case.segments[made.lesion_id], made)
        answer |= {"margin_min_mm": free.min_mm, "margin_p5_mm": free.p5_mm}
        lines.append(f"    margin to {made.lesion_id}: {free.min_mm:.1f} mm at its smallest")
        remarks = margin_remarks(free, case.volume(case.segments[made.lesion_id].volume_id))
        answer["margin_remarks"] = remarks
        lines += [f"    {remark}" for remark in remarks]
    else:
        answer |= {"margin_min_mm": None, "margin_p5_mm": None, "reason": "no lesion was named"}
    return shown(Answer(answer, tuple(lines)), edits, dry_run=options.dry_run)


def simulate(options: Namespace, console: Console) -> Answer:
    """Compute the tissue's response to a stent or a resection, and how far to trust it."""
    start = time.perf_counter()
    edits: list[Any] = []
    seconds: dict[str, float] = {}

    kept = None if options.dry_run else io.kept_beside(options.case)

    def build(case: Case) -> list[Any]:
        share = 1.0 if options.first_answer else 0.2
        report = part(console.report, 0.0, share)
        first = simulated(case, options.subject, options.settings, report=report, kept=kept)
        seconds["first_answer_seconds"] = time.perf_counter() - start
        if options.first_answer:
            edits.append(first)
        else:
            report = part(console.report, share, 1.0)
            edits.append(substantiate(case, first.finding, report=report, kept=kept))
        return edits

    changed(options.case, build, dry_run=options.dry_run)
    finding = edits[0].finding
    answer = {
        "id": finding.id,
        "kind": finding.kind,
        **finding.numbers,
        "settings": finding.settings,
        "seconds": time.perf_counter() - start,
        **seconds,
        "provenance": {
            "made_from": finding.made_from,
            "software": f"surgiplan {__version__}",
            "notice": RESEARCH_USE,
        },
    }
    return shown(Answer(answer, tuple(response_lines(finding))), edits, dry_run=options.dry_run)


def _fit_json(fits: Any) -> dict[str, Any]:
    """The numbers of a fit, and its rules with verdict and source."""
    numbers = asdict(fits)
    for rule, one in zip(numbers["rules"], fits.rules, strict=True):
        rule["verdict"] = one.verdict.value
        if one.value != one.value:
            rule["reason"] = "the vessel has no measured section there"
    return numbers
