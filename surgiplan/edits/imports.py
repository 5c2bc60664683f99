"""Edits that bring a scan into a case, and the patient's identity out of it."""

from dataclasses import dataclass, replace
from typing import ClassVar

from surgiplan.errors import PlanError
from surgiplan.model import Case, Identity, Patient, Volume

__all__ = ["AddVolume", "DropIdentity", "NamePatient"]


@dataclass(frozen=True)
class AddVolume:
    """Add a scan; the first one also says who the patient is.

    A case that has scans but no identity stays without one: it was meant to be pseudonymous.
    """

    label: ClassVar[str] = "Import scan"
    volume: Volume
    patient: Patient | None = None
    identity: Identity | None = None

    def apply(self, case: Case) -> Case:
        """The case with the scan.  Raises PlanError for a taken id or a different patient."""
        if self.volume.id in case.volumes:
            raise PlanError(f"There is a volume {self.volume.id} already; import under another id.")
        if not case.volumes:
            if self.patient is not None:
                case = replace(case, patient=self.patient, identity=self.identity)
            return case.with_(self.volume)
        if self.patient is not None and not self._is_of_patient(case):
            raise PlanError(
                f"This scan belongs to {self.patient.pseudonym}, the case to "
                f"{case.patient.pseudonym}; import it into a case of its own."
            )
        if case.identity is not None and self.identity is not None:
            case = replace(case, identity=case.identity.with_scans_of(self.identity))
        return case.with_(self.volume)

    def _is_of_patient(self, case: Case) -> bool:
        """By name, number and birth date or their hash where known, otherwise by the study."""
        assert self.patient is not None
        same = None
        if case.identity is not None and self.identity is not None:
            same = case.identity.is_same_person(self.identity)
        if same is None:
            same = case.patient.is_same_person(self.patient)
        if same is not None:
            return same
        return self.patient.pseudonym == case.patient.pseudonym


@dataclass(frozen=True)
class NamePatient:
    """Say who the patient is, under a pseudonym."""

    label: ClassVar[str] = "Change patient"
    patient: Patient

    def apply(self, case: Case) -> Case:
        """The case of that patient."""
        return replace(case, patient=self.patient)


@dataclass(frozen=True)
class DropIdentity:
    """Forget name, number, birth date and source headers; the pseudonym stays.

    The next save removes them from the states that were saved before, and from the journal.
    """

    label: ClassVar[str] = "Drop identity"

    def apply(self, case: Case) -> Case:
        """The case without them.  Raises PlanError if it has none."""
        if case.identity is None:
            raise PlanError("This case holds no identity; there is nothing to drop.")
        return replace(case, identity=None)
