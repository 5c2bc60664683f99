"""Plan an operation on a patient's own anatomy: place, cut, simulate, measure again."""

__all__ = ["RESEARCH_USE", "__version__"]

__version__ = "0.1.0"

RESEARCH_USE = "Research use only. Not for clinical use."
"""Stands on every view, page, exported file and JSON."""
