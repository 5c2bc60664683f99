"""Edits that bring a scan into a case."""

from dataclasses import dataclass
from typing import ClassVar

from surgiplan.errors import PlanError
from surgiplan.model import Case, Patient, Volume

__all__ = ["AddVolume", "NamePatient"]


@dataclass(frozen=True)
class AddVolume:
    """Add a scan; the first one also says who the patient is."""

    label: ClassVar[str] = "Import scan"
    volume: Volume
    patient: Patient | None = None

    def apply(self, case: Case) -> Case:
        """The case with the scan.  Raises PlanError for a taken id or a different patient."""
        if self.volume.id in case.volumes:
            raise PlanError(f"There is a volume {self.volume.id} already; import under another id.")
        if self.patient is not None and not case.volumes:
            case = NamePatient(self.patient).apply(case)
        elif self.patient is not None and self.patient.pseudonym != case.patient.pseudonym:
            raise PlanError(
                f"This scan belongs to {self.patient.pseudonym}, the case to "
                f"{case.patient.pseudonym}; import it into a case of its own."
            )
        return case.with_(self.volume)


@dataclass(frozen=True)
class NamePatient:
    """Say who the patient is, under a pseudonym."""

    label: ClassVar[str] = "Change patient"
    patient: Patient

    def apply(self, case: Case) -> Case:
        """The case of that patient."""
        return Case(self.patient, case.volumes, case.segments, case.plan, case.findings)
