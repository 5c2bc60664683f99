"""What a scan is needed for, and what each task asks of it, with the source of each limit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

__all__ = [
    "CONTRAST",
    "NOISE",
    "SLICES",
    "Limit",
    "Statement",
    "Suits",
    "Task",
    "Topic",
]


class Task(Enum):
    """What a scan may be wanted for."""

    AORTA = "aortic sizing"
    ANNULUS = "cardiac annulus"
    LIVER = "liver volumetry"
    BONE = "bone"
    LUNG = "lung"


class Topic(Enum):
    """What of a scan is judged."""

    RESOLUTION = "resolution"
    COVERAGE = "coverage"
    CONTRAST = "contrast phase"
    NOISE = "noise"
    METAL = "metal"
    FIELD = "field of view"
    UNIT = "values"


class Suits(Enum):
    """Whether it will do, from best to worst."""

    GOOD = "good"
    UNKNOWN = "cannot be judged"
    LIMITED = "limited"
    UNFIT = "unfit"


@dataclass(frozen=True)
class Statement:
    """One thing to know of a scan, in plain words."""

    topic: Topic
    verdict: Suits
    sentence: str
    task: Task | None = None
    """None where it concerns every use."""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """Each with its unit in its name."""
    source: str = ""
    """Where a limit comes from; empty where there is none, as for what was merely measured."""


@dataclass(frozen=True)
class Limit:
    """Up to ``good`` a number will do, up to ``limited`` with care."""

    good: float
    limited: float
    source: str

    def verdict(self, value: float) -> Suits:
        """What the limit says of a number that should be small."""
        if value <= self.good * 1.001:
            return Suits.GOOD
        return Suits.LIMITED if value <= self.limited * 1.001 else Suits.UNFIT

    def verdict_of_large(self, value: float) -> Suits:
        """What the limit says of a number that should be large."""
        if value >= self.good:
            return Suits.GOOD
        return Suits.LIMITED if value >= self.limited else Suits.UNFIT


_SCCT = "SCCT expert consensus 2019 on CT before TAVI, doi 10.1016/j.jcmg.2018.12.003"
_PRACTICE = "usual practice, unconfirmed"

SLICES: Mapping[Task, Limit] = MappingProxyType(
    {
        Task.AORTA: Limit(1.5, 3.0, f"1.5 mm: {_SCCT} (vessels); 3 mm: {_PRACTICE}"),
        Task.ANNULUS: Limit(1.0, 1.5, f"1 mm: {_SCCT} (root); 1.5 mm: {_PRACTICE}"),
        Task.LIVER: Limit(
            3.0,
            5.0,
            "3 mm: Rao 2013, doi 10.1177/0284185113488579 (metastases of 10 to 20 mm); 5 mm: Hori "
            "2011, doi 10.1002/lt.22419 (volume of the liver within 1 %, of a lateral section "
            "within 5 %)",
        ),
        Task.BONE: Limit(1.25, 5.0, _PRACTICE),
        Task.LUNG: Limit(
            1.5,
            5.0,
            "1.5 mm: Fleischner Society 2017, doi 10.1148/radiol.2017161659 (nodules); 5 mm: "
            + _PRACTICE,
        ),
    }
)
"""Distance of slices [mm]."""

CONTRAST = Limit(200.0, 110.0, _PRACTICE)
"""Blood in the aorta [HU], for sizing."""

NOISE: Mapping[Task, Limit] = MappingProxyType(
    {
        Task.AORTA: Limit(8.0, 4.0, f"contrast to noise, {_PRACTICE}"),
        Task.ANNULUS: Limit(8.0, 4.0, f"contrast to noise, {_PRACTICE}"),
        Task.LIVER: Limit(15.0, 30.0, f"noise in HU, {_PRACTICE}"),
    }
)
"""Contrast of blood over noise for vessels, noise [HU] for the liver."""
