"""Finds files in ``resources/``: in a source tree, an installed wheel, or a frozen program."""

import sys
from pathlib import Path

from surgiplan.errors import SurgiplanError

__all__ = ["resource", "sample_study"]


def resource(name: str) -> Path:
    """Path of the file ``name`` in the resources.  Raises SurgiplanError if it is missing."""
    return _find("resources", name)


def sample_study() -> Path:
    """Folder of the sample CT that the demo works on."""
    return _find("sample_dicom", "ct")


def _find(folder: str, name: str) -> Path:
    package = Path(__file__).resolve().parent
    roots = [package.parent, package, Path(getattr(sys, "_MEIPASS", package)), Path(sys.prefix)]
    for root in roots:
        for candidate in (root / folder / name, root / "share" / "surgiplan" / folder / name):
            if candidate.exists():
                return candidate
    raise SurgiplanError(
        f"The file {folder}/{name} is missing from this installation; install surgiplan again."
    )
