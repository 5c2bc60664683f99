"""A segment made again: the same method, settings and seeds on another scan of the case."""

from dataclasses import replace

from surgiplan.edits import AddSegments
from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Case, Segment

from .anatomy import segment

__all__ = ["remake_segment", "why_not_remake"]


def why_not_remake(case: Case, one: Segment, volume_id: str) -> str:
    """Why a segment cannot be made again on a scan, as a sentence; empty if it can."""
    if one.recipe is None:
        how = one.made_by.partition(":")[0] or "drawn by hand"
        return f"{one.name} was {how}, so there is no method to run again; use one in Find instead."
    volume = case.volume(volume_id)
    if volume.id == one.volume_id:
        return f"{one.name} was made on {volume.name} itself; choose another scan."
    made_on = case.volumes.get(one.volume_id)
    frame = made_on.grid.frame_uid if made_on is not None else one.grid.frame_uid
    if len(one.recipe.seeds_lps) and frame != volume.grid.frame_uid:
        return (
            f"{one.name} came from clicks, and {volume.name} has another frame of reference, where "
            "they mean another place; click there anew."
        )
    return ""


def remake_segment(
    case: Case, segment_id: str, volume_id: str, *, report: Report = silent
) -> AddSegments:
    """Run what made a segment on another scan; the answer stands beside it under an id of its own.

    What hands have changed since is not repeated, and the remarks say so.  Raises
    SegmentationError where it cannot be made again or the method gives up.
    """
    one = case.segment(segment_id)
    if why_not := why_not_remake(case, one, volume_id):
        raise SegmentationError(why_not)
    recipe = one.recipe
    assert recipe is not None
    edit = segment(
        case, recipe.method, volume_id=volume_id, seeds_lps=recipe.seeds_lps,
        settings=recipe.settings, report=report,
    )  # fmt: skip
    found = next((made for made in edit.segments if made.id == recipe.made), None)
    if found is None:
        raise SegmentationError(f"{recipe.method} found no {recipe.made} on {volume_id}.")
    remarks = found.remarks
    if one.made_by != recipe.words:
        remarks = (*remarks, f"The changes made to {one.name} by hand are not repeated here.")
    new_id = case.free_id("segments", one.id)
    return AddSegments(
        (
            replace(
                found, id=new_id, name=f"{one.name} on {volume_id}", remarks=remarks,
                anatomy=one.anatomy, colour=one.colour,
            ),
        )
    )  # fmt: skip
