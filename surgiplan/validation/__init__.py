"""Measurements and masks against what is known to be true."""

from .agreement import Agreement, Surface, agreement
from .truth import TruthRow, beside_truth

__all__ = ["Agreement", "Surface", "TruthRow", "agreement", "beside_truth"]
