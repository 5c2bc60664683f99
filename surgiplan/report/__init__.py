"""On paper: the plan with pictures, measurements, methods and versions; and cohorts, as PDF."""

from .cohort import cohort_pdf
from .write import pictures_of, write_report

__all__ = ["cohort_pdf", "pictures_of", "write_report"]
