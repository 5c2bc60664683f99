"""Where the program keeps what belongs to no case yet, on this computer and for this user alone."""

import os
import sys
from pathlib import Path

__all__ = ["unsaved_folder"]


def unsaved_folder() -> Path:
    """The folder for cases that were never saved; ``SURGIPLAN_STATE`` names another place."""
    return _state_folder() / "unsaved"


def _state_folder() -> Path:
    if named := os.environ.get("SURGIPLAN_STATE"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "surgiplan"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "surgiplan"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "surgiplan"
