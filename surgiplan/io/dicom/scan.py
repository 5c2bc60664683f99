"""Finds the series in folders and files."""

import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

from surgiplan.errors import DicomError
from surgiplan.jobs_report import Report, silent

from .apart import stacks_apart
from .archives import BadArchive, is_archive, members
from .directory import is_directory, listed_files
from .headers import HeaderReader, Ignored
from .problems import sorted_out, spot_problems
from .series import PROBLEM_KINDS, ImageHeader, Problem, Scan, SeriesFound
from .stack import layout_of, spacing_problems

__all__ = ["found_series", "scan"]

_FILES_A_REPORT = 20


def scan(paths: Sequence[Path | str] | Path | str, report: Report = silent) -> Scan:
    """What is in these folders, files, ZIP archives and DICOMDIRs.  Reads headers, no pixels.

    Raises DicomError only if a path does not exist; whatever a file holds, it ends in a series or
    among the ignored.
    """
    roots = [Path(p) for p in ([paths] if isinstance(paths, Path | str) else paths)]
    ignored: list[tuple[Path, str]] = []
    report(0.0, "Looking for files")
    files, archives = _listed(roots, ignored)
    reader = HeaderReader(secrets.token_bytes(16))
    groups: dict[str, list[ImageHeader]] = {}
    every = max(min(_FILES_A_REPORT, len(files) // 10), 1)
    for n, path in enumerate(files):
        if n % every == 0:
            report(n / len(files), f"Reading header {n + 1} of {len(files)}")
        try:
            for header in reader.read(path):
                groups.setdefault(header.series_uid, []).append(header)
        except Ignored as why:
            ignored.append((path, str(why)))
    for path in archives:
        for header in _members_of(path, reader, ignored, silent if files else report):
            groups.setdefault(header.series_uid, []).append(header)
    series = [found_series(images) for images in groups.values()]
    series.sort(key=lambda s: (not s.is_volume, -s.images))
    report(1.0, f"{len(series)} series")
    return Scan(tuple(series), tuple(ignored))


def _members_of(
    path: Path, reader: HeaderReader, ignored: list[tuple[Path, str]], report: Report
) -> Iterator[ImageHeader]:
    """The headers of all members of an archive; what is no image joins ``ignored``."""
    try:
        with path.open("rb") as file:
            found = list(members(file))
            for n, (name, entry) in enumerate(found):
                if n % _FILES_A_REPORT == 0:
                    report(n / len(found), f"Reading header {n + 1} of {len(found)}")
                try:
                    if isinstance(entry, str):
                        raise Ignored(entry)
                    yield from reader.read_member(path, name, entry, file)
                except Ignored as why:
                    ignored.append((path / name, str(why)))
    except BadArchive as why:
        ignored.append((path, str(why)))
    except OSError as error:
        ignored.append((path, f"cannot be read: {error.strerror or error}"))


def _listed(
    roots: Sequence[Path], ignored: list[tuple[Path, str]]
) -> tuple[list[Path], list[Path]]:
    """The plain files to read, each once, and the archives to look into."""
    files: list[Path] = []
    archives: list[Path] = []
    for root in roots:
        if root.is_file() and is_archive(root) and root.suffix.lower() != ".splanz":
            archives.append(root)
        elif root.is_file() and is_directory(root):
            files += listed_files(root, ignored)
        else:
            files += _files(root, ignored)
    if len(roots) > 1:
        files = list(dict.fromkeys(files))
    return files, list(dict.fromkeys(archives))


def found_series(images: Sequence[ImageHeader], *, phase_label: str = "") -> SeriesFound:
    """The series that these images make, in the order of their slices, with its problems."""
    found = sorted_out(images)
    problems = found.problems
    spacing, slices = None, len(found.stack)
    if not found.stacks:
        stack = sorted(found.stack, key=_by_number)
    else:
        layout, spots = layout_of(found.stack)
        stack = [image for spot in spots for image in spot]
        slices = len(spots)
        if slices > 1:
            spacing = layout.spacing_mm
        more = [*spot_problems(spots), *spacing_problems(layout)]
        if slices == 1:
            more.append(Problem("single_image", "All images show one slice; a volume needs more."))
        problems.update((problem.kind, problem) for problem in more)
    _, apart = stacks_apart(found.stack, set(problems))
    if apart and "several_phases" not in problems:
        detail = f"The images are {len(apart)} stacks, each even by itself."
        problems["several_phases"] = Problem("several_phases", detail)
    middle = stack[len(stack) // 2]
    return SeriesFound(
        uid=middle.series_uid,
        modality=middle.modality,
        description=middle.description,
        study_date=middle.study_date,
        patient=middle.patient,
        images=len(images),
        shape_kji=(slices, middle.rows, middle.columns),
        spacing_mm=spacing,
        transfer_syntax=middle.transfer_syntax,
        is_volume=spacing is not None,
        problems=tuple(sorted(problems.values(), key=lambda p: PROBLEM_KINDS.index(p.kind))),
        study_uid=middle.study_uid,
        frame_uid=middle.frame_uid,
        window_level=middle.window_level,
        headers=(*stack, *sorted(found.left_out, key=_by_number)),
        left_out=len(found.left_out),
        phase_label=phase_label,
    )


def _by_number(image: ImageHeader) -> tuple[int, Path, str, int]:
    return image.instance or 0, image.path, image.member, image.frame or 0


def _files(root: Path, ignored: list[tuple[Path, str]]) -> Iterator[Path]:
    if not os.path.exists(root):
        raise DicomError(f"There is no file or folder {root}; check the path.")
    if not root.is_dir():
        yield root
        return

    def unreadable(error: OSError) -> None:
        ignored.append((Path(error.filename or root), f"cannot be read: {error.strerror}"))

    for folder, folders, names in os.walk(root, onerror=unreadable):
        for name in [name for name in folders if name.endswith(".splan")]:
            ignored.append((Path(folder, name), "a case of surgiplan; open it instead"))
            folders.remove(name)
        folders.sort()
        here = Path(folder)
        yield from (here / name for name in sorted(names))
