"""Small DICOM series with known places, written by the tests themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

CT = "1.2.840.10008.5.1.4.1.1.2"
STUDY, SERIES, FRAME = "1.2.826.0.1.5.1", "1.2.826.0.1.5.2", "1.2.826.0.1.5.3"
STEP_MM, ROWS_MM, COLUMNS_MM = 1.3, 0.7, 0.4
SHAPE = (9, 12, 10)


def oblique() -> np.ndarray:
    """Rotation whose columns are the directions of slice, row and column number."""
    angles = np.radians([20.0, -35.0, 50.0])
    c, s = np.cos(angles), np.sin(angles)
    turn = (
        np.array([[1, 0, 0], [0, c[0], -s[0]], [0, s[0], c[0]]])
        @ np.array([[c[1], 0, s[1]], [0, 1, 0], [-s[1], 0, c[1]]])
        @ np.array([[c[2], -s[2], 0], [s[2], c[2], 0], [0, 0, 1]])
    )
    return turn[:, ::-1]


def body(shape: Sequence[int] = SHAPE) -> np.ndarray:
    """HU values that no flip or swap of axes leaves alike."""
    k, j, i = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    return (-800 + 150 * k + 11 * j + i * i).astype(np.int16)


@dataclass
class Slice:
    """One image to be written; a test changes it first."""

    pixels: np.ndarray
    position: np.ndarray
    tags: dict[str, Any] = field(default_factory=dict)


def slices(
    values: np.ndarray | None = None,
    directions: np.ndarray | None = None,
    origin: Sequence[float] = (-31.0, 17.0, 101.0),
    step_mm: float = STEP_MM,
) -> list[Slice]:
    """A sound series: ``values`` in HU, stacked along the first of ``directions`` (columns)."""
    values = body() if values is None else values
    directions = np.eye(3)[:, ::-1] if directions is None else directions
    orientation = [*directions[:, 2], *directions[:, 1]]
    return [
        Slice(plane, np.add(origin, k * step_mm * directions[:, 0]), {
            "ImageOrientationPatient": [float(f"{x:.12f}") for x in orientation],
            "InstanceNumber": k + 1,
        })
        for k, plane in enumerate(values)
    ]  # fmt: skip


def write(
    folder: Path,
    images: Sequence[Slice],
    seed: int = 0,
    syntax: str = ExplicitVRLittleEndian,
    **tags: Any,
) -> Path:
    """Write images under shuffled names and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    names = np.random.default_rng(seed).permutation(len(images) + 1000)
    for n, image in enumerate(images):
        dataset = header(n)
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.ImagePositionPatient = [float(f"{x:.9f}") for x in image.position]
        dataset.Rows, dataset.Columns = image.pixels.shape
        for name, value in {**image.tags, **tags}.items():
            if value is None:
                del dataset[name]
            else:
                setattr(dataset, name, value)
        stored = image.pixels.astype(np.int32) - int(dataset.RescaleIntercept)
        dataset.PixelData = stored.astype("<i2" if dataset.PixelRepresentation else "<u2").tobytes()
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.save_as(folder / f"image{names[n]:04d}", enforce_file_format=True)
    return folder


def header(number: int) -> pydicom.Dataset:
    dataset = pydicom.Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.5.4.{number + 1}"
    dataset.SOPClassUID = CT
    dataset.SOPInstanceUID = f"1.2.826.0.1.5.4.{number + 1}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, SERIES
    dataset.FrameOfReferenceUID = FRAME
    dataset.Modality, dataset.SeriesDescription, dataset.StudyDate = "CT", "Portal", "20240302"
    dataset.PatientName, dataset.PatientID = "ZZCANARY^Berta", "ZZ-4711"
    dataset.PatientBirthDate, dataset.PatientSex = "19600302", "F"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.PixelSpacing = [ROWS_MM, COLUMNS_MM]
    dataset.SliceThickness, dataset.SpacingBetweenSlices = 9.9, -9.9
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 0
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
    dataset.WindowCenter, dataset.WindowWidth = [40, 300], [400, 1500]
    return dataset
