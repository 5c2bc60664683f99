"""The pages: header and footer on each, then one chapter after the other."""

import io
from collections.abc import Mapping, Sequence
from typing import IO, Any

from surgiplan import RESEARCH_USE, __version__
from surgiplan.model import Case
from surgiplan.validation import TruthRow

from .chapters import anatomy, fitness, methods, resections, scan, truths, vessels
from .responses import responses
from .style import ACCENT, ATTENTION, FONT, MUTED, TEXT, numbered_canvas, register_fonts

__all__ = ["built", "document_of", "draw_page"]

_MARGIN_MM = 16.0


def built(
    case: Case,
    case_name: str,
    pictures: Mapping[str, Any],
    truth: Sequence[TruthRow],
    audit_head: str,
    name: str = "",
    *,
    suitability: Sequence[tuple[str, str, str]] = (),
) -> tuple[bytes, int]:
    """The PDF of a plan, and its number of pages; ``name`` stands on each, and nowhere else."""
    register_fonts()
    story: list[Any] = [*scan(case, pictures), *fitness(suitability)]
    for chapter in (anatomy, vessels, resections, responses):
        story += chapter(case, pictures)
    story += truths(truth) + methods(audit_head)
    file = io.BytesIO()
    document = document_of(file, f"Operation plan {case.patient.pseudonym}")
    source = case.volume().source
    who = f"Pseudonym {case.patient.pseudonym}  ·  {case_name}"
    which = f"{source.description or case.volume().name}  ·  {source.study_date or 'no scan date'}"

    def draw(canvas: Any, page: Any) -> None:
        draw_page(canvas, page, who, which, name)

    document.build(story, onFirstPage=draw, onLaterPages=draw, canvasmaker=numbered_canvas())
    return file.getvalue(), document.page


def document_of(file: IO[bytes], title: str) -> Any:
    """An empty document of A4 pages; the same content gives the same bytes."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    return SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=_MARGIN_MM * mm,
        rightMargin=_MARGIN_MM * mm,
        topMargin=24 * mm,
        bottomMargin=20 * mm,
        title=title,
        author=f"surgiplan {__version__}",
        subject=RESEARCH_USE,
        keywords=RESEARCH_USE,
        invariant=1,
    )


def draw_page(canvas: Any, document: Any, who: str, which: str, name: str = "") -> None:
    """Two lines above, with the patient's name over them if it is given; the notice below."""
    from reportlab.lib.units import mm

    width, height = document.pagesize
    left, right = _MARGIN_MM * mm, width - _MARGIN_MM * mm
    canvas.saveState()
    canvas.setFillColor(ACCENT)
    canvas.setFont(f"{FONT}-Bold", 11)
    canvas.drawString(left, height - 14 * mm, "surgiplan")
    if name:
        canvas.setFillColor(TEXT)
        canvas.setFont(f"{FONT}-Bold", 8)
        canvas.drawRightString(right, height - 8.4 * mm, name)
    canvas.setFillColor(MUTED)
    canvas.setFont(FONT, 8)
    canvas.drawRightString(right, height - 12.2 * mm, who)
    canvas.drawRightString(right, height - 16 * mm, which)
    canvas.setStrokeColor(ACCENT)
    canvas.setLineWidth(0.6)
    canvas.line(left, height - 18.5 * mm, right, height - 18.5 * mm)
    canvas.setFillColor(ATTENTION)
    canvas.setFont(f"{FONT}-Bold", 8)
    canvas.drawString(left, 11 * mm, RESEARCH_USE)
    canvas.restoreState()
