"""Makes the options of each tool."""

from .brush_page import BrushPage
from .editor import Editor
from .page import Page

__all__ = ["page_of"]


def page_of(editor: Editor, name: str) -> Page:
    """A new page for the tool of that name."""
    return BrushPage(editor, name)
