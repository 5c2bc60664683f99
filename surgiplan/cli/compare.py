"""The command that measures segmentations against a reference."""

import csv
import io as text_io
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from surgiplan import RESEARCH_USE, io
from surgiplan.errors import SegmentationError, SurgiplanError
from surgiplan.model import Case, Segment
from surgiplan.validation import Comparison, Surface, compared, definitions

from .open_case import loaded
from .output import Answer, Console
from .passphrase import unlocked

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
    names = io.label_names(options.names) if options.names else {}
    wanted = set(options.label)
    load = _Load(options.passphrase_file)
    reference = _segments(options.reference, names, wanted, load, console)
    surface = Surface(options.surface)
    rows: list[Comparison] = []
    problems: list[dict[str, str]] = []
    for n, test in enumerate(options.test):
        reader = _reader(test, n, options.test)
        try:
            readers = {reader: _segments(test, names, wanted, load, console)}
            rows += compared(
                reference, readers, tolerance_mm=options.tolerance_mm, surface=surface,
                report=console.report,
            )  # fmt: skip
        except SurgiplanError as error:
            if len(options.test) == 1:
                raise
            problems.append({"reader": reader, "detail": str(error)})
    problems += [
        {"reader": row.reader, "name": row.name, "detail": row.agreement.reason or row.notice}
        for row in rows
        if row.agreement.reason or row.notice
    ]
    labels = [_row(row) for row in rows]
    if options.csv:
        _write_csv(options.csv, labels)
    answer = {
        "labels": labels,
        "tolerance_mm": options.tolerance_mm,
        "definitions": definitions(surface),
        "problems": problems,
    }
    return Answer(answer, tuple(_lines(rows, answer["definitions"], problems)))


class _Load:
    """Reads cases; an encrypted one asks for its passphrase once."""

    def __init__(self, passphrase_file: Path | None) -> None:
        self._file = passphrase_file
        self._places: dict[Path, Path | io.Place] = {}

    def __call__(self, path: Path) -> Case:
        """The case at a path.  Raises CaseFileError."""
        if path not in self._places:
            self._places[path] = unlocked(path, self._file)
        return loaded(self._places[path])


def _segments(
    where: str, names: dict[int, str], wanted: set[str], load: _Load, console: Console
) -> Sequence[Segment]:
    """The structures of a file, of a case, or one segment ``CASE#segment``."""
    path, hash_mark, name = where.rpartition("#")
    if hash_mark and Path(path).is_dir():
        return [load(Path(path)).segment(name)]
    if Path(where).is_dir():
        found = list(load(Path(where)).segments.values())
    elif Path(where).is_file():
        found = list(io.load_labels(Path(where), names, console.report))
    else:
        raise SegmentationError(f"There is no file or case {where}; check the path.")
    chosen = [s for s in found if not wanted or wanted & {s.id, s.name, s.id.removeprefix("label")}]
    if not chosen:
        known = ", ".join(s.name for s in found) or "none"
        raise SegmentationError(
            f"{where} has none of the labels {', '.join(sorted(wanted))}; it has {known}."
        )
    return chosen


def _reader(where: str, number: int, all_of_them: Sequence[str]) -> str:
    """What the reader is called: the file's name, with a number where two have the same."""
    path, hash_mark, segment = where.partition("#")
    name = f"{Path(path).name}{hash_mark}{segment}"
    twice = sum(Path(other).name == Path(where).name for other in all_of_them) > 1
    return f"{name} ({number + 1})" if twice else name


def _row(row: Comparison) -> dict[str, Any]:
    numbers = {name: getattr(row.agreement, name) for name in _NUMBERS}
    worst = row.agreement.worst_places(1)
    return {
        "name": row.name,
        "reader": row.reader,
        **numbers,
        "worst_point_lps": worst[0][0] if worst else None,
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
