"""The desktop program, in Qt.  Nothing here computes: it collects, builds edits, starts jobs."""

from .run import run

__all__ = ["run"]
