"""The command that measures segmentations against a reference."""

import csv
import io as text_io
from argparse import Namespace
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from surgiplan import RESEARCH_USE, io
from surgiplan.errors import SegmentationError, SurgiplanError
from surgiplan.model import Segment
from surgiplan.validation import Comparison, Surface, compared, definitions

from .consensus import consensus_of, written
from .output import Answer, Console
from .structures import Structures, nothing_found, readers_of, require_shared

__all__ = ["compare"]

_NUMBERS = (
    "dice", "jaccard", "sensitivity", "precision", "nsd", "hd_mm", "hd95_mm", "assd_mm",
    "volume_error_fraction", "centroid_shift_mm", "reference_ml", "test_ml",
)  # fmt: skip


def compare(options: Namespace, console: Console) -> Answer:
    """All labels of a reference beside those of one or several readers."""
    if not 0 < options.tolerance_mm < 1000:
        raise SegmentationError(
            f"A tolerance of {options.tolerance_mm:g} mm makes no sense; choose one such as 1."
        )
    if bool(options.consensus) != bool(options.output):
        raise SegmentationError(
            "A consensus needs both: how it is found (--consensus) and where to write it (-o)."
        )
    structures = Structures(
        [options.reference, *options.test],
        names=io.label_names(options.names) if options.names else None,
        wanted=options.label,
        passphrase_file=options.passphrase_file,
        report=console.report,
    )
    reference = structures(options.reference)
    known = dict(structures.known)
    measured = partial(
        compared, reference, tolerance_mm=options.tolerance_mm, surface=Surface(options.surface),
        report=console.report,
    )  # fmt: skip
    rows: list[Comparison] = []
    readers: dict[str, Mapping[str, Segment]] = {}
    problems: list[dict[str, str]] = []
    for reader, test in zip(readers_of(options.test), options.test, strict=True):
        try:
            readers[reader] = structures(test)
            require_shared(options.reference, reference, test, readers[reader])
            rows += measured({reader: readers[reader]})
        except SurgiplanError as error:
            if len(options.test) == 1:
                raise
            readers.pop(reader, None)
            problems.append({"reader": reader, "detail": str(error)})
    answer: dict[str, Any] = {}
    lines: list[str] = []
    if options.consensus:
        found = consensus_of(reference, readers, options.consensus)
        rows += measured({options.consensus: found.segments})
        answer, lines = written(found, options.output, structures)
    if not rows and not problems:
        raise SegmentationError(nothing_found(options.label, [*known, *structures.known]))
    return _answer(options, rows, problems, answer, lines)


def _answer(
    options: Namespace,
    rows: Sequence[Comparison],
    problems: Sequence[dict[str, str]],
    more: Mapping[str, Any],
    lines: Sequence[str],
) -> Answer:
    if not rows:
        raise SegmentationError(" ".join(problem["detail"] for problem in problems))
    told = [
        *problems,
        *(
            {"reader": row.reader, "name": row.name, "detail": row.agreement.reason or row.notice}
            for row in rows
            if row.agreement.reason or row.notice
        ),
    ]
    labels = [_row(row) for row in rows]
    if options.csv:
        _write_csv(options.csv, labels)
    answer = {
        "labels": labels,
        "tolerance_mm": options.tolerance_mm,
        "definitions": definitions(Surface(options.surface)),
        "problems": told,
        **more,
    }
    return Answer(answer, (*_lines(rows, answer["definitions"], told), *lines))


def _row(row: Comparison) -> dict[str, Any]:
    numbers = {name: getattr(row.agreement, name) for name in _NUMBERS}
    return {
        "name": row.name,
        "reader": row.reader,
        **numbers,
        "worst_point_lps": row.agreement.worst_lps,
        **({"reason": row.agreement.reason} if row.agreement.reason else {}),
        **({"notice": row.notice} if row.notice else {}),
    }


def _lines(
    rows: Sequence[Comparison], meanings: dict[str, str], problems: Sequence[dict[str, str]]
) -> list[str]:
    width = max(len(row.name) for row in rows) if rows else 0
    lines = [f"{'':{width}}   Dice    NSD   HD95    ASSD  volume   reader"]
    for row in rows:
        found = row.agreement
        volume = found.volume_error_fraction
        lines.append(
            f"{row.name:{width}}  {_number(found.dice, 3)}  {_number(found.nsd, 3)}  "
            f"{_number(found.hd95_mm, 2)}  {_number(found.assd_mm, 2):>6}  "
            f"{'–' if volume is None else f'{volume:+.1%}':>6}   {row.reader}"
        )
    lines += [f"{name}: {meaning}" for name, meaning in meanings.items()]
    return lines + [f"! {p['reader']} {p.get('name', '')}: {p['detail']}" for p in problems]


def _number(value: float | None, digits: int) -> str:
    return f"{'–':>5}" if value is None else f"{value:5.{digits}f}"


def _write_csv(path: Path, labels: Sequence[dict[str, Any]]) -> None:
    columns = ["name", "reader", *_NUMBERS, "worst_point_lps", "reason", "notice"]
    text = text_io.StringIO()
    text.write(f"# {RESEARCH_USE}\n")
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    for label in labels:
        worst = label["worst_point_lps"]
        point = "" if worst is None else ";".join(f"{x:.3f}" for x in worst)
        table.writerow({**label, "worst_point_lps": point})
    try:
        io.write_whole(path, [text.getvalue().encode("utf-8")])
    except OSError as error:
        raise SegmentationError(
            f"{path} cannot be written ({error.strerror}); choose another folder."
        ) from error
