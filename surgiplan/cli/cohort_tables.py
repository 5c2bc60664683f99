"""The files of a cohort: every number of every case, what they sum up to, gaps, and a PDF."""

import csv
import io as text_io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from surgiplan import RESEARCH_USE, io
from surgiplan.errors import SegmentationError
from surgiplan.report import cohort_pdf
from surgiplan.validation import CohortCase, CohortSummary

__all__ = ["write_tables"]

_NUMBERS = (
    "dice", "jaccard", "sensitivity", "precision", "nsd", "hd_mm", "hd95_mm", "assd_mm",
    "volume_error_fraction", "centroid_shift_mm", "reference_ml", "test_ml",
)  # fmt: skip
_SUMMARY = (
    "name", "reader", "number", "unit", "cases", "median", "q1", "q3", "median_low",
    "median_high", "failures", "correct_rejections", "worst",
)  # fmt: skip
_GAPS = (
    "name", "reader", "number", "subgroup", "group", "others", "cases", "cases_others", "gap",
    "gap_low", "gap_high", "p", "p_holm",
)  # fmt: skip


def write_tables(
    folder: Path,
    cases: Sequence[CohortCase],
    summary: CohortSummary,
    problems: Sequence[Mapping[str, str]],
    meanings: Mapping[str, str],
    tolerance_mm: float,
) -> list[Path]:
    """Write ``cases.csv``, ``summary.csv``, ``gaps.csv`` and ``report.pdf``; the files.

    Raises SegmentationError where the folder cannot be written.
    """
    columns = list(dict.fromkeys(column for one in cases for column in one.groups))
    contents = {
        "cases.csv": _table(("id", "reader", "name", *_NUMBERS, *columns, "reason"), _cases(cases)),
        "summary.csv": _table(_SUMMARY, _summary(summary)),
        "gaps.csv": _table(_GAPS, _gaps(summary)),
        "report.pdf": cohort_pdf(summary, problems, meanings, tolerance_mm),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            io.write_whole(folder / name, [content])
    except OSError as error:
        raise SegmentationError(
            f"{folder} cannot be written ({error.strerror}); choose another folder."
        ) from error
    return [folder / name for name in contents]


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    text = text_io.StringIO()
    text.write(f"# {RESEARCH_USE}\n")
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    for row in rows:
        table.writerow({key: _harmless(value) for key, value in row.items()})
    return text.getvalue().encode("utf-8")


def _harmless(value: Any) -> Any:
    """Text that a spreadsheet does not take for a formula."""
    is_formula = isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t")
    return f"'{value}" if is_formula else value


def _cases(cases: Sequence[CohortCase]) -> Iterable[dict[str, Any]]:
    for one in cases:
        for row in one.comparisons:
            numbers = {key: getattr(row.agreement, key) for key in _NUMBERS}
            reason = row.agreement.reason or row.notice
            yield {
                **one.groups, "id": one.case_id, "reader": one.reader, "name": row.name,
                "reason": reason, **numbers,
            }  # fmt: skip


def _summary(summary: CohortSummary) -> Iterable[dict[str, Any]]:
    for one in summary.labels:
        row: dict[str, Any] = {
            "name": one.label,
            "reader": one.reader,
            "number": one.metric.key,
            "unit": one.metric.unit or "1",
            "failures": one.failures,
            "correct_rejections": one.correct_rejections,
            "worst": "; ".join(case for case, _ in one.worst),
        }
        if one.spread:
            row |= {
                "cases": one.spread.count, "median": one.spread.median, "q1": one.spread.q1,
                "q3": one.spread.q3, "median_low": one.spread.low, "median_high": one.spread.high,
            }  # fmt: skip
        yield row


def _gaps(summary: CohortSummary) -> Iterable[dict[str, Any]]:
    for one in summary.gaps:
        yield {
            "name": one.label, "reader": one.reader, "number": one.metric.key,
            "subgroup": one.column, "group": one.group, "others": one.others,
            "cases": one.count, "cases_others": one.count_others, "gap": one.gap.difference,
            "gap_low": one.gap.low, "gap_high": one.gap.high, "p": one.gap.p,
            "p_holm": one.p_holm,
        }  # fmt: skip
