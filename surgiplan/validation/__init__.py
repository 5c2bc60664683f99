"""Measurements and masks against what is known to be true."""

from .agreement import Agreement, Surface, agreement, definitions
from .consensus import ReaderScore, Staple, majority, staple
from .table import Comparison, compared, resampled
from .truth import TruthRow, beside_truth

__all__ = [
    "Agreement",
    "Comparison",
    "ReaderScore",
    "Staple",
    "Surface",
    "TruthRow",
    "agreement",
    "beside_truth",
    "compared",
    "definitions",
    "majority",
    "resampled",
    "staple",
]
