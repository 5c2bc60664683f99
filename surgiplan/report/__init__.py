"""The plan on paper: pictures, measurements with units, methods and versions, as a PDF."""

from .truth import TruthRow
from .write import write_report

__all__ = ["TruthRow", "write_report"]
