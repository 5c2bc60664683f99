"""Many cases on paper: tables, a box for each structure, and what every number means."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from surgiplan.validation import CohortSummary, LabelSummary, SubgroupGap

from .boxes import boxes, forest
from .pages import document_of, draw_page
from .style import heading, note, number, numbered_canvas, register_fonts, table

__all__ = ["cohort_pdf"]


def cohort_pdf(
    summary: CohortSummary,
    problems: Sequence[Mapping[str, str]],
    meanings: Mapping[str, str],
    tolerance_mm: float,
) -> bytes:
    """The PDF of a cohort.  It names cases by the ids of the table and nothing else of them."""
    register_fonts()
    file = io.BytesIO()
    document = document_of(file, "Validation of segmentations")
    story = [*_opening(summary, problems, tolerance_mm), *_labels(summary), *_groups(summary)]
    story += _meanings(meanings)

    def draw(canvas: Any, page: Any) -> None:
        draw_page(canvas, page, "Validation of segmentations", _size(summary))

    document.build(story, onFirstPage=draw, onLaterPages=draw, canvasmaker=numbered_canvas())
    return file.getvalue()


def _size(summary: CohortSummary) -> str:
    readers = len({one.reader for one in summary.labels})
    labels = len({one.label for one in summary.labels})
    return f"{summary.cases} cases  ·  {readers} readers  ·  {labels} structures"


def _opening(
    summary: CohortSummary, problems: Sequence[Mapping[str, str]], tolerance_mm: float
) -> list[Any]:
    story = [heading("Structures")]
    story.append(
        note(
            f"Each dot is one case; the box spans the quartiles, the line is the median, the bar "
            f"above it its 95 % interval. Surface Dice within {tolerance_mm:g} mm."
        )
    )
    failed = sum(one.failures for one in summary.labels if one.metric.key == "dice")
    if failed:
        story.append(
            note(f"{failed} comparisons failed: one of both masks was empty.", attention=True)
        )
    if problems:
        # By id alone: the reasons name files, and files are named after people.
        who = ", ".join(f"{one['id']} ({one['reader']})" for one in problems)
        story.append(note(f"Could not be compared, and is in no number: {who}.", attention=True))
    for key in ("dice", "hd95_mm", "volume_error_fraction"):
        drawn = [one for one in summary.labels if one.metric.key == key and one.spread]
        story += boxes(drawn)
    return story


def _labels(summary: CohortSummary) -> list[Any]:
    head = ["structure", "reader", "number", "median (95 %)", "quartiles", "cases", "failed"]
    rows = [[one.label, one.reader, _title(one), *_numbers(one)] for one in summary.labels]
    worst = [
        [one.label, one.reader, _title(one), _worst(one)]
        for one in summary.labels
        if one.metric.key in ("dice", "hd95_mm", "volume_error_fraction")
    ]
    empty = {
        (one.label, one.reader): one.correct_rejections
        for one in summary.labels
        if one.correct_rejections
    }
    told = [
        note(f"{label}, {reader}: empty on both sides in {count} cases, which are left out.")
        for (label, reader), count in empty.items()
    ]
    worst_head = ["structure", "reader", "number", "the five worst cases, worst first"]
    return [
        heading("Numbers"),
        table([head, *rows], (30, 20, 27, 42, 28, 14, 17)),
        *told,
        heading("Worst cases"),
        table([worst_head, *worst], (30, 22, 28, 98)),
    ]


def _title(one: LabelSummary) -> str:
    return f"{one.metric.title}, {one.metric.unit}" if one.metric.unit else one.metric.title


def _numbers(one: LabelSummary) -> list[str]:
    s, digits = one.spread, one.metric.digits
    if s is None:
        return ["–", "–", "0", str(one.failures)]
    middle = f"{s.median:.{digits}f} ({s.low:.{digits}f} to {s.high:.{digits}f})"
    quartiles = f"{s.q1:.{digits}f} to {s.q3:.{digits}f}"
    return [middle, quartiles, str(s.count), str(one.failures)]


def _worst(one: LabelSummary) -> str:
    parts = [
        f"{case}: {number(None if value != value else value, one.metric.digits)}"
        for case, value in one.worst
    ]
    return ", ".join(parts)


def _groups(summary: CohortSummary) -> list[Any]:
    if not summary.gaps and not summary.refusals:
        return []
    story = [heading("Subgroups")]
    if summary.gaps:
        story += [note("Difference of the medians with its 95 % interval; left of the line the "
                       "group does worse than the others."), *forest(summary.gaps)]  # fmt: skip
        head = ["structure", "reader", "group", "beside", "cases", "median Dice, difference", "p",
                "Holm"]  # fmt: skip
        story.append(
            table(
                [head, *(_gap_row(one) for one in summary.gaps)], (24, 15, 33, 18, 16, 44, 14, 14)
            )
        )
    return story + [note(sentence) for sentence in summary.refusals]


def _gap_row(one: SubgroupGap) -> list[str]:
    gap = one.gap
    return [
        one.label,
        one.reader,
        f"{one.column} {one.group}",
        one.others,
        f"{one.count} / {one.count_others}",
        f"{gap.difference:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})",
        _p(gap.p),
        _p(one.p_holm),
    ]


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _meanings(meanings: Mapping[str, str]) -> list[Any]:
    rows = [["number", "what it means"], *([key, text] for key, text in meanings.items())]
    return [heading("Definitions"), table(rows, (38, 140))]
