"""Makes the options of each tool."""

from .brush_page import BrushPage
from .editor import Editor
from .operation_page import OperationPage
from .outline_page import LassoPage, ScissorsPage, TracePage
from .page import Page
from .seeds_page import SeedsPage
from .threshold_page import ThresholdPage

__all__ = ["page_of"]

_OUTLINES = {"lasso": LassoPage, "level_trace": TracePage, "scissors": ScissorsPage}
_BRUSHES = ("paint", "erase", "ball", "threshold_brush")


def page_of(editor: Editor, name: str) -> Page:
    """A new page for the tool of that name."""
    if name in _BRUSHES:
        return BrushPage(editor, name)
    if name in ("grow_cut", "watershed"):
        return SeedsPage(editor, name)
    if name in ("threshold", "mask"):
        return ThresholdPage(editor, name)
    if name in _OUTLINES:
        return _OUTLINES[name](editor, name)
    return OperationPage(editor, name)
