"""Names that stand for several segments together."""

from collections.abc import Mapping, Sequence

import numpy as np

from .segmentation import Segment

__all__ = ["UNIONS", "joined"]

UNIONS: Mapping[str, Sequence[str]] = {
    "bone": (
        "spine", "ribs", "pelvis", "long_bones", "sternum", "scapulae", "clavicles", "skull",
        "other_bones",
    ),
    "kidneys": ("kidney_left", "kidney_right"),
}  # fmt: skip
"""Segments whose union a name means, in a case that has no segment of that name itself."""


def joined(name: str, parts: Sequence[Segment]) -> Segment:
    """One segment of all that is in ``parts``, which lie on the voxels of one scan.

    Raises GeometryError where they do not.
    """
    first = parts[0]
    lows, highs = [], []
    for part in parts:
        first.grid.require_same_frame(part.grid)
        low = np.rint(first.grid.to_index(part.grid.to_lps(np.zeros(3)))).astype(int)
        lows.append(low)
        highs.append(low + part.mask.shape)
    low, high = np.min(lows, axis=0), np.max(highs, axis=0)
    grid = first.grid.cropped(low, high)
    mask = np.zeros(grid.shape, bool)
    for part in parts:
        mask[part.grid.box_in(grid)] |= part.mask
    sure = [part.confidence for part in parts if part.confidence is not None]
    return Segment(
        id=name,
        name=name,
        mask=mask,
        grid=grid,
        volume_id=first.volume_id,
        made_by=f"union of {', '.join(part.id for part in parts)}",
        confidence=min(sure, default=None),
        remarks=tuple(dict.fromkeys(remark for part in parts for remark in part.remarks)),
    )
