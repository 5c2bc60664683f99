"""Small drawings of the tools, made of lines so that they suit any size and colour."""

from collections.abc import Iterator

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

from surgiplan.app import palette

__all__ = ["ICONS", "icon"]

_BOX = 24
_SCALE = 3
"""Pixels by unit of the drawings: sharp on fine screens too."""

ICONS = {
    "paint": "M4 20 Q4 15 8 15 Q11 15 11 17.5 Q11 20 7 20 Z M10 14 L19 4 L21 6 L12 16",
    "erase": "M9 20 L4 15 L14 5 L20 11 L11 20 Z M9 10 L15 16 M11 20 L20 20",
    "ball": "O12 12 8.5 M3.5 12 Q12 17 20.5 12",
    "threshold_brush": "O12 12 9 M8 16 L8 12.5 M12 16 L12 7.5 M16 16 L16 10.5",
    "lasso": "M12 4 C18 4 21 7 21 10 C21 13 17 16 12 16 C7 16 3 13 3 10 C3 7 6 4 12 4 Z "
    "M7 15 Q4 17 7 20",
    "scissors": "O6 18 2.6 O18 18 2.6 M7.6 16 L17 4 M16.4 16 L7 4",
    "level_trace": "M3 17 C7 5 10 20 14 11 C16 7 19 8 21 6 D14 11 2.2",
    "grow_cut": "D6.5 12 2.2 O17.5 12 2.4 M12 3.5 Q8.5 8 12 12 Q15.5 16 12 20.5",
    "watershed": "M12 3 Q18 11 18 15 Q18 20.5 12 20.5 Q6 20.5 6 15 Q6 11 12 3 Z",
    "grow": "D12 12 2.2 O12 12 5.5 O12 12 9.2",
    "fast_marching": "D12 12 2 M12 8 L12 3 M10 5 L12 3 L14 5 M16 12 L21 12 M19 10 L21 12 L19 14 "
    "M8 12 L3 12 M5 10 L3 12 L5 14 M12 16 L12 21 M10 19 L12 21 L14 19",
    "vessel": "D5 18.5 2.2 D19 5.5 2.2 M5 18.5 C12 18.5 9 5.5 19 5.5",
    "fill_between": "M4 5 L20 5 M4 19 L20 19 M8 9.7 L16 9.7 M8 14.3 L16 14.3",
    "islands": "O8.5 13.5 5 O17.5 7 2.4 O18.5 17.5 1.6",
    "holes": "O12 12 9 D12 12 3",
    "margin": "O12 12 4.5 M12 2.5 L12 5 M12 19 L12 21.5 M2.5 12 L5 12 M19 12 L21.5 12 "
    "M5.3 5.3 L7 7 M17 17 L18.7 18.7 M18.7 5.3 L17 7 M7 17 L5.3 18.7",
    "hollow": "O12 12 9 O12 12 5.5",
    "smooth": "M3 8 L6 4.5 L9 8 L12 4.5 L15 8 L18 4.5 L21 8 M3 18 C7 11 11 12 13 16 "
    "C15 19 18 18 21 14",
    "logic": "O9 12 6 O15 12 6",
    "mask": "M4 4 L20 4 L20 20 L4 20 Z O12 12 4.5",
    "threshold": "M4 20 L4 15 M8 20 L8 9 M12 20 L12 4.5 M16 20 L16 11 M20 20 L20 16.5",
}
"""Letters are those of SVG paths; ``O`` is a circle and ``D`` a dot: middle and radius."""


def icon(name: str) -> QIcon:
    """The drawing of a tool, brighter while it is chosen."""
    made = QIcon()
    for colour, state in ((palette.SECONDARY, QIcon.State.Off), ("#ffffff", QIcon.State.On)):
        made.addPixmap(_pixmap(name, colour), QIcon.Mode.Normal, state)
        made.addPixmap(_pixmap(name, "#47505c"), QIcon.Mode.Disabled, state)
    return made


def _pixmap(name: str, colour: str) -> QPixmap:
    pixmap = QPixmap(_BOX * _SCALE, _BOX * _SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(_SCALE, _SCALE)
    painter.setPen(
        QPen(QColor(colour), 1.6, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin)
    )
    lines, dots = _paths(ICONS[name])
    painter.drawPath(lines)
    painter.fillPath(dots, QColor(colour))
    painter.end()
    return pixmap


def _paths(drawing: str) -> tuple[QPainterPath, QPainterPath]:
    """The lines and the dots of a drawing."""
    lines, dots = QPainterPath(), QPainterPath()
    for letter, numbers in _steps(drawing):
        points = [QPointF(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=False)]
        if letter == "M":
            lines.moveTo(*points)
        elif letter == "L":
            lines.lineTo(*points)
        elif letter == "Q":
            lines.quadTo(*points)
        elif letter == "C":
            lines.cubicTo(*points)
        elif letter == "Z":
            lines.closeSubpath()
        else:
            path = lines if letter == "O" else dots
            path.addEllipse(points[0], numbers[2], numbers[2])
    return lines, dots


def _steps(drawing: str) -> Iterator[tuple[str, list[float]]]:
    letter, numbers = "", list[float]()
    for word in drawing.split():
        if word[0].isalpha():
            if letter:
                yield letter, numbers
            letter, numbers = word[0], []
            word = word[1:]
        if word:
            numbers.append(float(word))
    yield letter, numbers
