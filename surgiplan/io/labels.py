"""Label maps in volume files, one segment for each number in them."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Segment

from .volumes import load_volume_file

__all__ = ["label_names", "load_labels"]

_MOST_LABELS = 4096
_LARGEST_NAMES_BYTES = 1 << 20


def load_labels(
    path: Path, names: Mapping[int, str] | None = None, report: Report = silent
) -> tuple[Segment, ...]:
    """The structures of a label map, in the order of their numbers, each cropped to its box.

    A number without a name is called ``label 5``.  Raises DicomError for a file that is no volume
    and SegmentationError for one that holds no labels.
    """
    from scipy.ndimage import find_objects

    volume, _ = load_volume_file(path, report=report)
    values = volume.values
    whole = values.dtype == np.int16
    if not whole or values.min() < 0 or values.max() > _MOST_LABELS:
        raise SegmentationError(
            f"{path.name} is no label map: it should hold whole numbers from 0 to {_MOST_LABELS}; "
            "choose the file that the segmentation was saved in."
        )
    segments = []
    for number, box in enumerate(find_objects(values), start=1):
        if box is None:
            continue
        low, high = [s.start for s in box], [s.stop for s in box]
        segments.append(
            Segment(
                id=f"label{number}",
                name=(names or {}).get(number, f"label {number}"),
                mask=values[box] == number,
                grid=volume.grid.cropped(low, high),
                made_by=f"label {number} of {path.name}",
            )
        )
    if not segments:
        raise SegmentationError(f"{path.name} holds no label: all its voxels are 0.")
    return tuple(segments)


def label_names(path: Path) -> dict[int, str]:
    """The names in a JSON file ``{"1": "spleen", ...}``, also the other way round.

    Raises SegmentationError for any other file.
    """
    try:
        if path.stat().st_size > _LARGEST_NAMES_BYTES:
            raise ValueError("too large")
        content = json.loads(path.read_text(encoding="utf-8"))
        pairs = [(k, v) if str(k).isdigit() else (v, k) for k, v in content.items()]
        names = {int(n): v["name"] if isinstance(v, dict) else v for n, v in pairs}
        return {number: str(name) for number, name in names.items()}
    except (OSError, ValueError, AttributeError, TypeError, KeyError, RecursionError) as error:
        raise SegmentationError(
            f'{path.name} holds no names of labels; it should read {{"1": "spleen", ...}}.'
        ) from error
