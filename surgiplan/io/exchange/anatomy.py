"""The codes and colours of this program's segments, and of DICOM's codes and colours of others."""

import tomllib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

from surgiplan.model import Code, CodedAnatomy, Segment
from surgiplan.resources import resource

__all__ = [
    "ANYTHING",
    "anatomy_of",
    "colour_of",
    "from_cielab",
    "known_anatomy",
    "to_cielab",
    "unsided_warning",
]

ANYTHING = CodedAnatomy(
    Code("91723000", "SCT", "Anatomical Structure"), Code("85756007", "SCT", "Tissue")
)
"""What DICOM is told where nothing is known; it demands some code."""
_OTHERS = ("#7fb7be", "#c7a3d9", "#e0b36a", "#9ac98a", "#e59ab0", "#88a5e0", "#c9c97a", "#d98fce")
_SIDES = {"7771000": "left", "24028007": "right"}

_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375],
     [0.2126729, 0.7151522, 0.0721750],
     [0.0193339, 0.1191920, 0.9503041]]
)  # fmt: skip
"""From linear sRGB, for white D65 (IEC 61966-2-1)."""
_WHITE = _TO_XYZ.sum(axis=1)


def anatomy_of(segment: Segment) -> CodedAnatomy:
    """What a segment is: as it came, else as its id or name says, else ``ANYTHING``."""
    if segment.anatomy is not None:
        return segment.anatomy
    known = known_anatomy()
    for name in (segment.id, segment.name):
        if name in known:
            return known[name][0]
    return ANYTHING


def colour_of(segment: Segment) -> str:
    """``#rrggbb``: as it came, else as its id or name says, else one of eight by its id."""
    if segment.colour:
        return segment.colour
    known = known_anatomy()
    for name in (segment.id, segment.name):
        if name in known:
            return known[name][1]
    return _OTHERS[sum(segment.id.encode()) % len(_OTHERS)]


def unsided_warning(segment: Segment, middle_x_mm: float) -> str:
    """A sentence if the code says left or right and the segment lies on the other side, or empty.

    ``middle_x_mm`` is the middle of the body (LPS); nothing is said within 20 mm of it.
    """
    code = anatomy_of(segment).side
    side = _SIDES.get(code.value if code else "")
    offset = float(segment.centroid_lps[0]) - middle_x_mm
    if side and abs(offset) > 20 and (offset > 0) != (side == "left"):
        return f"By its code or name it is {side}, but it lies on the other side of the scan."
    return ""


def to_cielab(colour: str) -> list[int]:
    """``#rrggbb`` as DICOM writes colours: L*, a*, b* in 16 bits each (PS3.3 C.10.7.1.1)."""
    rgb = np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    ratio = _TO_XYZ @ linear / _WHITE
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    lab = np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])
    scaled = (lab + [0, 128, 128]) / [100, 255, 255] * 65535
    return [int(n) for n in np.clip(np.rint(scaled), 0, 65535)]


def from_cielab(values: Any) -> str:
    """The colour ``#rrggbb`` of three 16-bit numbers, the nearest there is; empty for others."""
    try:
        lab = np.array([float(n) for n in values]) / 65535 * [100, 255, 255] - [0, 128, 128]
    except (TypeError, ValueError):
        return ""
    if lab.shape != (3,) or not np.all(np.isfinite(lab)):
        return ""
    middle = (lab[0] + 16) / 116
    f = np.array([middle + lab[1] / 500, middle, middle - lab[2] / 200])
    ratio = np.where(f**3 > 216 / 24389, f**3, (116 * f - 16) * 27 / 24389)
    linear = np.clip(np.linalg.solve(_TO_XYZ, ratio * _WHITE), 0, 1)
    rgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{int(n):02x}" for n in np.rint(255 * rgb))


@cache
def known_anatomy() -> Mapping[str, tuple[CodedAnatomy, str]]:
    """The structures that this program has names for: their codes, and ``#rrggbb``."""
    lines = tomllib.loads(resource("anatomy.toml").read_text(encoding="utf-8"))
    found = {}
    for name, line in lines.items():
        codes = {key: Code(*value) for key, value in line.items() if isinstance(value, list)}
        found[name] = CodedAnatomy(**codes), str(line["colour"])
    return MappingProxyType(found)
