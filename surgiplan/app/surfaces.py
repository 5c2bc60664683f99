"""Surfaces of segments for the 3D view, made in another process and kept while they are of use."""

from dataclasses import replace
from functools import partial
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal

from surgiplan.jobs_report import Report
from surgiplan.model import Segment, Surface

from .desk import Desk

__all__ = ["Surfaces"]

_TRIANGLES = 100_000
"""More than a view of half a screen shows, few enough to turn without a graphics card."""

_VOXELS = 6_000_000
"""Larger boxes are halved within the slices first: thousands of voxels share a pixel there."""


class Surfaces(QObject):
    """``of(segment)`` answers at once: the surface, or None while it is being made."""

    ready = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._known: WeakKeyDictionary[Segment, Surface | None] = WeakKeyDictionary()
        self._waiting: WeakKeyDictionary[Segment, str] = WeakKeyDictionary()

    @property
    def pending(self) -> tuple[str, ...]:
        """Names of the segments whose surfaces are being made."""
        return tuple(self._waiting.values())

    def of(self, segment: Segment) -> Surface | None:
        """The surface of a segment for display, or None as long as there is none."""
        if segment not in self._known and segment not in self._waiting:
            self._make(segment)
        return self._known.get(segment)

    def _make(self, segment: Segment) -> None:
        self._waiting[segment] = segment.name
        self._desk.background.start(
            f"surface {segment.id}",
            partial(_displayed_surface, segment),
            done=partial(self._done, segment),
            failed=partial(self._failed, segment),
            cancelled=partial(self._cancelled, segment),
        )

    def _done(self, segment: Segment, surface: Surface) -> None:
        self._waiting.pop(segment, None)
        self._known[segment] = surface
        self.ready.emit()

    def _cancelled(self, segment: Segment, _why: str) -> None:
        self._waiting.pop(segment, None)

    def _failed(self, segment: Segment, error: BaseException) -> None:
        self._done(segment, None)  # type: ignore[arg-type]
        self._desk.notices.show(error)


def _displayed_surface(segment: Segment, report: Report) -> Surface:
    """Runs in the worker process."""
    from surgiplan.meshing import decimated, surface_of

    report(0.0, f"Surface of {segment.name}")
    surface = surface_of(_coarser(segment))
    report(0.7, f"Simplifying the surface of {segment.name}")
    if len(surface.triangles) > _TRIANGLES:
        surface = decimated(surface, _TRIANGLES)
    return surface


def _coarser(segment: Segment) -> Segment:
    """A large segment on half as many rows and columns, for the eye only."""
    import numpy as np

    k, j, i = segment.grid.shape
    if segment.mask.size <= _VOXELS or min(j, i) < 8:
        return segment
    padded = np.pad(segment.mask, ((0, 0), (0, j % 2), (0, i % 2)))
    quads = padded.reshape(k, (j + 1) // 2, 2, (i + 1) // 2, 2).sum(axis=(2, 4), dtype=np.uint8)
    affine = segment.grid.affine.copy()
    affine[:3, 1:3] *= 2
    affine[:3, 3] = segment.grid.to_lps((0.0, 0.5, 0.5))
    grid = replace(segment.grid, shape=quads.shape, affine=affine)
    # Half of four voxels: thin ribs and cortices stay, and the surface hardly moves.
    return replace(segment, mask=quads >= 2, grid=grid)
