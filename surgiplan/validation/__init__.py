"""Measurements and masks against what is known to be true."""

from .agreement import (
    Agreement,
    Surface,
    SurfaceDistances,
    agreement,
    definitions,
    surface_distances,
)
from .cohort import CohortCase, CohortSummary, LabelSummary, SubgroupGap, summary_of
from .consensus import Consensus, ReaderScore, Rule, consensus, majority, staple
from .places import disagreement, worst_places
from .readers import by_reader, id_of, name_by, parted
from .table import Comparison, compared, on_lattice_of, resampled
from .truth import TruthRow, beside_truth

__all__ = [
    "Agreement",
    "CohortCase",
    "CohortSummary",
    "Comparison",
    "Consensus",
    "LabelSummary",
    "ReaderScore",
    "Rule",
    "SubgroupGap",
    "Surface",
    "SurfaceDistances",
    "TruthRow",
    "agreement",
    "beside_truth",
    "by_reader",
    "compared",
    "consensus",
    "definitions",
    "disagreement",
    "id_of",
    "majority",
    "name_by",
    "on_lattice_of",
    "parted",
    "resampled",
    "staple",
    "summary_of",
    "surface_distances",
    "worst_places",
]
