"""The patient's name for the head of each page, where somebody chose to print it."""

from surgiplan.errors import PlanError
from surgiplan.model import Case

from .style import prints

__all__ = ["name_line"]


def name_line(case: Case) -> str:
    """``Muster, Anna  ·  born 1960-03-02``, in letters that the typeface has.

    Raises PlanError if the case holds no identity, or a name that cannot be printed.
    """
    who = case.identity
    if who is None:
        raise PlanError(
            "This case holds no name to print; write the plan without the patient's identity."
        )
    groups = [group for group in who.readable_names if prints(group)]
    if not groups:
        raise PlanError(
            "The patient's name has letters that the typeface of the plan lacks; write the plan "
            "without the patient's identity."
        )
    born = f"born {who.birth_date}" if who.birth_date else "birth date not stated"
    return f"{groups[0]}  ·  {born}"
