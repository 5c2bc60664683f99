"""Commands about who the patient is: identity."""

from argparse import Namespace

from surgiplan import io
from surgiplan.edits import DropIdentity
from surgiplan.errors import PlanError

from .open_case import changed, loaded
from .output import Answer, Console

__all__ = ["identity"]


def identity(options: Namespace, console: Console) -> Answer:
    """Show the identity that a case holds, or drop it from every state of the case."""
    if options.drop:
        case = changed(options.case, lambda _: [DropIdentity()])
        pseudonym = case.patient.pseudonym
        line = f"Name, number and birth date are gone; the case is known as {pseudonym} only."
        return Answer({"identity": "none", "pseudonym": pseudonym}, (line,))
    case = loaded(options.case)
    who = case.identity
    if who is None:
        raise PlanError(f"{options.case.name} holds no identity, only {case.patient.pseudonym}.")
    io.log_event(options.case, io.AuditEvent.IDENTITY_SHOWN)
    answer = {
        "identity": "kept",
        "pseudonym": case.patient.pseudonym,
        "name": who.name,
        "patient_id": who.patient_id,
        "birth_date": who.birth_date or None,
        "series": [scan.get("series_uid") for scan in who.scans],
        "images": [len(scan.get("images", ())) for scan in who.scans],
    }
    born = who.birth_date or "birth date not stated"
    lines = (f"{case.patient.pseudonym}: {who.readable_name}, {born}, number {who.patient_id}",)
    return Answer(answer, lines)
