"""What a volume file holds; runs in a decoder, since foreign files can bring their readers down."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import DicomError

from .placement import FARTHEST_MM, nifti_place, require_nrrd_sides

__all__ = ["LARGEST_FILE_BYTES", "LARGEST_GROWTH", "stored_volume"]

LARGEST_FILE_BYTES = 8 << 30
"""Of the voxels as they are stored."""
LARGEST_GROWTH = 1100
"""Deflated voxels never grow more than 1032 times; a header that claims it is hostile."""
_READERS = {
    ".nii": "NiftiImageIO",
    ".gz": "NiftiImageIO",
    ".nrrd": "NrrdImageIO",
    ".nhdr": "NrrdImageIO",
    ".mha": "MetaImageIO",
    ".mhd": "MetaImageIO",
}
"""By the ending alone: content must not choose a reader that was not checked for."""
_LARGEST_HEADER_BYTES = 1 << 20
_SMALLEST_SPACING_MM = 1e-3
_NRRD_DATA = re.compile(r"^data ?file\s*:(.*)$", re.IGNORECASE | re.MULTILINE)
_META_DATA = re.compile(r"^[ \t]*ElementDataFile\s*[=:](.*)$", re.IGNORECASE | re.MULTILINE)


def stored_volume(path: Path) -> tuple[npt.NDArray[Any], dict[str, Any]]:
    """Values (k, j, i) as stored; and their ``affine`` to LPS [mm], row by row, and ``remarks``.

    Raises DicomError for what is no volume, before memory for its voxels is taken.
    """
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    name = path.name.lower()
    nifti = nifti_place(path) if name.endswith((".nii", ".nii.gz")) else None
    data = path if nifti else _data_file(path)
    reader = sitk.ImageFileReader()
    reader.SetImageIO(_READERS[path.suffix.lower()])
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        _refuse(path, reader, path.stat().st_size + data.stat().st_size)
        if name.endswith((".nrrd", ".nhdr")):
            space = "NRRD_space"
            require_nrrd_sides(
                path, reader.GetMetaData(space) if reader.HasMetaDataKey(space) else ""
            )
        image = reader.Execute()
    except RuntimeError as error:
        raise DicomError(_explained(path, str(error))) from error
    values = sitk.GetArrayFromImage(image)
    if nifti is not None:
        return values, _about(nifti.affine, nifti.remarks(values.shape))
    affine = np.eye(4)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    affine[:3, :3] = (direction * image.GetSpacing())[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    return values, _about(affine, [])


def _about(affine: npt.NDArray[np.float64], remarks: list[str]) -> dict[str, Any]:
    return {"affine": affine.ravel().tolist(), "remarks": remarks}


def _data_file(path: Path) -> Path:
    """The file with the voxels of a NRRD or MetaImage header: itself, or one beside it.

    Raises DicomError for any other place: a header must not make the program read what the user
    did not choose.
    """
    with path.open("rb") as file:
        head = file.read(_LARGEST_HEADER_BYTES).decode("latin-1").replace("\r\n", "\n")
    if path.suffix.lower() in (".nrrd", ".nhdr"):
        head = head.partition("\n\n")[0]
        found = _NRRD_DATA.search(head)
        name = found[1].strip() if found else ""
        is_plain = len(_NRRD_DATA.findall(head)) <= 1
    else:
        found = _META_DATA.search(head)
        name = found[1].strip() if found else ""
        # Nothing before that line may name it too: readers differ in what they make of that.
        is_plain = found is not None and "elementdatafile" not in head[: found.start()].lower()
        name = "" if name.upper() == "LOCAL" else name
    data = path.parent / name if name else path
    if not is_plain or Path(name).name != name or "\\" in name or not data.is_file():
        raise DicomError(
            f"{path.name} takes its voxels from elsewhere ({name[:80] or 'unclear'}); they must "
            "lie in one file beside it."
        )
    if data.resolve().parent != path.resolve().parent:
        raise DicomError(f"{path.name} takes its voxels from another folder; copy them beside it.")
    return data


def _refuse(path: Path, reader: Any, file_bytes: int) -> None:
    """Raise DicomError for what is no volume of single values, before anything is allocated."""
    import SimpleITK as sitk

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
    voxels = float(np.prod(size, dtype=np.float64))
    bytes_each = sitk.Image(1, 1, 1, reader.GetPixelID()).GetSizeOfPixelComponent()
    if voxels * max(bytes_each, 4) > LARGEST_FILE_BYTES:
        raise DicomError(f"{path.name} needs more than 8 GiB; save a smaller part of it.")
    if voxels * bytes_each > LARGEST_GROWTH * file_bytes:
        raise DicomError(f"{path.name} claims more voxels than it can hold; save it again.")
    spacing, direction = np.array(reader.GetSpacing()), np.array(reader.GetDirection())
    if (
        not np.all(np.isfinite([*spacing, *direction, *reader.GetOrigin()]))
        or np.abs(reader.GetOrigin()).max() > FARTHEST_MM
        or spacing.min() < _SMALLEST_SPACING_MM
        or abs(np.linalg.det(direction.reshape(3, 3))) < 1e-3
    ):
        raise DicomError(f"{path.name} does not say where its voxels lie; save it again.")


def _explained(path: Path, message: str) -> str:
    if "orthonormal" in message:
        return f"{path.name} has sheared axes; resample it to an upright grid first."
    return f"{path.name} is damaged or not the format that its name says; save it again."
