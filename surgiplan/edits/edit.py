"""What an edit is, and the two edits that suit every noun."""

from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

from surgiplan.errors import PlanError
from surgiplan.model import Case

__all__ = ["Edit", "Remove", "Rename"]


class Edit(Protocol):
    """Data plus one pure function; it needs no inverse, for undo shows the earlier case."""

    @property
    def label(self) -> str:
        """What the user did, as the undo menu says it."""
        ...

    def apply(self, case: Case) -> Case:
        """The case after the edit.  Raises PlanError where it makes no sense."""
        ...


@dataclass(frozen=True)
class Rename:
    """Give a noun another name."""

    label: ClassVar[str] = "Rename"
    path: str
    name: str

    def apply(self, case: Case) -> Case:
        """The case with the new name.  Raises PlanError if there is no such noun."""
        noun = case.at(self.path)
        if noun is None or not self.name.strip():
            raise PlanError(f"There is no {self.path} to rename, or the new name is empty.")
        return case.with_(replace(noun, name=self.name.strip()))


@dataclass(frozen=True)
class Remove:
    """Take a noun out of the case; what was computed from it stays and is stale."""

    label: ClassVar[str] = "Remove"
    path: str

    def apply(self, case: Case) -> Case:
        """The case without it.  Raises PlanError if it is gone or a placed stent hangs on it."""
        home, _, noun_id = self.path.rpartition("/")
        if home == "plan/centerlines":
            for stent in case.plan.stents.values():
                if stent.centerline_id == noun_id:
                    raise PlanError(
                        f"{stent.name} lies on this centreline; remove the stent first."
                    )
        if home == "segments":
            for resection in case.plan.resections.values():
                if noun_id in (resection.target_id, resection.lesion_id):
                    raise PlanError(
                        f"{resection.name} is planned on this segment; remove it first."
                    )
        return case.without(self.path)
