"""How far the review of a segment is, as a sign with a colour and in words."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

from surgiplan.app import palette

__all__ = ["REVIEW_WORDS", "review_icon"]

REVIEW_WORDS = {
    "not_started": "Not reviewed",
    "in_progress": "In progress",
    "done": "Done",
    "flagged": "Flagged",
}
_SIDE = 14
_SCALE = 3


def review_icon(state: str) -> QIcon:
    """A tick, a half-filled circle, a flag, or nothing."""
    pixmap = QPixmap(_SIDE * _SCALE, _SIDE * _SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(_SCALE, _SCALE)
    if state == "done":
        _pen(painter, palette.PASS)
        painter.drawPolyline(QPolygonF([QPointF(3, 7.5), QPointF(6, 10.5), QPointF(11.5, 3.5)]))
    elif state == "in_progress":
        _pen(painter, palette.HEADING)
        circle = QRectF(3, 3, 8, 8)
        painter.drawEllipse(circle)
        painter.setBrush(QColor(palette.HEADING))
        painter.drawPie(circle, 90 * 16, 180 * 16)
    elif state == "flagged":
        _pen(painter, palette.ATTENTION)
        painter.drawLine(QPointF(4, 2.5), QPointF(4, 12))
        painter.setBrush(QColor(palette.ATTENTION))
        painter.drawPolygon(QPolygonF([QPointF(4, 3), QPointF(11, 5.5), QPointF(4, 8)]))
    painter.end()
    icon = QIcon()
    icon.addPixmap(pixmap, QIcon.Mode.Normal)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon


def _pen(painter: QPainter, colour: str) -> None:
    painter.setPen(QPen(QColor(colour), 1.5, c=Qt.PenCapStyle.RoundCap))
