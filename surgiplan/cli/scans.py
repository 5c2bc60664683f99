"""Commands that bring a scan in, and judge it: scan, import, suitability."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from surgiplan import io
from surgiplan.errors import CaseFileError, DicomError
from surgiplan.model import Case, Volume
from surgiplan.workflow import import_scan as imported
from surgiplan.workflow import suitability_of, suitability_rows

from .open_case import changed, loaded, refuse_existing, saved
from .output import Answer, Console
from .passphrase import new_passphrase

__all__ = ["import_scan", "scan", "suitability"]


def scan(options: Namespace, console: Console) -> Answer:
    """What is in folders and files.  Raises DicomError if one is not there."""
    for path in options.paths:
        _require(path)
    found = io.scan(options.paths, report=console.report)
    if not found.series:
        # The first file often tells what was meant: an archive or a volume file to choose itself.
        why = f" ({found.ignored[0][0].name}: {found.ignored[0][1]})" if found.ignored else ""
        raise DicomError(
            f"There are no DICOM images in {options.paths[0]}{why}; choose the folder of a scan."
        )
    series = [
        {
            "uid": one.uid,
            "modality": one.modality,
            "description": one.description,
            "images": one.images,
            "shape_kji": one.shape_kji,
            "spacing_mm": one.spacing_mm,
            "transfer_syntax": one.transfer_syntax,
            "is_volume": one.is_volume,
            "problems": [asdict(problem) for problem in one.problems],
            "phases": _phases(one),
            "read_by": one.read_by,
        }
        for one in found.series
    ]
    lines = []
    for one in found.series:
        lines.append(f"{one.modality}  {one.description or '(no description)'}  {one.uid}")
        lines.append(f"    {one.images} images, {'volume' if one.is_volume else 'not a volume'}")
        for problem in one.problems:
            can = f" (--accept {problem.kind}: {problem.action})" if problem.action else ""
            lines.append(f"    {problem.kind}: {problem.detail}{can}")
        for phase in _phases(one):
            lines.append(
                f"    --phase {phase['phase']}: {phase['label']}, {phase['images']} images"
            )
    ignored = [{"path": str(path), "reason": reason} for path, reason in found.ignored]
    lines.append(f"{len(ignored)} files ignored")
    return Answer({"series": series, "ignored": ignored}, tuple(lines))


def _phases(series: io.SeriesFound) -> list[dict[str, Any]]:
    """The phases to choose from; none where the series has one, or nothing tells them apart."""
    found = io.phases(series)
    return [
        {"phase": n + 1, "images": len(one.stack), "label": one.phase_label}
        for n, one in enumerate(found)
        if len(found) > 1
    ]


def import_scan(options: Namespace, console: Console) -> Answer:
    """One series or volume file into a new case, or into one that exists."""
    for path in options.paths:
        _require(path)

    def build(case: Case) -> list[Any]:
        edit = imported(
            options.paths,
            series_uid=options.series,
            phase=options.phase,
            accept=options.accept,
            with_identity=not options.no_identity,
            patient=case.patient if case.volumes else None,
            volume_id=case.free_id("volumes", options.volume or "ct"),
            report=console.report,
        )
        return [edit]

    if options.into and options.encrypt:
        raise CaseFileError("--encrypt is for a new case; encrypt this one with: surgiplan encrypt")
    if options.into:
        known = set(io.load(options.into).volumes)
        case = changed(options.into, build)
        volume = next(v for key, v in case.volumes.items() if key not in known)
    else:
        refuse_existing(options.output)
        words = ""
        if options.encrypt:
            words = new_passphrase(options.output, options.passphrase_file)
        edits = build(Case())
        case = edits[0].apply(Case())
        saved(case, options.output, edits, passphrase=words)
        volume = case.volume()
    kept = "kept" if case.identity else "none"
    about = volume_json(volume)
    spacing = " × ".join(f"{mm:.3g}" for mm in volume.grid.spacing_mm)
    shape = " × ".join(str(n) for n in volume.grid.shape)
    statements = suitability_of(volume, console.report)
    lines = (
        f"{volume.name}: {shape} voxels of {spacing} mm (slice, row, column), "
        f"{about['value_min']} to {about['value_max']} {volume.unit}",
        *volume.source.remarks,
        *_told(volume),
    )
    problems = [{"kind": kind, "accepted": True} for kind in volume.source.accepted]
    answer = {"volume": about, "problems": problems, "identity": kept}
    return Answer({**answer, "suitability": _suitability_json(statements)}, lines)


def suitability(options: Namespace, console: Console) -> Answer:
    """What a scan of a case can be used for, and how exact."""
    volume = loaded(options.case).volume(options.volume)
    statements = suitability_of(volume, console.report)
    answer = {"volume": volume.id, "suitability": _suitability_json(statements)}
    return Answer(answer, (f"{volume.name}:", *_told(volume)))


_SIGNS = {"good": "✓", "limited": "!", "unfit": "✕", "cannot be judged": "?", "": " "}


def _told(volume: Volume) -> list[str]:
    """Lines for a person: the verdict for each use, and why."""
    rows = suitability_rows(volume)
    return [
        f"{_SIGNS[verdict]} {title}: {f'{verdict}. ' if verdict else ''}{why}"
        for title, verdict, why in rows
    ]


def _suitability_json(statements: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "topic": one.topic.value,
            "task": one.task.value if one.task else None,
            "verdict": one.verdict.value,
            "sentence": one.sentence,
            "numbers": one.numbers,
            "source": one.source,
        }
        for one in statements
    ]


def volume_json(volume: Volume) -> dict[str, Any]:
    """What a program wants to know of a volume."""
    return {
        "id": volume.id,
        "name": volume.name,
        "shape_kji": volume.grid.shape,
        "affine_kji_to_lps": volume.grid.affine,
        "spacing_mm": volume.grid.spacing_mm,
        "unit": volume.unit,
        "value_min": volume.values.min(),
        "value_max": volume.values.max(),
        "sha256": volume.sha256,
        "series_uid": volume.source.series_uid,
        "scan_date": volume.source.study_date or None,
        "remarks": volume.source.remarks,
        "interpolated_k": [
            {"first": first, "last": after - 1} for first, after in volume.source.interpolated_k
        ],
    }


def _require(path: Path) -> None:
    if not path.exists():
        raise DicomError(f"There is no file or folder {path}; check the path.")
