"""A measured value beside the true one."""

from dataclasses import dataclass

__all__ = ["TruthRow"]


@dataclass(frozen=True)
class TruthRow:
    """What was measured, what is true, and how far apart they may be; the unit is in the name."""

    name: str
    measured: float
    truth: float
    tolerance: float

    @property
    def ok(self) -> bool:
        """Whether the measurement lies within the tolerance."""
        return abs(self.measured - self.truth) <= self.tolerance
