"""Which settings of a simulation belong together, told by their names."""

from collections.abc import Iterable, Mapping

__all__ = ["FEW", "grouped"]

FEW = 8
"""So many settings need no groups."""

_OTHERS = "More"
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "Mesh and accuracy": ("element", "order", "mesh", "load_steps", "steps", "tolerance", "layers"),
    "Device": ("stent", "device", "balloon", "friction", "expander", "graft", "strut"),
    "Handle": ("handle", "pull"),
    "Supports": (
        "bed", "attachment", "surroundings", "cava", "vessel_kpa", "spring", "axial", "end_",
        "ends", "support", "fixed", "slid",
    ),
    "Loads and position": (
        "gravity", "position", "head_down", "pressure", "insufflation", "mmhg", "load", "tilt",
    ),
    "Tissue": (
        "tissue", "modulus", "poisson", "density", "stiff", "law", "thickness", "wall", "thromb",
        "calci", "tumour", "hu", "material", "fibre",
    ),
}  # fmt: skip
"""Parts of names; the first group that has one wins."""
_ORDER = (
    "Tissue", "Loads and position", "Handle", "Device", "Supports", _OTHERS, "Mesh and accuracy",
)  # fmt: skip


def grouped(names: Iterable[str]) -> dict[str, list[str]]:
    """Names of settings by the title of their group, in the order in which they are shown."""
    found: dict[str, list[str]] = {title: [] for title in _ORDER}
    for name in names:
        found[_group_of(name)].append(name)
    return {title: members for title, members in found.items() if members}


def _group_of(name: str) -> str:
    for title, parts in _GROUPS.items():
        if any(part in name for part in parts):
            return title
    return _OTHERS
