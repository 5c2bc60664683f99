"""Pulls at a remnant in 3D: it follows the hand at once, and the release is one edit."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt

from surgiplan.app.desk import Desk
from surgiplan.edits import RecordFinding
from surgiplan.errors import Cancelled
from surgiplan.model import Finding, Points

from .tool import Tool

if TYPE_CHECKING:
    from surgiplan.app.viewport import XY, Viewport
    from surgiplan.workflow import Grip, RemnantInHand

__all__ = ["PullTool"]

_LEAST_MM = 0.5
"""A hand that moved less has only clicked."""
_WAIT = "Settling what stays, so that it can be pulled…"
_READY = "drag the coloured surface; Shift: to and fro; Esc lets go"


class PullTool(Tool):
    """Left button: takes hold of the surface and pulls it in the plane of the view."""

    name = "pull"
    view = "3d"
    hint = _WAIT

    def __init__(
        self, desk: Desk, path: str, settings: Mapping[str, Any],
        kept: Callable[[dict[str, Any]], None],
    ) -> None:  # fmt: skip
        super().__init__(desk)
        self._kept = kept
        self.hand: RemnantInHand | None = None
        self._grip: Grip | None = None
        self._place = np.zeros(3)
        """Where the surface was taken hold of, LPS [mm]."""
        self._by_mm = np.zeros(3)
        self._is_wanted = True
        work = partial(_in_hand, desk.session.case, path, dict(settings))
        desk.run("pull", "Taking the remnant in hand", work, self._taken, quick=True,
                 otherwise=self._not_taken, quiet=True)  # fmt: skip

    @property
    def is_pulling(self) -> bool:
        """Whether the hand holds something now."""
        return self._grip is not None

    def press(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        found = view.hit(at) if view.kind == "3d" and self.hand is not None else None
        if found is None or found.part != "response" or self.hand is None:
            return
        self._place, self._by_mm = np.asarray(found.point_lps), np.zeros(3)
        self._grip = self.hand.grip(self._place)
        view.setCursor(Qt.CursorShape.ClosedHandCursor)

    def drag(self, view: "Viewport", at: "XY", by: "XY", keys: Qt.KeyboardModifier) -> None:
        if self._grip is None:
            if view.kind == "3d":
                view.rotate(*by)  # type: ignore[attr-defined]
            return
        deep = bool(keys & Qt.KeyboardModifier.ShiftModifier)
        self._by_mm = self._by_mm + _way(view, self._place + self._by_mm, by, deep=deep)
        self._ask(self._grip)

    def release(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        if self._grip is None or self.hand is None:
            return
        grip, self._grip = self._grip, None
        view.setCursor(Qt.CursorShape.OpenHandCursor)
        if np.linalg.norm(self._by_mm) < _LEAST_MM:
            self._show(self.hand.finding)
            return
        self._kept(grip.settings(self._by_mm))

    def hover(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        super().hover(view, at, keys)
        found = view.hit(at) if view.kind == "3d" else None
        is_surface = found is not None and found.part == "response"
        view.setCursor(Qt.CursorShape.OpenHandCursor if is_surface else self.cursor)

    def escape(self) -> bool:
        if self._grip is None or self.hand is None:
            return False
        self._let_go()
        self._show(self.hand.finding)
        return True

    def cancel(self) -> None:
        self._is_wanted = False
        self.desk.drop("pull")
        self._let_go()
        self.desk.preview(None)
        self.hand = None

    def _let_go(self) -> None:
        self._grip = None
        if self.hand is not None:
            self.hand.cancel()

    def _taken(self, hand: "RemnantInHand") -> None:
        if not self._is_wanted:
            return
        self.hand, self.hint = hand, _READY
        self.desk.tool_changed.emit(self)
        self.desk.view.change(finding=f"findings/{hand.finding.id}", array="displacement")
        self._show(hand.finding)

    def _not_taken(self) -> None:
        if self._is_wanted:
            self.desk.use(None)

    def _ask(self, grip: "Grip") -> None:
        """Ask for the answer to a pull; one that waits gives way to it."""
        if self.hand is not None:
            self.desk.background.start(
                "pull", partial(self.hand.pulled, grip, self._by_mm), done=self._answered,
                failed=self._failed, quick=True,
            )  # fmt: skip

    def _answered(self, finding: Finding) -> None:
        if self._grip is not None:
            self._show(finding)

    def _failed(self, error: BaseException) -> None:
        if self._grip is not None and not isinstance(error, Cancelled):
            self.desk.notices.show(error)

    def _show(self, finding: Finding) -> None:
        self.desk.preview(RecordFinding(finding))


def _in_hand(case: Any, path: str, settings: dict[str, Any], report: Any) -> "RemnantInHand":
    from surgiplan.workflow import take_in_hand

    return take_in_hand(case, path, settings, report=report)


def _way(view: "Viewport", point: Points, by: "XY", *, deep: bool) -> npt.NDArray[np.float64]:
    """What a move of the mouse by so many pixels is at a point [mm]; ``deep``: along the eye."""
    right, up, ahead = view.scene.eye.axes
    per_px = view.scene.mm_per_px_at(point)
    if deep:
        return np.asarray(by[1] * per_px * -ahead)
    return np.asarray(per_px * (by[0] * right - by[1] * up))
