"""The chapters of the report; each returns what flows onto the pages, or nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from surgiplan import RESEARCH_USE, __version__
from surgiplan.model import Case, Centerline, Resection, StentPlacement, remarks_of
from surgiplan.validation import TruthRow

from .chart import diameter_profile
from .style import figure, heading, note, number, side_by_side, stale, table

__all__ = ["anatomy", "fitness", "methods", "resections", "scan", "truths", "vessels"]

Pictures = Mapping[str, Any]


def scan(case: Case, pictures: Pictures) -> list[Any]:
    """Who and which scan, with an overview."""
    volume, patient = case.volume(), case.patient
    source = volume.source
    age = number(patient.age_years, 0, "years")
    spacing = " × ".join(f"{mm:.2f}" for mm in volume.grid.spacing_mm)
    rows = [
        ["Patient", f"{patient.pseudonym}, {patient.sex or 'sex unknown'}, {age}"],
        ["Scan", source.description or f"{source.modality} {volume.name}"],
        ["Scan date", source.study_date or "not stated"],
        ["Voxels", f"{spacing} mm (slice, row, column)"],
        ["Series", source.series_uid or "–"],
    ]
    story = [heading("Operation plan"), table(rows, [34, 140], head=False)]
    if source.accepted:
        story.append(note(f"Accepted at import: {', '.join(source.accepted)}.", attention=True))
    story += [note(remark, attention=True) for remark in source.remarks]
    shown = [n for n in ("overview", "axial", "coronal", "sagittal") if n in pictures]
    for first, second in zip(shown[::2], [*shown[1::2], None], strict=False):
        pair = [figure(pictures[n], 86, n.capitalize()) for n in (first, second) if n]
        story.append(side_by_side(*pair))
    return story


_SIGNS = {"good": "✓", "limited": "!", "unfit": "✕", "cannot be judged": "?", "": ""}


def fitness(rows: Sequence[tuple[str, str, str]]) -> list[Any]:
    """What the scan can be used for, from rows of use, verdict and reason."""
    if not rows:
        return []
    body = [[title, f"{_SIGNS[verdict]} {verdict}".strip(), why] for title, verdict, why in rows]
    limits = note(
        "Judged from the voxels alone. Limits and their sources: surgiplan suitability CASE --json."
    )
    head = ["Use", "Verdict", "Why"]
    return [heading("What the scan is good for"), table([head, *body], [40, 30, 108]), limits]


def anatomy(case: Case, pictures: Pictures) -> list[Any]:
    """What was segmented, how, and how sure."""
    if not case.segments:
        return []
    rows = [["Structure", "Volume", "Confidence", "Review", "Made by"]]
    remarks = []
    for one in case.segments.values():
        sure = "–" if one.confidence is None else f"{100 * one.confidence:.0f} %"
        review = one.review.replace("_", " ")
        rows.append([one.name, number(one.volume_ml, 1, "ml"), sure, review, one.made_by])
        if one.review == "flagged":
            remarks.append(note(f"{one.name}: a reader has flagged it.", attention=True))
    remarks += [note(remark, attention=True) for remark in remarks_of(case.segments.values())]
    volumes = note("Volumes are counted in voxels, not taken from smoothed surfaces.")
    return [heading("Anatomy"), table(rows, [34, 24, 22, 24, 74]), volumes, *remarks]


def vessels(case: Case, pictures: Pictures) -> list[Any]:
    """Centrelines with their diameters, and the stents on them."""
    story: list[Any] = []
    for centerline in case.plan.centerlines.values():
        stents = [s for s in case.plan.stents.values() if s.centerline_id == centerline.id]
        story += _vessel(case, centerline, stents)
        for stent in stents:
            story += _stent(centerline, stent, pictures)
    rows = [[one.name, number(one.length_mm, 1, "mm")] for one in case.plan.measurements.values()]
    if rows:
        story += [heading("Distances"), table([["Distance", "Length"], *rows], [110, 40])]
    return story


def _vessel(case: Case, centerline: Centerline, stents: Sequence[StentPlacement]) -> list[Any]:
    from surgiplan.planning import sections

    story = [heading(centerline.name)]
    if case.is_stale(centerline.made_from):
        story.append(stale("This centreline was traced on a lumen that has changed since."))
    for n, branch in enumerate(centerline.branches):
        measured = sections(branch)
        if not measured.is_measured.any():
            story.append(note(f"Branch {n}: no section could be measured.", attention=True))
            continue
        spans = [stent.span_mm for stent in stents if stent.branch == n]
        narrow, wide = (
            int(np.nanargmin(measured.d_min_mm)),
            int(np.nanargmax(measured.d_max_mm)),
        )
        rows = [
            ["Branch", "Length", "Narrowest", "at", "Widest", "at"],
            [
                str(n),
                number(branch.length_mm, 1, "mm"),
                number(measured.d_min_mm[narrow], 1, "mm"),
                number(measured.s_mm[narrow], 0, "mm"),
                number(measured.d_max_mm[wide], 1, "mm"),
                number(measured.s_mm[wide], 0, "mm"),
            ],
        ]
        profile = diameter_profile(measured, spans, branch.gaps_mm)
        story += [table(rows, [24, 30, 32, 24, 32, 24]), profile]
        story += [
            note(f"{low:.0f} to {high:.0f} mm: slices are missing, not measured.", attention=True)
            for low, high in branch.gaps_mm
        ]
    method = note(
        "Diameters of the contrast-filled lumen in sections orthogonal to the centreline, at half "
        "of the local contrast; smallest and largest caliper width. Wall and thrombus are not "
        "included. Where the vessel divides no section is measured."
    )
    return [*story, method]


def _stent(centerline: Centerline, stent: StentPlacement, pictures: Pictures) -> list[Any]:
    from surgiplan.planning import fit, limit_text, source_text, title_of, value_text

    fits = fit(centerline.branch(stent.branch), stent)
    rows = [["Rule", "Value", "Limit", "Verdict", "Source"]]
    rows += [
        [
            title_of(rule.about),
            value_text(rule.about, rule.value),
            limit_text(rule),
            rule.verdict.value,
            source_text(rule),
        ]
        for rule in fits.rules
    ]
    judged = {rule.about for rule in fits.rules}
    others = ("apposition_fraction", "largest_gap_mm", "foreshortening_fraction")
    rows += [
        [title_of(n), value_text(n, getattr(fits, n)), "–", "–", "–"]
        for n in others
        if n not in judged
    ]
    proximal_mm, distal_mm = stent.span_mm
    where = note(
        f"{stent.design.source}. Free diameter {stent.design.diameter_mm:.1f} mm, length "
        f"{stent.design.length_mm:.1f} mm, from {proximal_mm:.1f} to {distal_mm:.1f} mm along the "
        f"vessel."
    )
    story = [heading(stent.name), where, table(rows, [46, 24, 26, 22, 60])]
    story += [note(remark, attention=True) for remark in fits.remarks]
    picture = pictures.get(f"stent {stent.id}")
    return story if picture is None else [*story, *figure(picture, 110, "Stent in the vessel")]


def resections(case: Case, pictures: Pictures) -> list[Any]:
    """Cutting planes with volumes and margins."""
    story: list[Any] = []
    for one in case.plan.resections.values():
        picture = pictures.get(f"resection {one.id}")
        story += [heading(one.name), table(_resection(case, one), [70, 60], head=False)]
        story += _gap_notes(case, one)
        if picture is not None:
            story += figure(picture, 110, "What is removed lies on the marked side of the plane")
    return story


def _resection(case: Case, one: Resection) -> list[list[str]]:
    from surgiplan.planning import divide, margin

    division = divide(case.segments[one.target_id], one)
    rows = [
        ["Removed", number(division.resected_ml, 0, "ml")],
        ["Remains", number(division.remnant_ml, 0, "ml")],
        ["Remaining share", f"{100 * division.remnant_fraction:.0f} %"],
        ["Cut surface", number(division.cut_area_mm2 / 100, 1, "cm²")],
    ]
    if one.lesion_id in case.segments:
        free = margin(case.segments[one.lesion_id], one)
        verdict = "met" if free.min_mm >= one.margin_mm else "NOT met"
        rows += [
            [f"Smallest margin to {one.lesion_id}", number(free.min_mm, 1, "mm")],
            ["Margin, 5th percentile", number(free.p5_mm, 1, "mm")],
            ["Margin wanted", f"{one.margin_mm:.1f} mm, {verdict}"],
        ]
    return rows


def _gap_notes(case: Case, one: Resection) -> list[Any]:
    from surgiplan.planning import margin, margin_remarks

    lesion = case.segments.get(one.lesion_id)
    if lesion is None:
        return []
    remarks = margin_remarks(margin(lesion, one), case.volume(lesion.volume_id))
    return [note(remark, attention=True) for remark in remarks]


def truths(rows: Sequence[TruthRow]) -> list[Any]:
    """Measured beside true, where the truth is known."""
    if not rows:
        return []
    head = ["Quantity", "Measured", "True", "Tolerance", "Within"]
    body = [
        [
            r.name,
            f"{r.measured:.2f}",
            f"{r.truth:.2f}",
            f"{r.tolerance:.2f}",
            "yes" if r.ok else "NO",
        ]
        for r in rows
    ]
    return [heading("Measured beside true"), table([head, *body], [86, 24, 24, 24, 20])]


def methods(audit_head: str) -> list[Any]:
    """How everything was made."""
    from importlib.metadata import version

    used = ("SimpleITK", "vtk", "scipy", "numpy", "numba", "pydicom", "manifold3d")
    versions = ", ".join(f"{name} {version(name)}" for name in used)
    lines = [
        f"surgiplan {__version__} with {versions}.",
        "Coordinates are patient LPS in millimetres; the affine comes from image position and "
        "orientation alone.",
        "Mechanics: finite elements; each simulation names its element, its assumptions and its "
        "scenarios. Material values are from the literature, not this patient.",
        f"Audit log of the case, newest line: {audit_head or 'none, the case was not saved'}.",
        RESEARCH_USE,
    ]
    return [heading("Methods and versions"), *(note(line) for line in lines)]
