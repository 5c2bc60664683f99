"""Edits of measurements."""

from dataclasses import dataclass
from typing import ClassVar

from surgiplan.model import Case, Measurement

__all__ = ["MeasureDistance"]


@dataclass(frozen=True)
class MeasureDistance:
    """Keep a distance between picked points."""

    label: ClassVar[str] = "Measure distance"
    measurement: Measurement

    def apply(self, case: Case) -> Case:
        """The case with the measurement, added or in place of the one with its id."""
        return case.with_(self.measurement)
