"""Triangles as a file has them, and the limits that hold for every format."""

import re
import warnings
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = [
    "MOST_BYTES",
    "MOST_PARTS",
    "MOST_TRIANGLES",
    "Damaged",
    "Raw",
    "few",
    "numbers",
    "require",
]

MOST_TRIANGLES = 2_000_000
"""A liver at full resolution has 300,000."""
MOST_BYTES = 256 << 20
MOST_PARTS = 200

_SPACE = re.compile(r"SPACE\s*=\s*(LPS|RAS)\b")
_UNIT = re.compile(r"UNIT\s*=\s*(mm|cm|m|inch)\b")


class Damaged(ValueError):
    """What a reader found wrong, to stand behind ``FILE cannot be read: ``."""


@dataclass(frozen=True, eq=False)
class Raw:
    """Points and triangles in the unit and the axes of the file."""

    points: npt.NDArray[np.float64]
    triangles: npt.NDArray[np.int64]
    said: str = field(default="", repr=False)
    """Header or comments, where a file may state space and unit."""
    parts: tuple[tuple[str, int], ...] = ()
    """Name and number of triangles of each body, in the order of ``triangles``."""
    unit: str = ""
    """Set by the format itself; empty where it has none."""

    @property
    def stated_unit(self) -> str:
        """``mm``, ``cm``, ``m`` or ``inch`` as the file or its format says, else empty."""
        found = _UNIT.search(self.said)
        if found:
            return found.group(1)
        # 3D Slicer names the axes only, and always writes millimetres.
        return "mm" if "3D Slicer" in self.said else self.unit

    @property
    def stated_space(self) -> str:
        """``LPS`` or ``RAS`` as the file says, else empty."""
        found = _SPACE.search(self.said)
        return found.group(1) if found else ""


def require(condition: bool, what: str) -> None:
    """Raise Damaged with ``what`` unless the condition holds."""
    if not condition:
        raise Damaged(what)


def few(triangles: int) -> None:
    """Raise Damaged for more triangles than are read."""
    require(
        triangles <= MOST_TRIANGLES,
        f"it has {triangles:,} triangles, and at most {MOST_TRIANGLES:,} are read; "
        "thin it out where it was made",
    )


def numbers(text: bytes) -> npt.NDArray[np.float64]:
    """Numbers between white space, shape (n,).  Raises Damaged for anything else."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        try:
            return np.fromstring(text.decode("latin-1"), sep=" ")
        except (ValueError, DeprecationWarning) as error:
            raise Damaged("there is something else where numbers should be") from error
