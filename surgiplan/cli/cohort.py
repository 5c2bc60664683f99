"""The command that measures readers over many cases."""

import csv
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surgiplan import io
from surgiplan.errors import SegmentationError, SurgiplanError
from surgiplan.jobs_report import part
from surgiplan.model import Case
from surgiplan.validation import CohortCase, CohortSummary, Surface, compared, definitions
from surgiplan.validation.cohort import DEFINITIONS, summary_of

from .cohort_tables import write_tables
from .output import Answer, Console
from .structures import Structures, case_of, nothing_found, require_shared

__all__ = ["compare_cohort"]

_NEEDED = ("id", "reference", "test")
_OWN = (*_NEEDED, "reader")
_LARGEST_TABLE_BYTES = 16 << 20
_MOST_ROWS = 20_000
_LONGEST = 64
"""Letters of an id, a reader or a group, which stand on paper."""


@dataclass(frozen=True)
class _Line:
    """One line of the table."""

    number: int
    case_id: str
    reference: str
    test: str
    reader: str
    groups: Mapping[str, str]


def compare_cohort(options: Namespace, console: Console) -> Answer:
    """Compare each line of a table, and sum up per structure, reader and subgroup."""
    lines = _lines_of(options.table)
    if options.output.exists() and not options.output.is_dir():
        raise SegmentationError(f"{options.output} is a file; choose a folder for the results.")
    names = io.label_names(options.names) if options.names else None
    known: dict[str, None] = {}
    cases: list[CohortCase] = []
    problems: list[dict[str, str]] = []
    for n, line in enumerate(lines):
        report = part(console.report, 0.9 * n / len(lines), 0.9 * (n + 1) / len(lines))
        report(0.0, f"Comparing {line.case_id}")
        structures = Structures(
            [line.reference, line.test],
            names=names,
            wanted=options.label,
            passphrase_file=options.passphrase_file,
        )
        try:
            reference, test = structures(line.reference), structures(line.test)
            require_shared(line.reference, reference, line.test, test)
            known |= structures.known
            rows = compared(
                reference, {line.reader: test},
                tolerance_mm=options.tolerance_mm, surface=Surface(options.surface),
            )  # fmt: skip
            groups = {**_known_of(line, structures), **line.groups}
            cases.append(CohortCase(line.case_id, line.reader, tuple(rows), groups))
        except SurgiplanError as error:
            problems.append({"id": line.case_id, "reader": line.reader, "detail": str(error)})
    if not cases:
        raise SegmentationError(
            f"No line of {options.table.name} could be compared; the first: "
            f"{problems[0]['id']}: {problems[0]['detail']}"
        )
    if not any(one.comparisons for one in cases):
        raise SegmentationError(nothing_found(options.label, list(known)))
    console.report(0.9, "Summing up")
    summary = summary_of(cases)
    meanings = {**definitions(Surface(options.surface)), **DEFINITIONS}
    files = write_tables(options.output, cases, summary, problems, meanings, options.tolerance_mm)
    answer = {
        "cases": summary.cases,
        "labels": [_label_json(summary, label, reader) for label, reader in _named(summary)],
        "gaps": [_gap_json(one) for one in summary.gaps],
        "refusals": list(summary.refusals),
        "problems": problems,
        "tolerance_mm": options.tolerance_mm,
        "definitions": meanings,
        "files": [str(file) for file in files],
    }
    return Answer(answer, tuple(_words(summary, problems, files)))


def _lines_of(path: Path) -> list[_Line]:
    """The lines of the table.  Raises SegmentationError for one that cannot be worked through."""
    rows, columns = _read(path)
    missing = [column for column in _NEEDED if column not in columns]
    if missing:
        raise SegmentationError(
            f"{path.name} lacks the column {' and '.join(missing)}; it needs id, reference and "
            "test, and may have reader and subgroups such as sex."
        )
    lines: list[_Line] = []
    for number, row in enumerate(rows, start=2):
        for column in _NEEDED:
            if not row[column]:
                raise SegmentationError(f"Line {number} of {path.name} has no {column}; add it.")
        groups = {
            column: row[column][:_LONGEST]
            for column in columns
            if column not in _OWN and row[column]
        }
        lines.append(
            _Line(
                number, row["id"][:_LONGEST], _beside(path, row["reference"]),
                _beside(path, row["test"]), row.get("reader", "")[:_LONGEST] or "test", groups,
            )
        )  # fmt: skip
    seen: dict[tuple[str, str], int] = {}
    for line in lines:
        other = seen.setdefault((line.case_id, line.reader), line.number)
        if other != line.number:
            raise SegmentationError(
                f"Lines {other} and {line.number} of {path.name} are both {line.case_id} by "
                f"{line.reader}; a case counts once for each reader."
            )
    return lines


