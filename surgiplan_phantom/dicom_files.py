"""Writes the scan as CT Image Storage, one JPEG-LS lossless file a slice."""

import hashlib
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import CTImageStorage, JPEGLSLossless

from .options import Phase
from .patient import Patient
from .scanner import Pixels, Scan

NOTICE = "Synthetic phantom. Research use only, not for clinical use."

_CONTRAST = {
    Phase.SPLIT_BOLUS: ("CT torso, split bolus", "Iodine 350 mg/ml, two boluses"),
    Phase.NATIVE: ("CT torso, native", ""),
    Phase.ARTERIAL: ("CT torso, arterial", "Iodine 350 mg/ml"),
    Phase.PORTAL: ("CT torso, portal venous", "Iodine 350 mg/ml"),
}


def uid(patient: Patient, what: str) -> str:
    """A UID under 2.25 that follows from everything the caller chose."""
    digest = hashlib.sha256(f"surgiplan phantom {patient.options!r} {what}".encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big') >> 1}"


def frame_of_reference(patient: Patient) -> str:
    """The frame of reference of the scan."""
    return uid(patient, "frame of reference")


def write_slices(pixels: Pixels, scan: Scan, patient: Patient, folder: Path) -> None:
    """One file a slice into ``folder``, instance numbers from the head down."""
    folder.mkdir(parents=True, exist_ok=True)
    count = scan.shape_kji[0]
    for k in range(count):
        number = count - k
        dataset = _slice(pixels[k], k, number, scan, patient)
        dataset.save_as(folder / f"slice_{number:04d}.dcm", enforce_file_format=True)


def _slice(image: Pixels, k: int, number: int, scan: Scan, patient: Patient) -> Dataset:
    import jpeg_ls  # type: ignore[import-untyped, unused-ignore]

    dataset = _patient_and_study(patient)
    _series(dataset, patient)
    x, y, z = scan.origin_lps_mm
    dz, dy, dx = scan.spacing_kji_mm
    position = z + k * dz
    dataset.SOPInstanceUID = uid(patient, f"instance {number}")
    dataset.InstanceNumber = number
    dataset.ImagePositionPatient = [f"{x:.3f}", f"{y:.3f}", f"{position:.3f}"]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.SliceLocation = f"{position:.3f}"
    dataset.PixelSpacing = [f"{dy:g}", f"{dx:g}"]
    dataset.SliceThickness = f"{dz:g}"
    dataset.SpacingBetweenSlices = f"{dz:g}"
    dataset.Rows, dataset.Columns = image.shape
    stored = (image + 1024).astype(np.uint16)
    dataset.SmallestImagePixelValue = int(stored.min())
    dataset.LargestImagePixelValue = int(stored.max())
    dataset.PixelData = encapsulate([bytes(jpeg_ls.encode_array(stored))])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = JPEGLSLossless
    meta.ImplementationClassUID = "2.25.160412347581327648317241987214508213377"
    meta.ImplementationVersionName = "SP_PHANTOM_1"
    dataset.file_meta = meta
    return dataset


def scan_moment(patient: Patient) -> datetime:
    """Date and time of the scan, from the seed."""
    rng = patient.rng("dates")
    day = date(2023, 1, 9) + timedelta(days=int(rng.integers(0, 700)))
    start = datetime(day.year, day.month, day.day, 8, 0, 0)
    return start + timedelta(seconds=int(rng.integers(0, 9 * 3600)))


def _patient_and_study(patient: Patient) -> Dataset:
    moment = scan_moment(patient)
    birthday = moment.date() - timedelta(days=int(patient.age_years * 365.25 + 100))
    seed = patient.options.seed
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.SOPClassUID = CTImageStorage
    dataset.PatientName = f"PHANTOM^{seed:04d}"
    dataset.PatientID = f"PHANTOM-{seed:04d}"
    dataset.PatientBirthDate = birthday.strftime("%Y%m%d")
    dataset.PatientSex = patient.sex.value
    dataset.PatientAge = f"{patient.age_years:03d}Y"
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "Synthetic, no real patient"
    dataset.StudyInstanceUID = uid(patient, "study")
    dataset.StudyID = f"P{seed:04d}"
    dataset.StudyDescription = "Synthetic torso CT"
    dataset.AccessionNumber = f"PH{seed:06d}"
    dataset.ReferringPhysicianName = ""
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = moment.strftime("%Y%m%d")
    dataset.AcquisitionDate = dataset.StudyDate
    dataset.StudyTime = moment.strftime("%H%M%S")
    later = (moment + timedelta(minutes=4)).strftime("%H%M%S")
    dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = later
    return dataset


def _series(dataset: Dataset, patient: Patient) -> None:
    description, agent = _CONTRAST[patient.options.phase]
    dataset.Modality = "CT"
    dataset.SeriesInstanceUID = uid(patient, "series")
    dataset.FrameOfReferenceUID = frame_of_reference(patient)
    dataset.PositionReferenceIndicator = ""
    dataset.SeriesNumber = 2
    dataset.AcquisitionNumber = 1
    dataset.SeriesDescription = description
    dataset.ProtocolName = description
    dataset.BodyPartExamined = "CHESTABDPELVIS"
    dataset.PatientPosition = "FFS"
    dataset.ImageComments = "Synthetic phantom. Research use only."
    dataset.Manufacturer = "surgiplan_phantom"
    dataset.ManufacturerModelName = "Analytic torso"
    dataset.SoftwareVersions = "1"
    dataset.InstitutionName = "Synthetic"
    dataset.KVP = "120"
    dataset.XRayTubeCurrent = "260"
    dataset.ExposureTime = "500"
    dataset.ConvolutionKernel = "SOFT"
    dataset.GantryDetectorTilt = "0"
    dataset.ContrastBolusAgent = agent
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "-1024", "1", "HU"
    dataset.WindowCenter, dataset.WindowWidth = "60", "400"
    dataset.LossyImageCompression = "00"
