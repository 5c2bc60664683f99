"""What has which colour, and the maps that turn numbers into colours."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

__all__ = [
    "ACCENT",
    "ADDED",
    "BEHIND_IMAGES",
    "CAUTION",
    "COLOUR_MAPS",
    "GROUND",
    "MEASURED",
    "MISSED",
    "MUTED_TEXT",
    "PLANE",
    "READER",
    "REFERENCE",
    "SKY",
    "SPECIMEN",
    "TEXT",
    "VIEW_COLOURS",
    "colour_map",
    "default_colour",
    "default_opacity",
    "mixed",
    "rgb",
]

BEHIND_IMAGES = "#07090c"
SKY, GROUND = "#1e2833", "#0b0e12"
"""Top and bottom of the gradient behind the anatomy."""
TEXT, MUTED_TEXT = "#d9dfe6", "#93a0ae"
ACCENT = "#3fb8aa"
SPECIMEN = "#ec7fc8"
"""What a resection takes away."""
MEASURED = "#8ec7ff"
CAUTION = "#f2c14e"
PLANE = "#9fb4ff"
REFERENCE, READER = "#f4f6f8", "#40c4b4"
"""Borders of two segmentations that are compared."""
MISSED, ADDED = "#7d9bff", "#ff7a66"
"""What the reader left out and what he added; the ends of the map of distances, brighter."""

VIEW_COLOURS: Mapping[str, str] = {
    "axial": "#d1495b",
    "coronal": "#57a773",
    "sagittal": "#edae49",
    "3d": "#6f8fd8",
}
"""The bar, the title and the crosshair line of each view."""

_BY_WORD: tuple[tuple[tuple[str, ...], str, float], ...] = (
    (("false lumen",), "#e57e58", 0.55),
    (("tumour", "tumor", "lesion", "metasta"), "#d8e05a", 1.0),
    (("thromb",), "#a98467", 0.45),
    (("calci", "plaque"), "#fff4c9", 1.0),
    (("portal",), "#6aa4f4", 0.8),
    (("vein", "venous", "cava"), "#8b8cf2", 0.8),
    (("lumen", "aorta", "aneurysm"), "#40c4b4", 0.5),
    (("arter", "arch", "iliac", "renal", "carotid"), "#d9776a", 0.6),
    (
        (
            "bone",
            "rib",
            "vertebra",
            "spine",
            "pelvis",
            "femur",
            "skeleton",
            "sternum",
            "scapula",
            "clavicle",
            "skull",
        ),
        "#e8dfc8",
        1.0,
    ),
    (("liver", "hepat"), "#b5654f", 0.5),
    (("kidney",), "#c98a72", 0.6),
    (("spleen",), "#a06a92", 0.6),
    (("heart", "ventricle", "atrium", "myocard"), "#c95d63", 0.5),
    (("lung", "airway", "bronch"), "#86b6cf", 0.25),
    (("pancrea", "stomach", "bowel", "colon"), "#d2a679", 0.5),
    (("skin", "body", "fat", "muscle"), "#d9a58b", 0.06),
)
"""Words in the name of a structure, its colour, and how opaque it is; the first match counts."""

_OTHERS = ("#7fb7be", "#c7a3d9", "#e0b36a", "#9ac98a", "#e59ab0", "#88a5e0", "#c9c97a", "#d98fce")

_BY_HOME: Mapping[str, tuple[str, float]] = {
    "plan/centerlines": ("#f2c14e", 1.0),
    "plan/stents": ("#dfe7ee", 1.0),
    "plan/resections": (PLANE, 0.2),
    "plan/measurements": (MEASURED, 1.0),
    "findings": ("#7bd389", 1.0),
    "volumes": ("#b5bec8", 1.0),
}

_VIRIDIS = (
    "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918c 1fa088 28ae80 3fbc73 5ec962 "
    "84d44b addc30 d8e219 fde725"
)
_INFERNO = (
    "000004 0b0724 210c4a 3d0965 57106e 71196e 8a226a a32c61 bc3754 d24644 e45a31 f1731d f98e09 "
    "fcac11 f9cb35 f2ea69 fcffa4"
)
_COOLWARM = (
    "3b4cc0 4e68d8 6282ea 779af7 8db0fe a3c2fe b9d0f9 ccd9ed dddcdc ecd3c5 f5c4ac f7b093 f4987a "
    "eb7d62 dd5f4b ca3b37 b40426"
)
COLOUR_MAPS: Mapping[str, str] = {"viridis": _VIRIDIS, "inferno": _INFERNO, "coolwarm": _COOLWARM}
"""Seventeen evenly spaced colours of perceptually even maps (matplotlib's, CC0; the last one is
Moreland's, for numbers with a sign)."""


def rgb(colour: str) -> tuple[float, float, float]:
    """Red, green and blue in 0..1 of ``#rrggbb``.  Raises ValueError for anything else."""
    if len(colour) != 7 or colour[0] != "#":
        raise ValueError(f"{colour!r} is not a colour such as #40c4b4")
    red, green, blue = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    return red, green, blue


def mixed(colour: str, other: str, fraction: float) -> str:
    """``colour`` with a fraction of another."""
    ends = np.array([rgb(colour), rgb(other)])
    blend = np.rint(255 * ((1 - fraction) * ends[0] + fraction * ends[1])).astype(int)
    return "#" + "".join(f"{value:02x}" for value in blend)


def default_colour(path: str, name: str = "") -> str:
    """The colour of what stands at ``path`` and is called ``name``; the same in every session."""
    home, _, noun_id = path.rpartition("/")
    if home in _BY_HOME:
        return _BY_HOME[home][0]
    known = _named(noun_id, name)
    if known:
        return known[0]
    return _OTHERS[sum(noun_id.encode()) % len(_OTHERS)]


def default_opacity(path: str, name: str = "") -> float:
    """How opaque it is in the 3D view, 0..1."""
    home, _, noun_id = path.rpartition("/")
    if home in _BY_HOME:
        return _BY_HOME[home][1]
    known = _named(noun_id, name)
    return known[1] if known else 0.6


def colour_map(name: str) -> npt.NDArray[np.uint8]:
    """256 colours from low to high, shape (256, 3)."""
    anchors = np.array([rgb(f"#{code}") for code in COLOUR_MAPS[name].split()])
    places = np.linspace(0, 1, len(anchors))
    wanted = np.linspace(0, 1, 256)
    columns = [np.interp(wanted, places, anchors[:, n]) for n in range(3)]
    return np.rint(255 * np.stack(columns, axis=1)).astype(np.uint8)


def _named(noun_id: str, name: str) -> tuple[str, float] | None:
    text = f"{name} {noun_id}".lower().replace("_", " ")
    for words, colour, opacity in _BY_WORD:
        if any(word in text for word in words):
            return colour, opacity
    return None
