"""Edits that keep computed answers."""

from dataclasses import dataclass
from typing import ClassVar

from surgiplan.errors import PlanError
from surgiplan.model import Case, Finding

__all__ = ["RecordFinding"]


@dataclass(frozen=True)
class RecordFinding:
    """Keep an answer with what it was made from; it may be stale from the start."""

    label: ClassVar[str] = "Simulate"
    finding: Finding

    def apply(self, case: Case) -> Case:
        """The case with the finding, added or in place of the one with its id.

        Raises PlanError for an answer that did not converge.
        """
        if self.finding.numbers.get("converged") is False:
            raise PlanError(
                f"{self.finding.id} did not converge and is no answer; simulate it with other "
                f"settings."
            )
        return case.with_(self.finding)
