"""Label maps in, with the names, colours and codes that lie in them or beside them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from surgiplan.jobs_report import Report, silent
from surgiplan.model import Case, Code, CodedAnatomy, Segment, Volume, VoxelGrid

from ..labels import load_labels
from .label_writing import names_beside
from .placing import all_onto_scan

__all__ = ["Meaning", "load_label_map", "meanings", "names_in"]

_LARGEST_HEADER_BYTES = 1 << 20
_SLICER = re.compile(r"^Segment(\d+)_(Name|Color|LabelValue|Tags):=(.*)$", re.MULTILINE)
_COLOUR = re.compile(r"^#[0-9a-f]{6}$")


@dataclass(frozen=True)
class Meaning:
    """What a number in a label map stands for."""

    name: str
    colour: str = ""
    anatomy: CodedAnatomy | None = None


def load_label_map(
    path: Path, case: Case, volume_id: str = "", report: Report = silent
) -> tuple[Segment, ...]:
    """The structures of a label map on the grid of a scan: ``volume_id``, else the one that fits.

    The format does not say which scan it was drawn on; voxels that are not the scan's are
    resampled, and a remark says so.  Raises DicomError and SegmentationError.
    """
    known = meanings(path)
    labels = load_labels(path, names_in(path), report)
    volume = _fitting(labels, case, volume_id)
    segments = []
    for label in labels:
        number = int(label.id.removeprefix("label"))
        meaning = known.get(number, Meaning(label.name))
        segments.append(
            replace(
                label,
                grid=replace(label.grid, frame_uid=volume.grid.frame_uid),
                volume_id=volume.id,
                made_by=f"imported: label {number} of a label map",
                colour=meaning.colour,
                anatomy=meaning.anatomy,
            )
        )
    return all_onto_scan(segments, volume.grid)


def meanings(path: Path) -> dict[int, Meaning]:
    """From the header of a NRRD that 3D Slicer or this program wrote, else from the JSON beside.

    What is damaged or missing means nothing.
    """
    if path.name.lower().endswith((".nrrd", ".nhdr")) and (found := _from_nrrd(path)):
        return found
    beside = names_beside(path)
    try:
        if not beside.is_file() or beside.stat().st_size > _LARGEST_HEADER_BYTES:
            return {}
        content = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    pairs = content.items() if isinstance(content, dict) else ()
    return {int(k): _from_json(v) for k, v in pairs if str(k).isdecimal() and len(str(k)) < 6}


def names_in(path: Path) -> dict[int, str]:
    """The names of the numbers of a label map that lie in it or beside it; none is no error."""
    return {number: one.name for number, one in meanings(path).items() if one.name}


def _from_json(value: Any) -> Meaning:
    if not isinstance(value, dict):
        return Meaning(str(value)[:64])
    colour = str(value.get("colour", ""))
    codes = value.get("codes")
    anatomy = None
    if isinstance(codes, dict):
        known = {
            key: Code(*(str(part)[:64] for part in code))
            for key, code in codes.items()
            if isinstance(code, list) and len(code) == 3
        }
        anatomy = _anatomy(known)
    return Meaning(
        str(value.get("name", ""))[:64], colour if _COLOUR.match(colour) else "", anatomy
    )


def _from_nrrd(path: Path) -> dict[int, Meaning]:
    with path.open("rb") as file:
        head = file.read(_LARGEST_HEADER_BYTES).partition(b"\n\n")[0]
    lines: dict[str, dict[str, str]] = {}
    for number, key, value in _SLICER.findall(head.decode("utf-8", "replace")):
        lines.setdefault(number, {})[key] = value.strip()
    found = {}
    for line in lines.values():
        if not line.get("LabelValue", "").isdecimal():
            continue
        tags = line.get("Tags", "").partition("TerminologyEntry:")[2].partition("|")[0]
        found[int(line["LabelValue"][:6])] = Meaning(
            line.get("Name", "")[:64], _slicer_colour(line.get("Color", "")), _slicer_codes(tags)
        )
    return found


def _slicer_colour(text: str) -> str:
    try:
        channels = [float(part) for part in text.split()]
    except ValueError:
        return ""
    if len(channels) != 3 or not np.all(np.isfinite(channels)):
        return ""
    return "#" + "".join(f"{round(255 * min(max(one, 0.0), 1.0)):02x}" for one in channels)


def _slicer_codes(text: str) -> CodedAnatomy | None:
    parts = text.split("~")
    if len(parts) != 7:
        return None
    keys = ("", "category", "kind", "side", "", "region", "region_side")
    known = {}
    for key, part in zip(keys, parts, strict=True):
        code = part.split("^")
        if key and len(code) == 3 and code[1]:
            known[key] = Code(code[1][:64], code[0][:64], code[2][:64])
    return _anatomy(known)


def _anatomy(known: Mapping[str, Code]) -> CodedAnatomy | None:
    wanted = ("category", "kind", "side", "region", "region_side")
    if "category" not in known or "kind" not in known:
        return None
    return CodedAnatomy(**{key: known[key] for key in wanted if key in known})


def _fitting(labels: tuple[Segment, ...], case: Case, volume_id: str) -> Volume:
    """The scan whose voxels a label map has, else the first."""
    first = labels[0].grid
    for volume in () if volume_id else case.volumes.values():
        if _have_one_lattice(first, volume.grid):
            return volume
    return case.volume(volume_id)


def _have_one_lattice(grid: VoxelGrid, scan: VoxelGrid) -> bool:
    index = scan.to_index(grid.to_lps(np.array([[0, 0, 0], grid.shape]) - [[0], [1]]))
    is_within = bool(np.all(index > -0.5) and np.all(index < np.array(scan.shape) - 0.5))
    same_size = np.isclose(grid.voxel_mm3, scan.voxel_mm3, rtol=1e-3)
    return is_within and bool(same_size) and float(np.abs(index - np.rint(index)).max()) < 0.1
