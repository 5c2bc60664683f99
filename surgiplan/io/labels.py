"""Label maps in volume files, one segment for each number in them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Segment, Volume, VoxelGrid

from .volumes import load_volume_file

__all__ = ["LabelMap", "label_names", "load_labels", "open_label_map"]

_MOST_LABELS = 4096
_LARGEST_NAMES_BYTES = 1 << 20


class LabelMap(Mapping[str, Segment]):
    """The structures of a label map by name, each cut out when it is asked for.

    In the order of their numbers; a number without a name is called ``label 5``, and one whose
    name another has, ``liver (5)``.
    """

    def __init__(self, path: Path, volume: Volume, names: Mapping[int, str]) -> None:
        from scipy.ndimage import find_objects

        self._file, self._volume = path.name, volume
        boxes = enumerate(find_objects(volume.values), start=1)
        self._boxes = {number: box for number, box in boxes if box is not None}
        self._numbers: dict[str, int] = {}
        for number in self._boxes:
            name = names.get(number, f"label {number}")
            self._numbers[f"{name} ({number})" if name in self._numbers else name] = number

    def __getitem__(self, name: str) -> Segment:
        number = self._numbers[name]
        box = self._boxes[number]
        return Segment(
            id=f"label{number}",
            name=name,
            mask=self._volume.values[box] == number,
            grid=self._volume.grid.cropped([s.start for s in box], [s.stop for s in box]),
            made_by=f"label {number} of {self._file}",
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def grid(self) -> VoxelGrid:
        """The voxels of the whole file."""
        return self._volume.grid

    def number(self, name: str) -> int:
        """The number that stands for a structure in the file."""
        return self._numbers[name]


def open_label_map(
    path: Path, names: Mapping[int, str] | None = None, report: Report = silent
) -> LabelMap:
    """The label map in a volume file; one without labels is an empty mapping.

    Raises DicomError for a file that is no volume and SegmentationError for other numbers.
    """
    volume, _ = load_volume_file(path, report=report)
    values = volume.values
    whole = values.dtype == np.int16
    if not whole and values.min() >= 0 and values.max() <= 1:
        raise SegmentationError(
            f"{path.name} holds fractions from 0 to 1, as maps of probability do; set a threshold "
            "(0.5, say) in the program that made it, and save whole numbers."
        )
    if not whole or values.min() < 0 or values.max() > _MOST_LABELS:
        raise SegmentationError(
            f"{path.name} is no label map: it should hold whole numbers from 0 to {_MOST_LABELS}; "
            "choose the file that the segmentation was saved in."
        )
    return LabelMap(path, volume, names or {})


def load_labels(
    path: Path, names: Mapping[int, str] | None = None, report: Report = silent
) -> tuple[Segment, ...]:
    """The structures of a label map, in the order of their numbers, each cropped to its box.

    Raises as ``open_label_map`` does, and SegmentationError for a file without labels.
    """
    labels = open_label_map(path, names, report)
    if not labels:
        raise SegmentationError(f"{path.name} holds no label: all its voxels are 0.")
    return tuple(labels.values())


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
