"""Measurements against what is known to be true."""

from .truth import TruthRow, beside_truth

__all__ = ["TruthRow", "beside_truth"]
