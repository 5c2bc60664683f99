"""Computed results that know what they were made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .noun import Noun

__all__ = ["Finding"]


@dataclass(frozen=True, eq=False)
class Finding(Noun):
    """A computed answer: numbers, arrays, settings, and the digests of its inputs."""

    id: str
    kind: str
    """``vessel response`` or ``remnant response``."""
    subject: str
    """Path in the case of what was simulated, ``plan/stents/stent1``."""
    made_from: Mapping[str, str]
    """Path in the case of each input, and its digest when the answer was computed."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    numbers: Mapping[str, Any] = field(default_factory=dict)
    """Keys carry units, ``displacement_max_mm``; plain JSON values."""
    arrays: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict, repr=False)
    """``points_lps`` (n, 3), ``triangles`` (m, 3), ``displacement_mm`` (n, 3), ..."""
    software: str = ""

    def __post_init__(self) -> None:
        arrays = {}
        for name, array in self.arrays.items():
            view = np.asarray(array).view()
            view.flags.writeable = False
            arrays[name] = view
        object.__setattr__(self, "arrays", arrays)
