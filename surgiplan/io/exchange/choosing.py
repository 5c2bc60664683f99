"""Which scan of a case a segmentation or structure set was drawn on."""

from collections.abc import Mapping
from typing import Any

from surgiplan.errors import SegmentationError
from surgiplan.model import Case, Volume

from .origin import frame_uid_of, origin_of

__all__ = ["drawn_on"]


def drawn_on(name: str, references: Mapping[str, Any], case: Case, volume_id: str = "") -> Volume:
    """The scan that ``references`` (``frame``, ``series``, ``images``: UIDs) mean.

    Raises SegmentationError if that is no scan of the case, or not ``volume_id``.
    """
    volumes = [case.volume(volume_id)] if volume_id or not case.volumes else case.volumes.values()
    frame, series = references["frame"], set(references["series"])
    in_frame = [one for one in volumes if not frame or frame_uid_of(one) == frame]
    if not in_frame:
        raise SegmentationError(
            f"{name} lies in another frame of reference than {_scans(volume_id)}; import the scan "
            "that it was drawn on, or register the two first."
        )
    in_series = [one for one in in_frame if not series or one.source.series_uid in series]
    if not in_series:
        raise SegmentationError(
            f"{name} refers to another series than {_scans(volume_id)}; import the series that it "
            "was drawn on first."
        )
    if not frame and not series and not references["images"]:
        raise SegmentationError(
            f"{name} does not say which scan it was drawn on (no frame of reference, no images); "
            "export it again from the program that drew it."
        )
    for volume in in_series:
        images = {one.sop_uid for one in origin_of(case, volume).images}
        if not images or not references["images"] or images & set(references["images"]):
            return volume
    raise SegmentationError(
        f"{name} refers to images that are not among those of {_scans(volume_id)}; import the "
        "series that it was drawn on first."
    )


def _scans(volume_id: str) -> str:
    return f"the scan {volume_id}" if volume_id else "any scan of this case"
