"""What an export repeats of the scan that it was drawn on: patient, study, frame, images."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from surgiplan import __version__
from surgiplan.model import Case, Points, Volume

from ..dicom.identity import OF_PATIENT_AND_STUDY

__all__ = ["Origin", "SourceImage", "code_item", "ds", "frame_uid_of", "origin_of"]

_DEMANDED = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate",
    "StudyTime", "AccessionNumber", "ReferringPhysicianName",
)  # fmt: skip
"""May be empty and must be there."""
_SAME_PLACE_MM = 0.11
"""A volume lies within 0.1 mm of its images."""


@dataclass(frozen=True)
class SourceImage:
    """One image of the scan, or one frame of it."""

    sop_class: str
    sop_uid: str
    frame: int | None
    """From 0; None in a file of one image."""
    position_lps: Points
    """Of its first voxel [mm], shape (3,)."""


@dataclass(frozen=True)
class Origin:
    """Whose scan it is and of which images; without identity, the pseudonym and no images."""

    pseudonym: str
    sex: str
    study_uid: str
    study_date: str
    series_uid: str
    frame_uid: str
    header: dict[str, Any]
    """DICOM JSON by tag; empty without identity."""
    images: tuple[SourceImage, ...]

    @property
    def remark(self) -> str:
        """What the exported file lacks, in a sentence, or empty."""
        if not self.header:
            return (
                "This case holds no name and number: the file says the pseudonym "
                f"{self.pseudonym or '(none)'} instead and refers to no images."
            )
        return ""

    def image_at(self, position_lps: Points) -> SourceImage | None:
        """The image whose first voxel lies at a position (3,) in LPS [mm]."""
        if not self.images:
            return None
        away = np.linalg.norm([one.position_lps - position_lps for one in self.images], axis=1)
        nearest = int(np.argmin(away))
        return self.images[nearest] if away[nearest] < _SAME_PLACE_MM else None

    def dataset(self, sop_class: str, modality: str, description: str) -> Any:
        """A new object of the same patient and study, in a new series, with its file header."""
        from pydicom.dataset import Dataset, FileMetaDataset
        from pydicom.uid import ExplicitVRLittleEndian, generate_uid

        known = Dataset.from_json(self.header)
        dataset = Dataset()
        for keyword in OF_PATIENT_AND_STUDY:
            if keyword in known:
                dataset[keyword] = known[keyword]
        if not self.header:
            dataset.PatientName = dataset.PatientID = self.pseudonym
            dataset.PatientSex, dataset.StudyInstanceUID = self.sex, self.study_uid
            dataset.StudyDate = self.study_date.replace("-", "")
        for keyword in _DEMANDED:
            if keyword not in dataset:
                setattr(dataset, keyword, "")
        if "StudyInstanceUID" not in dataset:
            dataset.StudyInstanceUID = self.study_uid
        now = datetime.now()
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, generate_uid(prefix=None)
        dataset.SeriesInstanceUID, dataset.SeriesNumber = generate_uid(prefix=None), 1000
        dataset.Modality, dataset.SeriesDescription = modality, description
        dataset.InstanceNumber = 1
        dataset.InstanceCreationDate = dataset.SeriesDate = now.strftime("%Y%m%d")
        dataset.InstanceCreationTime = dataset.SeriesTime = now.strftime("%H%M%S")
        dataset.Manufacturer = dataset.ManufacturerModelName = "surgiplan"
        dataset.DeviceSerialNumber, dataset.SoftwareVersions = "0", __version__
        dataset.FrameOfReferenceUID = self.frame_uid
        if "PositionReferenceIndicator" not in dataset:
            dataset.PositionReferenceIndicator = ""
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = sop_class
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        return dataset


def origin_of(case: Case, volume: Volume) -> Origin:
    """Where a volume of a case came from."""
    scans = case.identity.scans if case.identity and volume.source.series_uid else ()
    scan = next((one for one in scans if one["series_uid"] == volume.source.series_uid), None)
    images: tuple[SourceImage, ...] = ()
    if scan:
        images = tuple(
            SourceImage(str(scan["sop_class"]), str(uid), frame, np.array(position, float))
            for uid, frame, position in scan["images"]
            if position
        )
    return Origin(
        pseudonym=case.patient.pseudonym,
        sex=case.patient.sex,
        study_uid=volume.source.study_uid or _made_uid(volume, "study"),
        study_date=volume.source.study_date,
        series_uid=volume.source.series_uid,
        frame_uid=frame_uid_of(volume),
        header=dict(scan["header"]) if scan else {},
        images=images,
    )


def frame_uid_of(volume: Volume) -> str:
    """Its frame of reference; for a volume file, which has none, one made of its voxels."""
    return volume.grid.frame_uid or _made_uid(volume, "frame")


def code_item(value: str, scheme: str, meaning: str) -> Any:
    """A code as an item of a sequence."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning[:64]
    return item


def ds(numbers: Any) -> list[str]:
    """Decimal strings of at most 16 characters, as exact as those can be."""
    from pydicom.valuerep import format_number_as_ds

    return [format_number_as_ds(float(n) + 0.0) for n in np.ravel(numbers)]


def _made_uid(volume: Volume, what: str) -> str:
    """Always the same for the same voxels, so that what was exported finds its scan again."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, f'surgiplan {what} {volume.sha256}').int}"
