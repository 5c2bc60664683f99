"""A view of the case: VTK draws off screen, Qt shows the picture and hears the mouse."""

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from . import palette
from .desk import Desk
from .turns import Turns

if TYPE_CHECKING:
    from .tools import Tool

__all__ = ["Viewport"]

XY = tuple[float, float]
"""Device pixels from the top left of the view."""


_LONG_S = 0.02


class Viewport(QWidget):
    """Shows one scene.  Rendering is asked for, and done one view per turn of the event loop."""

    maximise = Signal(object)
    rendered = Signal()

    kind = ""
    guidance_y = 28.0

    def __init__(
        self, desk: Desk, scene: Any, turns: Turns, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 120)
        self.desk = desk
        self.scene = scene
        self.tool: Tool | None = None
        self.guidance = ""
        self.readout = ""
        self._turns = turns
        self._frame: Any = None
        self._picture: npt.NDArray[np.uint8] | None = None
        self._is_dirty = True
        self._is_built = False
        self._shown: tuple[object, object] = (None, None)
        self._button = Qt.MouseButton.NoButton
        self._last: XY = (0.0, 0.0)
        self._fits = True
        desk.shown.connect(self.request)
        desk.view.changed.connect(self.request)
        desk.view.markers_changed.connect(self.update)

    def request(self, *_: object) -> None:
        """Show the present case and look soon."""
        if self.isVisible():
            self._turns.ask(self)

    def redraw(self) -> None:
        """Render again soon, even if case and look are the same."""
        self._is_dirty = True
        self.request()

    def render_now(self) -> None:
        """Bring the picture up to date; called once per turn."""
        if not self.isVisible() or self._frame is None:
            return
        case, look = self.desk.case, self.desk.view.look
        if self._is_built and self._shown == (case, look):
            self._is_built = False
            self._draw()
            return
        if self._shown != (case, look) or self._is_dirty:
            begun = time.perf_counter()
            self._is_dirty = self.scene.show(case, look) or self._is_dirty
            self._shown = (case, look)
            if self._is_dirty and time.perf_counter() - begun > _LONG_S:
                # New shapes took their time: the picture gets a turn of its own.
                self._is_built = True
                self._turns.ask(self, first=True)
                return
        self._draw()

    def _draw(self) -> None:
        if self._is_dirty:
            if self._fits:
                self.scene.fit()
                self._fits = False
            self._picture = self._frame.picture(self.scene)
            self._is_dirty = False
            self.update()
            self.rendered.emit()

    def fit(self) -> None:
        """Show all of it again."""
        self._fits = True
        self.redraw()

    def close_frame(self) -> None:
        """Give the off-screen window back; the view stays blank afterwards."""
        if self._frame is not None:
            self._frame.close()
            self._frame = None

    def point_at(self, xy: XY) -> npt.NDArray[np.float64] | None:
        """The point in LPS [mm] under a pixel, or None where there is nothing."""
        raise NotImplementedError

    def hit(self, xy: XY) -> Any:
        """What can be grabbed at a pixel: a Hit of the scene, or None."""
        raise NotImplementedError

    def picture(self) -> npt.NDArray[np.uint8] | None:
        """The picture shown last, shape (h, w, 4)."""
        return self._picture

    def _drag_default(self, button: Qt.MouseButton, dx: float, dy: float, at: XY) -> None:
        """What a drag does that no tool wants."""
        if button == Qt.MouseButton.RightButton:
            self._zoom(1.01 ** (-dy), at)
        elif button == Qt.MouseButton.MiddleButton:
            self.scene.pan(dx, dy)
            self.redraw()

    def _zoom(self, factor: float, at: XY) -> None:
        raise NotImplementedError

    def resizeEvent(self, event: QResizeEvent) -> None:
        ratio = self.devicePixelRatioF()
        width = max(int(self.width() * ratio), 16)
        height = max(int(self.height() * ratio), 16)
        if self._frame is None:
            from surgiplan.render import Frame

            self._frame = Frame(width, height)
        self._frame.resize(width, height)
        self.scene.resize(width, height, ratio)
        self.redraw()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self.redraw()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(palette.BEHIND))
        if self._picture is not None:
            height, width = self._picture.shape[:2]
            image = QImage(
                self._picture.data, width, height, 4 * width, QImage.Format.Format_RGBX8888
            )
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self.rect(), image)
        self._paint_over(painter)
        self._paint_markers(painter)
        if self.tool and self._picture is not None:
            painter.save()
            self.tool.paint(self, painter)
            painter.restore()
        self._paint_texts(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(255, 255, 255, 40), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_over(self, painter: QPainter) -> None:
        """Lay over the picture what is not decided yet."""

    def _paint_markers(self, painter: QPainter) -> None:
        ratio = self.devicePixelRatioF()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPixelSize(12)
        painter.setFont(font)
        for marker in self.desk.view.markers if self._picture is not None else ():
            x, y = (value / ratio for value in self.scene.pixel_of(marker.point_lps))
            colour = QColor(marker.colour)
            is_near = self._is_near(marker.point_lps)
            colour.setAlpha(255 if is_near else 90)
            painter.setPen(QPen(colour, 2))
            painter.setBrush(colour if is_near else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(x, y), 4, 4)
            if is_near:
                _paint_note(painter, marker.label, x + 8, y - 20, marker.colour)

    def _paint_texts(self, painter: QPainter) -> None:
        """The tool's hint below the title, and what lies under the mouse at the bottom right."""
        if self._picture is None:
            return
        font = painter.font()
        font.setPixelSize(12)
        painter.setFont(font)
        if self.guidance:
            _paint_note(painter, self.guidance, 8, self.guidance_y, palette.ACCENT)
        if self.readout:
            width = painter.fontMetrics().horizontalAdvance(self.readout)
            left = self.width() - width - 16
            _paint_note(painter, self.readout, left, self.height() - 46, palette.TEXT)

    def _is_near(self, _point_lps: npt.NDArray[np.float64]) -> bool:
        return True

    def _xy(self, event: QMouseEvent | QWheelEvent) -> XY:
        ratio = self.devicePixelRatioF()
        return event.position().x() * ratio, event.position().y() * ratio

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        # The same button pressed again has lost its release, to a dialog perhaps.
        is_held = self._button not in (Qt.MouseButton.NoButton, event.button())
        if is_held and event.buttons() & self._button:
            return
        self._button, self._last = event.button(), self._xy(event)
        if self._button == Qt.MouseButton.LeftButton and self.tool:
            self.tool.press(self, self._last, event.modifiers())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = self._xy(event)
        dx, dy = at[0] - self._last[0], at[1] - self._last[1]
        self._last = at
        if self._button == Qt.MouseButton.NoButton:
            if self.tool:
                self.tool.hover(self, at, event.modifiers())
            return
        if self._button == Qt.MouseButton.LeftButton and self.tool:
            self.tool.drag(self, at, (dx, dy), event.modifiers())
            return
        self._drag_default(self._button, dx, dy, at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != self._button:
            return
        button, self._button = self._button, Qt.MouseButton.NoButton
        if button == Qt.MouseButton.LeftButton and self.tool:
            self.tool.release(self, self._xy(event), event.modifiers())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            if self.tool and self.tool.draws:
                self.mousePressEvent(event)
                return
            self._button = Qt.MouseButton.NoButton
            if self.tool:
                self.tool.cancel()
            self.maximise.emit(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Some systems turn the wheel sideways while Shift is held.
        steps = (event.angleDelta().y() or event.angleDelta().x()) / 120
        if self.tool and self.tool.wheel(self, steps, event.modifiers()):
            event.accept()
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom(1.15**steps, self._xy(event))
        else:
            self._wheel(steps, self._xy(event))
        event.accept()

    def _wheel(self, steps: float, at: XY) -> None:
        self._zoom(1.15**steps, at)

    def leaveEvent(self, event: Any) -> None:
        self.unsetCursor()
        self.readout = ""
        if self.tool:
            self.tool.leave(self)
        self.update()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_R and not event.modifiers():
            self.fit()
        else:
            super().keyPressEvent(event)


def _paint_note(painter: QPainter, text: str, left: float, top: float, colour: str) -> None:
    """A line of text on a dark ground, so that it can be read over bone."""
    width = painter.fontMetrics().horizontalAdvance(text)
    box = QRectF(left, top, width + 8, 18)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(7, 9, 12, 150))
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(QColor(colour))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def idle_timer(parent: QWidget, slot: Any) -> QTimer:
    """A timer that fires 150 ms after it was last started."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(150)
    timer.timeout.connect(slot)
    return timer
