"""From a case to a PDF."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from surgiplan.errors import SurgiplanError
from surgiplan.jobs_report import Report, part, silent
from surgiplan.model import Case
from surgiplan.validation import TruthRow

__all__ = ["pictures_of", "write_report"]


def write_report(
    case: Case,
    case_name: str,
    path: Path,
    report: Report = silent,
    *,
    look: Any = None,
    pictures: Mapping[str, Any] | None = None,
    truth: Sequence[TruthRow] = (),
    suitability: Sequence[tuple[str, str, str]] = (),
    audit_head: str = "",
    with_identity: bool = False,
) -> int:
    """Write the plan to ``path`` and return its number of pages.

    ``look`` is how the window shows the case (colours, window and level), by default the usual;
    ``pictures`` are those of ``pictures_of``, made here if not given; ``suitability`` says of the
    scan use, verdict and reason in words; ``audit_head`` is the hash of the newest line of the
    case's audit log.  ``with_identity`` prints name and birth date on each page.
    An older file of that name stays until the new one is complete.  Raises SurgiplanError if the
    case has no scan or no name to print, no picture can be made, or the file cannot be written.
    """
    from .naming import name_line
    from .pages import built

    if path.suffix.lower() != ".pdf":
        raise SurgiplanError(f"The plan is written as PDF; end the file name {path.name} in .pdf.")
    case.volume()
    name = name_line(case) if with_identity else ""
    if pictures is None:
        pictures = pictures_of(case, part(report, 0.0, 0.8), look=look)
    report(0.8, "Setting the pages")
    content, pages = built(
        case, case_name, pictures, truth, audit_head, name, suitability=suitability
    )
    report(0.95, "Writing the file")
    _replace(path, content)
    report(1.0, "Plan written")
    return pages


def pictures_of(case: Case, report: Report = silent, *, look: Any = None) -> dict[str, Any]:
    """The pictures of a plan by name, each uint8 (rows, columns, 3)."""
    from surgiplan.meshing import decimated, surface_of
    from surgiplan.planning import struts
    from surgiplan.render import defaults_for, pictures

    report(0.0, "Making surfaces")
    surfaces = {}
    for n, (segment_id, segment) in enumerate(case.segments.items()):
        surfaces[segment_id] = decimated(surface_of(segment), 60_000)
        report(0.5 * (n + 1) / len(case.segments), f"Surface of {segment.name}")
    report(0.5, "Drawing pictures")
    return pictures(
        case,
        look or defaults_for(case),
        surface_of=lambda segment: surfaces.get(segment.id),
        struts_of=lambda shown, stent: struts(
            shown.plan.centerlines[stent.centerline_id].branch(stent.branch), stent
        ),
    )


def _replace(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path`` in one step."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)
        raise SurgiplanError(
            f"The plan cannot be written to {path} ({error.strerror}); choose another place."
        ) from error
