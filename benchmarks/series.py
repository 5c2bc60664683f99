"""Series as a scanner writes them: some 90 tags and a private blob of 9 KB in every header."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless

__all__ = ["body", "compressed_series", "native_series"]

SIDE = 512
_TEXTS = (
    "AccessionNumber", "BodyPartExamined", "ContrastBolusAgent", "ContrastBolusRoute",
    "ConvolutionKernel", "DeviceSerialNumber", "ExposureModulationType", "FilterType",
    "InstitutionAddress", "InstitutionName", "InstitutionalDepartmentName", "Manufacturer",
    "ManufacturerModelName", "OperatorsName", "PatientComments", "PatientID", "PatientName",
    "PerformedProcedureStepDescription", "PerformedProcedureStepID", "PerformingPhysicianName",
    "ProtocolName", "ReferringPhysicianName", "RequestedProcedureDescription",
    "RequestedProcedureID", "RequestingPhysician", "RotationDirection",
    "ScheduledProcedureStepDescription", "ScheduledProcedureStepID", "SeriesDescription",
    "SoftwareVersions", "StationName", "StudyDescription", "StudyID", "ScanOptions",
)  # fmt: skip
_NUMBERS = (
    "KVP", "DataCollectionDiameter", "DistanceSourceToDetector", "DistanceSourceToPatient",
    "GantryDetectorTilt", "TableHeight", "ExposureTime", "XRayTubeCurrent", "Exposure",
    "GeneratorPower", "FocalSpots", "SliceThickness", "ReconstructionDiameter", "PatientWeight",
    "PatientSize", "WindowCenter", "WindowWidth", "AcquisitionNumber", "SeriesNumber",
    "SpacingBetweenSlices", "TableSpeed", "SpiralPitchFactor", "CTDIvol",
)  # fmt: skip
_DATES = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "PatientBirthDate")
_TIMES = ("StudyTime", "SeriesTime", "AcquisitionTime", "ContentTime")
_NUMBER, _HEIGHT = "1000001", "7777.7"
"""Stand where slices differ, as long as what is put there."""


def native_series(
    folder: Path, uid: str, count: int, pixels: Callable[[int], bytes] | None = None
) -> None:
    """Write a CT of ``count`` uncompressed slices under names without ending.

    Without ``pixels`` they are all 0 and take no disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    dataset = _header(uid)
    dataset.PixelData = b""
    start = _bytes_of(dataset)
    size = SIDE * SIDE * 2
    start = start[:-4] + size.to_bytes(4, "little")
    for number in range(count):
        with (folder / f"IM{uid[-1]}{number:05d}").open("wb") as file:
            file.write(_own(start, number))
            if pixels:
                file.write(pixels(number))
            else:
                file.truncate(file.tell() + size)


def compressed_series(folder: Path, uid: str, count: int, *, distinct: int = 8) -> None:
    """Write a CT of ``count`` slices in lossless JPEG 2000, of ``distinct`` different pictures."""
    folder.mkdir(parents=True)
    starts = []
    for n in range(distinct):
        dataset = _header(uid)
        dataset.PixelData = body(n)
        dataset.compress(JPEG2000Lossless, generate_instance_uid=False)
        starts.append(_bytes_of(dataset))
    for number in range(count):
        (folder / f"IM{number:05d}").write_bytes(_own(starts[number % distinct], number))


def body(number: int) -> bytes:
    """A slice through a body with noise, as unsigned 16-bit values of a CT."""
    j, i = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    inside = (j / 180) ** 2 + (i / 230) ** 2 < 1
    organ = ((j - 40) / 60) ** 2 + ((i + 60 + number % 20) / 80) ** 2 < 1
    noise = np.random.default_rng(number).normal(0, 18, (SIDE, SIDE))
    return (24 + 1000 * inside + 120 * organ + np.abs(noise)).astype("<u2").tobytes()


def _bytes_of(dataset: pydicom.Dataset) -> bytes:
    from io import BytesIO

    written = BytesIO()
    dataset.save_as(written, enforce_file_format=True)
    return written.getvalue()


def _own(start: bytes, number: int) -> bytes:
    own = start.replace(_NUMBER.encode(), str(1_000_000 + number).encode())
    return own.replace(_HEIGHT.encode(), f"{1000 + 0.7 * number:.1f}".encode())


def _header(uid: str) -> pydicom.Dataset:
    dataset = pydicom.Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.SOPInstanceUID = f"{uid}.{_NUMBER}"
    dataset.SeriesInstanceUID, dataset.StudyInstanceUID = uid, "1.2.826.0.1.9"
    dataset.FrameOfReferenceUID, dataset.Modality = "1.2.826.0.1.9.9", "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    for keyword in _TEXTS:
        setattr(dataset, keyword, f"BENCH {keyword[:6].upper()}")
    for keyword in _NUMBERS:
        setattr(dataset, keyword, 1)
    for keyword in _DATES:
        setattr(dataset, keyword, "20240302")
    for keyword in _TIMES:
        setattr(dataset, keyword, "101112")
    dataset.ImagePositionPatient = [-180.5, -180.5, _HEIGHT]
    dataset.ImageOrientationPatient, dataset.PixelSpacing = [1, 0, 0, 0, 1, 0], [0.7, 0.7]
    dataset.InstanceNumber = _NUMBER
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows = dataset.Columns = SIDE
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 0
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = -1024, 1, "HU"
    blob = np.random.default_rng(1).bytes(9000)
    dataset.add_new(0x00290010, "LO", "BENCH")
    dataset.add_new(0x00291010, "OB", blob)
    return dataset
