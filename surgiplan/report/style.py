"""Type, colours, tables and pictures of the report."""

from collections.abc import Sequence
from functools import cache
from typing import Any

__all__ = [
    "ACCENT",
    "ATTENTION",
    "FONT",
    "LINE",
    "MUTED",
    "TEXT",
    "figure",
    "heading",
    "note",
    "number",
    "numbered_canvas",
    "prints",
    "register_fonts",
    "side_by_side",
    "stale",
    "table",
]

FONT = "DejaVu"
ACCENT, ATTENTION, MUTED, LINE = "#1d7d72", "#a33327", "#5b6673", "#c9d1d9"
TEXT = "#1b222a"


@cache
def register_fonts() -> None:
    """Embed a typeface with signs and letters beyond Latin."""
    from pathlib import Path

    import matplotlib
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    pdfmetrics.registerFont(TTFont(FONT, folder / "DejaVuSans.ttf"))
    pdfmetrics.registerFont(TTFont(f"{FONT}-Bold", folder / "DejaVuSans-Bold.ttf"))
    pdfmetrics.registerFontFamily(FONT, normal=FONT, bold=f"{FONT}-Bold")


def prints(text: str) -> bool:
    """Whether the typeface has every letter of a text."""
    from reportlab.pdfbase import pdfmetrics

    register_fonts()
    known = pdfmetrics.getFont(FONT).face.charToGlyph
    return all(ord(letter) in known for letter in text)


def numbered_canvas() -> type:
    """A canvas that writes ``Page 2 of 5`` once it knows how many there are."""
    from reportlab.lib.units import mm
    from reportlab.pdfgen.canvas import Canvas

    class Numbered(Canvas):  # type: ignore[misc]
        """Keeps the pages until the last one is known."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._kept: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for page in self._kept:
                self.__dict__.update(page)
                self.setFillColor(MUTED)
                self.setFont(FONT, 8)
                text = f"Page {self._pageNumber} of {len(self._kept)}"
                self.drawRightString(self._pagesize[0] - 16 * mm, 11 * mm, text)
                super().showPage()
            super().save()

    return Numbered


def heading(text: str) -> Any:
    """A chapter's title."""
    return _paragraph(text, bold=True, size=13, colour=ACCENT, before=10, after=5, keep=True)


def note(text: str, *, attention: bool = False) -> Any:
    """A sentence of small print."""
    return _paragraph(text, size=8, colour=ATTENTION if attention else MUTED, before=2, after=2)


def stale(text: str) -> Any:
    """A sentence about something whose inputs have changed since."""
    return note(f"STALE. {text}", attention=True)


def number(value: Any, digits: int = 1, unit: str = "") -> str:
    """A number with its unit; a dash where there is none."""
    if value is None:
        return "–"
    text = value if isinstance(value, str) else f"{value:.{digits}f}"
    return f"{text} {unit}".strip()


def table(rows: Sequence[Sequence[str]], widths_mm: Sequence[float], *, head: bool = True) -> Any:
    """A table; below a ``head``, numbers stand to the right."""
    from reportlab.lib.units import mm
    from reportlab.platypus import Table

    numeric = {n for n in range(1, len(rows[0])) if all(_is_number(line[n]) for line in rows[1:])}
    cells = [
        [
            _cell(text, bold=head and row == 0, right=head and n in numeric)
            for n, text in enumerate(line)
        ]
        for row, line in enumerate(rows)
    ]
    style: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, LINE),
    ]
    if head:
        style.append(("LINEBELOW", (0, 0), (-1, 0), 0.8, MUTED))
    return Table(
        cells,
        colWidths=[w * mm for w in widths_mm],
        style=style,
        repeatRows=1 if head else 0,
        hAlign="LEFT",
    )


def figure(pixels: Any, width_mm: float, caption: str = "") -> list[Any]:
    """A picture (rows, columns, 3) with a line below it."""
    import io

    from PIL import Image as Picture
    from reportlab.lib.units import mm
    from reportlab.platypus import Image

    file = io.BytesIO()
    Picture.fromarray(pixels).save(file, format="PNG")
    file.seek(0)
    height_mm = width_mm * pixels.shape[0] / pixels.shape[1]
    parts: list[Any] = [Image(file, width_mm * mm, height_mm * mm, hAlign="LEFT")]
    return [*parts, note(caption)] if caption else parts


def side_by_side(*columns: Any) -> Any:
    """Figures next to each other."""
    from reportlab.platypus import Table

    style = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]
    return Table([list(columns)], style=style, hAlign="LEFT")


def _is_number(text: str) -> bool:
    """Whether a cell holds a number, perhaps with a unit, or the dash for none."""
    return text == "–" or (text.lstrip("-≥≤ ")[:1].isdigit() and len(text) < 16)


def _cell(text: str, *, bold: bool, right: bool) -> Any:
    return _paragraph(text, bold=bold, size=8, right=right)


def _paragraph(
    text: str,
    *,
    size: float,
    bold: bool = False,
    colour: str = TEXT,
    right: bool = False,
    before: float = 0,
    after: float = 0,
    keep: bool = False,
) -> Any:
    from xml.sax.saxutils import escape

    from reportlab.lib.enums import TA_LEFT, TA_RIGHT
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    style = ParagraphStyle(
        "surgiplan",
        fontName=f"{FONT}-Bold" if bold else FONT,
        fontSize=size,
        leading=size * 1.35,
        textColor=colour,
        alignment=TA_RIGHT if right else TA_LEFT,
        spaceBefore=before,
        spaceAfter=after,
        keepWithNext=keep,
    )
    return Paragraph(escape(text), style)
