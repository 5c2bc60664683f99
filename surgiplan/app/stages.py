"""Which stage of the road a part of the case belongs to."""

__all__ = ["stage_of"]

_STAGE_OF = {
    "volumes": "Images",
    "segments": "Anatomy",
    "plan/centerlines": "Plan",
    "plan/stents": "Plan",
    "plan/resections": "Plan",
    "findings": "Simulate",
}


def stage_of(path: str, present: str) -> str:
    """The stage that shows what lies at ``path``; the present one where any will do."""
    home = path.rpartition("/")[0]
    if home.startswith("plan/") and present == "Simulate":
        return present
    return _STAGE_OF.get(home, present)