def _read(path: Path) -> tuple[list[dict[str, str]], list[str]]:
    try:
        if path.stat().st_size > _LARGEST_TABLE_BYTES:
            raise SegmentationError(f"{path.name} has more than 16 MiB; it should be a table.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = [line for line in file if line.strip() and not line.startswith("#")]
        semicolons = bool(text) and text[0].count(";") > text[0].count(",")
        table = csv.DictReader(text, delimiter=";" if semicolons else ",", restval="", strict=True)
        columns = [(name or "").strip().lower() for name in table.fieldnames or []]
        table.fieldnames = columns
        rows = [{key: (value or "").strip() for key, value in row.items() if key} for row in table]
    except OSError as error:
        raise SegmentationError(f"There is no table {path}; check the path.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SegmentationError(
            f"{path.name} is no table of text; save it as CSV with commas in UTF-8."
        ) from error
    if not rows or len(rows) > _MOST_ROWS:
        raise SegmentationError(f"{path.name} has {len(rows)} lines; it should be 1 to 20,000.")
    if len(set(columns)) != len(columns):
        raise SegmentationError(f"{path.name} has two columns of one name; rename one of them.")
    return rows, columns


def _beside(table: Path, where: str) -> str:
    """A path of the table: from the folder that the table lies in."""
    path, mark, segment = where.partition("#")
    return f"{table.parent / path}{mark}{segment}"


def _known_of(line: _Line, structures: Structures) -> dict[str, str]:
    """What a case of the line knows of its patient and scan; the table has the last word."""
    for where in (line.reference, line.test):
        path, _ = case_of(where)
        if path is not None:
            return _known_of_case(structures.case(path))
    return {}


def _known_of_case(case: Case) -> dict[str, str]:
    known: dict[str, str] = {}
    patient = case.patient
    if patient.sex:
        known["sex"] = patient.sex
    if patient.age_years is not None:
        known["age_band"] = _band(patient.age_years)
    if case.volumes and case.volume().source.vendor:
        known["vendor"] = case.volume().source.vendor
    if case.volumes:
        known["slice_thickness_mm"] = f"{case.volume().grid.spacing_mm[0]:.2f}".rstrip("0").rstrip(
            "."
        )
    return known


def _band(age_years: float) -> str:
    low = int(age_years // 20) * 20
    return f"{low}-{low + 19}"


def _named(summary: CohortSummary) -> list[tuple[str, str]]:
    return list(dict.fromkeys((one.label, one.reader) for one in summary.labels))


def _label_json(summary: CohortSummary, label: str, reader: str) -> dict[str, Any]:
    mine = [one for one in summary.labels if (one.label, one.reader) == (label, reader)]
    found: dict[str, Any] = {
        "name": label,
        "reader": reader,
        "failures": mine[0].failures,
        "correct_rejections": mine[0].correct_rejections,
    }
    for one in mine:
        if one.spread is None:
            found[one.metric.key] = None
            found["reason"] = "no case has a value"
            continue
        found[one.metric.key] = {
            "value": one.spread.median, "low": one.spread.low, "high": one.spread.high,
            "q1": one.spread.q1, "q3": one.spread.q3, "cases": one.spread.count,
            "worst": [{"id": case, "value": value} for case, value in one.worst],
        }  # fmt: skip
    return found


def _gap_json(one: Any) -> dict[str, Any]:
    return {
        "name": one.label,
        "reader": one.reader,
        "number": one.metric.key,
        "subgroup": one.column,
        "group": one.group,
        "others": one.others,
        "cases": one.count,
        "cases_others": one.count_others,
        "gap": {"value": one.gap.difference, "low": one.gap.low, "high": one.gap.high},
        "p": one.gap.p,
        "p_holm": one.p_holm,
    }


def _words(
    summary: CohortSummary, problems: Sequence[Mapping[str, str]], files: Sequence[Path]
) -> list[str]:
    lines = []
    for one in summary.labels:
        if one.metric.key == "dice" and one.spread is not None:
            s = one.spread
            lines.append(
                f"{one.label}, {one.reader}: Dice {s.median:.3f} ({s.low:.3f} to {s.high:.3f}), "
                f"quartiles {s.q1:.3f} and {s.q3:.3f}, {s.count} cases, {one.failures} failures"
            )
    for gap in summary.gaps:
        lines.append(
            f"{gap.label}, {gap.reader}: {gap.column} {gap.group} less {gap.others}: Dice "
            f"{gap.gap.difference:+.3f} ({gap.gap.low:+.3f} to {gap.gap.high:+.3f}), p "
            f"{gap.p_holm:.3g} after Holm"
        )
    lines += [f"! {sentence}" for sentence in summary.refusals]
    lines += [f"! {one['id']}, {one['reader']}: {one['detail']}" for one in problems]
    return [*lines, *(str(file) for file in files)]
