"""The desktop program, in Qt.  Nothing here computes: it collects, builds edits, starts jobs."""

from pathlib import Path

__all__ = ["run"]


def run(path: Path | None = None) -> int:
    """Open the window, on a case or a scan if given, and return its exit code."""
    # Worker processes import this package too, and have no use for Qt.
    from .start import start

    return start(path)
