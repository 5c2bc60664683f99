"""The plan on paper: pictures, measurements with units, methods and versions, as a PDF."""

from .write import pictures_of, write_report

__all__ = ["pictures_of", "write_report"]
