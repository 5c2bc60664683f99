"""What a user's network wants to see, and what its answers mean: a small TOML file beside it."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surgiplan.errors import SegmentationError

__all__ = ["VARIABLE", "Description", "described", "is_described"]

VARIABLE = "SURGIPLAN_ONNX"
"""Environment variable that names the TOML file."""

_AXES = {"S": (0, 0, 1), "I": (0, 0, -1), "P": (0, 1, 0), "A": (0, -1, 0), "L": (1, 0, 0),
         "R": (-1, 0, 0)}  # fmt: skip
_MOST_BYTES = 1 << 16


@dataclass(frozen=True)
class Description:
    """A network that maps (1, 1, a, b, c) floats to (1, labels, a, b, c) scores."""

    model: Path
    title: str
    spacing_mm: tuple[float, float, float]
    """Steps along its three axes."""
    directions: tuple[tuple[int, int, int], ...]
    """Where its axes point in LPS."""
    window_hu: tuple[float, float]
    """Values that become 0 and 1; what lies beyond is cut off."""
    labels: Mapping[int, str]
    """Names of its classes; 0 and those without a name are background."""
    patch: tuple[int, int, int] | None
    """Voxels that it sees at once; None for the whole scan."""


def is_described() -> bool:
    """Whether the user has named a network."""
    return bool(os.environ.get(VARIABLE))


def described() -> Description:
    """The network that the user has named.  Raises SegmentationError where it cannot be."""
    name = os.environ.get(VARIABLE, "")
    if not name:
        raise SegmentationError(
            "No network is named; write a TOML file as docs/segmentation.md says, and put its "
            f"path into the environment variable {VARIABLE}."
        )
    path = Path(name)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError("it is too large")
        found = _read(tomllib.loads(path.read_text(encoding="utf-8")), path.parent)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SegmentationError(
            f"{path.name}, which {VARIABLE} names, does not describe a network: {_why(error)}."
        ) from error
    if not found.model.is_file():
        raise SegmentationError(f"{path.name} names the network {found.model}, which is not there.")
    return found


def _read(content: dict[str, Any], folder: Path) -> Description:
    spacing = _three(content["spacing_mm"], "spacing_mm")
    axes = str(content.get("axes", "SPL"))
    if sorted(axes.translate(str.maketrans("IAR", "SPL"))) != ["L", "P", "S"]:
        raise ValueError(f"axes {axes!r} are not three of S, I, P, A, L, R")
    low, high = (float(one) for one in content["window_hu"])
    labels = {int(number): str(name) for number, name in content["labels"].items()}
    patch = _three(content["patch"], "patch") if "patch" in content else None
    if not (min(spacing) > 0.1 and high > low and labels and min(labels) > 0):
        raise ValueError("spacing_mm, window_hu or labels make no sense")
    if patch and (min(patch) < 1 or max(patch) > 1024):
        raise ValueError("patch makes no sense")
    return Description(
        model=folder / str(content["model"]),
        title=str(content.get("title", "a network")),
        spacing_mm=spacing,
        directions=tuple(_AXES[axis] for axis in axes),
        window_hu=(low, high),
        labels=labels,
        patch=(int(patch[0]), int(patch[1]), int(patch[2])) if patch else None,
    )


def _three(values: Any, name: str) -> tuple[float, float, float]:
    if not isinstance(values, list) or len(values) != 3:
        raise ValueError(f"{name} is no list of three numbers")
    return float(values[0]), float(values[1]), float(values[2])


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]}"
    if isinstance(error, OSError):
        return str(error.strerror)
    return str(error) or "its values have other types"
