"""Anatomy: structures are found by a method, edited by hand, and compared with a reader's."""

from surgiplan.app.desk import Desk

from .anatomy import AnatomyPanel
from .edit import EditPanel
from .pages import Pages
from .validation import ValidationPanel

__all__ = ["AnatomyPages"]


class AnatomyPages(Pages):
    """Methods, hand and readers; a tool in the hand stays on its page."""

    def __init__(
        self, desk: Desk, find: AnatomyPanel, edit: EditPanel, compare: ValidationPanel
    ) -> None:
        super().__init__("anatomy", {"Find": find, "Edit": edit, "Compare": compare})
        self.find, self.edit, self.compare = find, edit, compare
        self._desk = desk

    def show_page(self, name: str) -> None:
        """Show the methods, the editor or the readers; leaving one puts its tool away."""
        if self.page is not self._by_name[name]:
            self._desk.use(None)
        super().show_page(name)
