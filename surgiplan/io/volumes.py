"""Reads volume files that are not DICOM: NIfTI, NRRD, MetaImage."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan import mapped
from surgiplan.errors import DicomError
from surgiplan.geometry import upright
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Patient, Source, Volume, VoxelGrid

from .dicom.decoders import Question, program_decoders
from .dicom.encoded import from_answer
from .dicom.loading import pseudonym
from .dicom.pixels import AIR_HU
from .volume_reading import LARGEST_FILE_BYTES, LARGEST_GROWTH

__all__ = ["VOLUME_SUFFIXES", "load_volume_file"]

VOLUME_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
_LOWEST_FAT_HU = -200
"""Only Hounsfield units go below this: magnitudes of other scanners are not negative at all."""
_HIGHEST_CT_HU = 65535
_PADDING_HU = -1500
"""Interpolation undershoots air by a hundred or two; anything lower marks what was not scanned."""
_SECONDS = 60.0
_BYTES_A_SECOND = 1 << 20
"""Of the file, which large ones may take besides."""


def load_volume_file(path: Path | str, report: Report = silent) -> tuple[Volume, Patient]:
    """The volume in a .nii, .nii.gz, .nrrd, .nhdr, .mha or .mhd file, and an unknown patient.

    These formats do not say what their values mean: a volume with values below -200 is taken as
    Hounsfield units, any other has unit ``1``, and the source's remarks say so.  Axes are swapped
    and turned over, never interpolated, so that k runs to the head, j to the back and i to the
    left as nearly as they can, whatever the order in the file.  Raises DicomError.
    """
    path = Path(path)
    if not path.is_file():
        raise DicomError(f"There is no file {path}; check the path.")
    if not path.name.lower().endswith(VOLUME_SUFFIXES):
        known = ", ".join(VOLUME_SUFFIXES)
        raise DicomError(f"{path.name} is no volume file this program knows ({known}).")
    report(0.0, "Reading volume")
    stored, affine, placed = _read(path)
    report(0.7, "Checking values")
    stored, affine = upright(stored, affine)
    values, remarks = _kept(stored)
    remarks = [*placed, *remarks]
    is_ct = values.min() <= _LOWEST_FAT_HU and values.max() <= _HIGHEST_CT_HU
    if is_ct:
        remarks.append(
            f"The file does not say what its values mean; as they go down to {values.min():g} they "
            "are taken as HU."
        )
        if low := _without_padding(values):
            remarks.append(f"{low} voxels outside the scan were set to {AIR_HU} HU.")
    volume = Volume(
        id="ct" if is_ct else "scan",
        values=values,
        grid=VoxelGrid(values.shape, affine),
        unit="HU" if is_ct else "1",
        name="CT" if is_ct else "scan",
        source=Source(modality="CT" if is_ct else "", files=1, remarks=tuple(remarks)),
    )
    report(0.9, "Hashing volume")
    return volume, Patient(pseudonym=pseudonym(volume.sha256))


def _read(path: Path) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64], list[str]]:
    """Values (k, j, i), affine from (k, j, i) to LPS [mm] as they are stored, and remarks."""
    size = path.stat().st_size
    what, raw = program_decoders().ask(
        Question(
            name=path.name,
            head={
                "task": "volume",
                "path": str(path.absolute()),
                "memory": 3 * min(LARGEST_FILE_BYTES, LARGEST_GROWTH * size),
            },
            seconds=_SECONDS + size / _BYTES_A_SECOND,
            largest=LARGEST_FILE_BYTES,
        ),
        lambda count: mapped.empty((count,), np.uint8),
    )
    affine = np.array(what["affine"], np.float64).reshape(4, 4)
    return from_answer(path.name, what, raw), affine, [str(remark) for remark in what["remarks"]]


def _kept(stored: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], list[str]]:
    """Values as int16 where they are whole and fit, else as float32, in C order, and remarks.

    Slice by slice, so that no second copy of a large volume is ever there.
    """
    if stored.dtype.kind not in "iuf":
        raise DicomError("Volumes of complex numbers cannot be shown; save their magnitude.")
    low, high, whole, missing = math.inf, -math.inf, True, 0
    for plane in stored:
        known = plane[np.isfinite(plane)]
        missing += plane.size - known.size
        if known.size:
            low, high = min(low, float(known.min())), max(high, float(known.max()))
            whole = whole and np.array_equal(known, np.rint(known))
    if low > high:
        raise DicomError("The volume holds no numbers at all; save it again.")
    limits = np.iinfo(np.int16)
    is_short = whole and limits.min <= low and high <= limits.max
    values = mapped.empty(stored.shape, np.int16 if is_short else np.float32)
    for target, plane in zip(values, stored, strict=True):
        target[...] = np.where(np.isfinite(plane), plane, low) if missing else plane
    if not missing:
        return values, []
    return values, [f"{missing} voxels without a number were set to the lowest value."]


def _without_padding(values: npt.NDArray[Any]) -> int:
    """Set what is too low for air to air; how many voxels that were."""
    count = 0
    for plane in values:
        outside = plane < _PADDING_HU
        count += int(np.count_nonzero(outside))
        plane[outside] = AIR_HU
    return count
