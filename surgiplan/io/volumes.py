"""Reads volume files that are not DICOM: NIfTI, NRRD, MetaImage."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import DicomError
from surgiplan.geometry import upright
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Patient, Source, Volume, VoxelGrid

from .dicom import LARGEST_VOLUME_BYTES, pseudonym
from .pixels import AIR_HU, fits_int16
from .placement import nifti_place, require_nrrd_sides

__all__ = ["VOLUME_SUFFIXES", "load_volume_file"]

VOLUME_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
_LOWEST_FAT_HU = -200
"""Only Hounsfield units go below this: magnitudes of other scanners are not negative at all."""
_HIGHEST_CT_HU = 65535
_PADDING_HU = -1500
"""Interpolation undershoots air by a hundred or two; anything lower marks what was not scanned."""
_SMALLEST_SPACING_MM = 1e-3


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
    stored, affine, placed = _read(path, report)
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
        outside = values < _PADDING_HU
        if low := int(np.count_nonzero(outside)):
            values[outside] = AIR_HU
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


def _read(
    path: Path, report: Report
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64], list[str]]:
    """Values (k, j, i), affine from (k, j, i) to LPS [mm] as they are stored, and remarks."""
    import SimpleITK as sitk

    nifti = nifti_place(path) if path.name.lower().endswith((".nii", ".nii.gz")) else None
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        reader = sitk.ImageFileReader()
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
        _refuse(path, reader)
        if path.name.lower().endswith((".nrrd", ".nhdr")):
            space = "NRRD_space"
            require_nrrd_sides(
                path, reader.GetMetaData(space) if reader.HasMetaDataKey(space) else ""
            )
        report(0.1, "Reading volume")
        image = reader.Execute()
    except RuntimeError as error:
        raise DicomError(_explained(path, str(error))) from error
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)
    values = sitk.GetArrayFromImage(image)
    if nifti is not None:
        return values, nifti.affine, nifti.remarks(values.shape)
    affine = np.eye(4)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    affine[:3, :3] = (direction * image.GetSpacing())[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    return values, affine, []


def _refuse(path: Path, reader: Any) -> None:
    """Raise DicomError for what is no volume of single values, before anything is allocated."""
    size = [int(n) for n in reader.GetSize()]
    while len(size) > 3 and size[-1] == 1:
        size.pop()
    if len(size) != 3 or len(reader.GetSize()) != 3:
        raise DicomError(
            f"{path.name} has {len(reader.GetSize())} dimensions; a volume has three, save one "
            "time point."
        )
    if reader.GetNumberOfComponents() != 1:
        raise DicomError(f"{path.name} holds colours or vectors; save it with one value a voxel.")
    if min(size) < 2:
        raise DicomError(f"{path.name} holds a single image; a volume needs several slices.")
    if np.prod(size, dtype=np.float64) * 4 > LARGEST_VOLUME_BYTES:
        raise DicomError(f"{path.name} needs more than 8 GiB; save a smaller part of it.")
    spacing, direction = np.array(reader.GetSpacing()), np.array(reader.GetDirection())
    if (
        not np.all(np.isfinite([*spacing, *direction, *reader.GetOrigin()]))
        or spacing.min() < _SMALLEST_SPACING_MM
        or abs(np.linalg.det(direction.reshape(3, 3))) < 1e-3
    ):
        raise DicomError(f"{path.name} does not say where its voxels lie; save it again.")


def _explained(path: Path, message: str) -> str:
    if "orthonormal" in message:
        return f"{path.name} has sheared axes; resample it to an upright grid first."
    return f"{path.name} is damaged or not the format that its name says; save it again."


def _kept(stored: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], list[str]]:
    """Values as int16 where they are whole and fit, else as float32, in C order, and remarks."""
    if stored.dtype.kind in "iu":
        return stored.astype(np.int16 if fits_int16(stored) else np.float32, order="C"), []
    if stored.dtype.kind != "f":
        raise DicomError("Volumes of complex numbers cannot be shown; save their magnitude.")
    finite = np.isfinite(stored)
    if not finite.any():
        raise DicomError("The volume holds no numbers at all; save it again.")
    remarks = []
    if missing := int(stored.size - np.count_nonzero(finite)):
        stored = np.where(finite, stored, stored[finite].min())
        remarks.append(f"{missing} voxels without a number were set to the lowest value.")
    whole = fits_int16(stored) and np.array_equal(stored, np.rint(stored))
    return stored.astype(np.int16 if whole else np.float32, order="C"), remarks
