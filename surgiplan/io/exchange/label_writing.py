"""Label maps out: NIfTI, NRRD and MetaImage, with what each number means."""

import json
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from surgiplan import RESEARCH_USE
from surgiplan.model import Code, Segment, VoxelGrid

from ..atomic import TEMPORARY_SUFFIX, write_whole
from .anatomy import anatomy_of, colour_of
from .seg_writing import label_array

__all__ = ["names_beside", "slicer_tags", "write_label_map"]

_CONTEXT = "Segmentation category and type - 3D Slicer General Anatomy list"
_REGIONS = "Anatomic codes - DICOM master list"


def write_label_map(
    segments: Sequence[Segment], grid: VoxelGrid, path: Path, ending: str
) -> tuple[Path, ...]:
    """Write segments that lie on ``grid`` as numbers 1, 2, ... and return the files.

    NRRD says names, colours and codes in its header, as 3D Slicer does; for the others a JSON file
    beside does.  Raises SegmentationError where two segments share a voxel, and OSError.
    """
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(label_array(segments, grid))
    steps = grid.affine[:3, 2::-1]
    spacing = np.linalg.norm(steps, axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((steps / spacing).ravel().tolist())
    image.SetOrigin(grid.affine[:3, 3].tolist())
    if ending == ".nrrd":
        for key, value in _slicer_header(segments, grid).items():
            image.SetMetaData(key, value)
    temporary = path.with_name(f".{secrets.token_hex(4)}{TEMPORARY_SUFFIX}{ending}")
    try:
        try:
            sitk.WriteImage(image, str(temporary), useCompression=True)
        except RuntimeError as error:
            raise OSError(0, "the folder is missing, full or may not be written") from error
        os.replace(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink()
    if ending == ".nrrd":
        return (path,)
    beside = names_beside(path)
    text = json.dumps(_described(segments), indent=1, ensure_ascii=False)
    write_whole(beside, [text.encode("utf-8")])
    return path, beside


def names_beside(path: Path) -> Path:
    """Where the names of a label map's numbers lie: ``a.nii.gz`` has ``a.json``."""
    name = path.name
    for ending in (".gz", ".nii", ".mha", ".mhd", ".nrrd", ".nhdr"):
        name = name[: -len(ending)] if name.lower().endswith(ending) else name
    return path.with_name(f"{name}.json")


def _described(segments: Sequence[Segment]) -> dict[str, Any]:
    found = {}
    for number, segment in enumerate(segments, start=1):
        anatomy = anatomy_of(segment)
        codes = {
            key: [code.value, code.scheme, code.meaning]
            for key in ("category", "kind", "side", "region", "region_side")
            if (code := getattr(anatomy, key))
        }
        found[str(number)] = {"name": segment.name, "colour": colour_of(segment), "codes": codes}
    return found


def _slicer_header(segments: Sequence[Segment], grid: VoxelGrid) -> dict[str, str]:
    header = {
        "Segmentation_ContainedRepresentationNames": "Binary labelmap|",
        "Segmentation_MasterRepresentation": "Binary labelmap",
        "Segmentation_ReferenceImageExtentOffset": "0 0 0",
        "notice": RESEARCH_USE,
    }
    for n, segment in enumerate(segments):
        box = segment.grid.box_in(grid)
        colour = colour_of(segment)
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        extent = [bound for one in box[::-1] for bound in (one.start, one.stop - 1)]
        header |= {
            f"Segment{n}_ID": segment.id,
            f"Segment{n}_Name": " ".join(segment.name.split()),
            f"Segment{n}_Color": " ".join(f"{channel:.6f}" for channel in channels),
            f"Segment{n}_LabelValue": str(n + 1),
            f"Segment{n}_Layer": "0",
            f"Segment{n}_Extent": " ".join(map(str, extent)),
            f"Segment{n}_Tags": f"TerminologyEntry:{slicer_tags(segment)}|",
        }
    return header


def slicer_tags(segment: Segment) -> str:
    """Codes as 3D Slicer writes them, ``list~category~type~side~list~region~side``."""
    a = anatomy_of(segment)
    head = [_slicer_code(code) for code in (a.category, a.kind, a.side)]
    tail = [_slicer_code(code) for code in (a.region, a.region_side)]
    return "~".join([_CONTEXT, *head, _REGIONS, *tail])


def _slicer_code(code: Code | None) -> str:
    if code is None:
        return "^^"
    parts = (code.scheme, code.value, code.meaning)
    return "^".join("".join(c for c in part if c not in "^~|\n") for part in parts)
