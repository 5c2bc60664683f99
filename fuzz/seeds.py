"""What is damaged: short series made of real files, and single files of every odd kind."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pydicom

__all__ = ["Seed", "seeds"]

_SERIES = (
    "pydicom-small/dicomdirtests/77654033/CT2",
    "pydicom-small/dicomdirtests/98892001/CT5N",
    "pydicom-small/dicomdirtests/98892003/MR700",
    "seg-dcmqi/23x38x3/image",
    "seg-dcmqi/24x38x3/image",
    "geometry-traps-dicom2nifti/generic/anatomical/002_non_isotropic",
    "geometry-traps-dicom2nifti/hitachi/anatomical/001",
    "geometry-traps-dicom2nifti/generic/compressed_rle/001",
    "geometry-traps-dicom2nifti/generic/compressed_jpegls/001",
    "geometry-traps-dicom2nifti/generic/compressed_j2k/001",
    "geometry-traps-dicom2nifti/generic/compressed_jpeg/001",
    "geometry-traps-dicom2nifti/generic/anatomical/001_implicit",
)
"""Folders whose images stack into a volume."""
_SINGLE = (
    "pydicom-small/MR_small.dcm",
    "pydicom-small/MR_small_implicit.dcm",
    "pydicom-small/MR_small_bigendian.dcm",
    "pydicom-small/MR_small_expb.dcm",
    "pydicom-small/MR_small_padded.dcm",
    "pydicom-small/MR_small_RLE.dcm",
    "pydicom-small/MR_small_jp2klossless.dcm",
    "pydicom-small/MR_small_jpeg_ls_lossless.dcm",
    "pydicom-small/CT_small.dcm",
    "seg-sr-highdicom/ct_image.dcm",
)
"""Images that become a series of three by moving them."""
_LARGE = (
    "ct-one-image-15-transfer-syntaxes/CTImage.dcm_JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50.dcm",
    "ct-one-image-15-transfer-syntaxes/CTImage.dcm_JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70.dcm",
    "ct-one-image-15-transfer-syntaxes/CTImage.dcm_JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80.dcm",
    "ct-one-image-15-transfer-syntaxes/CTImage.dcm_JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90.dcm",
    "ct-one-image-15-transfer-syntaxes/CTImage.dcm_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm",
    "ct-one-image-15-transfer-syntaxes/CTImage.dcm_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm",
)
"""The same of 512 x 512 pixels; they cost more, so they come more rarely."""
_SMALL_BYTES = 90_000
_MOST_IMAGES = 4


@dataclass(frozen=True)
class Seed:
    """Files that lie in one folder."""

    name: str
    files: tuple[bytes, ...]
    weight: float
    """How often it is taken, beside others."""


@cache
def seeds(root: Path) -> tuple[Seed, ...]:
    """All seeds in ``root`` (the folder ``dicom-edge``), always in the same order."""
    series = [Seed(name, _folder(root / name), 6) for name in _SERIES]
    moved = [Seed(name, _moved(root / name), 6) for name in _SINGLE]
    large = [Seed(name, _moved(root / name), 1) for name in _LARGE]
    known = {root / name for name in _SINGLE}
    others = [
        Seed(path.relative_to(root).as_posix(), (path.read_bytes(),), _weight(path))
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.stat().st_size < _SMALL_BYTES and path not in known
        if not any(path.is_relative_to(root / name) for name in _SERIES)
        if path.suffix not in (".txt", ".md")
    ]
    return (*series, *moved, *large, *others)


def _folder(folder: Path) -> tuple[bytes, ...]:
    paths = sorted(path for path in folder.iterdir() if path.suffix not in (".txt", ".md"))
    return tuple(path.read_bytes() for path in paths[:_MOST_IMAGES])


def _moved(path: Path) -> tuple[bytes, ...]:
    """One image at three places along its normal."""
    return tuple(_at_height(path, n) for n in range(3))


def _at_height(path: Path, number: int) -> bytes:
    dataset = pydicom.dcmread(path)
    x = [float(v) for v in dataset.ImageOrientationPatient]
    normal = (x[1] * x[5] - x[2] * x[4], x[2] * x[3] - x[0] * x[5], x[0] * x[4] - x[1] * x[3])
    start: Sequence[float] = [float(v) for v in dataset.ImagePositionPatient]
    dataset.ImagePositionPatient = [
        f"{a + 2.5 * number * b:.6f}"[:16] for a, b in zip(start, normal, strict=True)
    ]
    dataset.InstanceNumber = number + 1
    dataset.SOPInstanceUID = f"1.2.826.0.1.6.{number + 1}"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    written = io.BytesIO()
    dataset.save_as(written, enforce_file_format=True)
    return written.getvalue()


def _weight(path: Path) -> float:
    """Multi-frame images stack into volumes by themselves; the many others come rarely."""
    return 6 if path.name.startswith(("emri_small", "mf.dcm", "CT0012")) else 0.25
