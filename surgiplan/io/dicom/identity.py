"""Reads who a series belongs to, and what a SEG or RTSTRUCT made from it must repeat."""

import json
from typing import Any

from surgiplan.model import Identity

from .headers import iso_date, text
from .quiet import quiet
from .series import ImageHeader, SeriesFound

__all__ = ["OF_PATIENT_AND_STUDY", "identity_of"]

OF_PATIENT_AND_STUDY = (
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex",
    "PatientAge", "PatientSize", "PatientWeight", "PatientIdentityRemoved",
    "DeidentificationMethod", "DeidentificationMethodCodeSequence",
    "LongitudinalTemporalInformationModified",
    "ClinicalTrialSponsorName", "ClinicalTrialProtocolID", "ClinicalTrialProtocolName",
    "ClinicalTrialSiteID", "ClinicalTrialSiteName", "ClinicalTrialSubjectID",
    "ClinicalTrialSubjectReadingID", "ClinicalTrialTimePointID",
    "StudyInstanceUID", "StudyID", "StudyDate", "StudyTime", "AccessionNumber",
    "ReferringPhysicianName", "StudyDescription", "PositionReferenceIndicator",
    "TimezoneOffsetFromUTC",
)  # fmt: skip
"""The modules of patient, trial, study and frame of reference, which all that is derived from a
scan repeats."""
_REPEATED = (
    *OF_PATIENT_AND_STUDY,
    "SeriesInstanceUID", "SeriesNumber", "SeriesDate", "SeriesTime", "SeriesDescription",
    "Modality", "BodyPartExamined", "Laterality", "PatientPosition", "FrameOfReferenceUID",
    "ImageType", "Rows", "Columns", "PixelSpacing", "SliceThickness", "ImageOrientationPatient",
)  # fmt: skip
"""Those, the series, and the size of the images that it refers to."""
_LARGEST_VALUE = 4096
"""No attribute above is longer in earnest [characters of JSON]."""
_SCANNED = ("SpecificCharacterSet", *_REPEATED)


def identity_of(series: SeriesFound) -> Identity:
    """Name, number, birth date and source headers of a series, without its pixels.

    What cannot be read of a damaged header is left out.
    """
    # pydicom makes values of bytes when they are asked for, and then quotes those that are odd.
    with quiet():
        dataset = _first_header(series.stack[0])
        who = {
            "name": text(dataset, "PatientName"),
            "patient_id": text(dataset, "PatientID"),
            "birth_date": iso_date(text(dataset, "PatientBirthDate")),
        }
        header = _as_json(dataset)
    scan = {
        "series_uid": series.uid,
        "sop_class": series.stack[0].sop_class,
        "header": header,
        "images": [[one.sop_uid, one.frame, one.position] for one in series.stack],
    }
    return Identity.of(who, [scan])


def _first_header(header: ImageHeader) -> Any:
    """The attributes above, as one image has them; nothing where its file cannot be read."""
    import pydicom

    try:
        with header.open() as file:
            return pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(_SCANNED))
    except Exception:
        # A damaged file can raise nearly anything in a parser; the voxels are read all the same.
        return pydicom.Dataset()


def _as_json(dataset: Any) -> dict[str, Any]:
    """The attributes by tag, ``{"00100020": {"vr": "LO", "Value": ["4711"]}}``."""
    found: dict[str, Any] = {}
    for keyword in _REPEATED:
        try:
            element = dataset[keyword]
            document = element.to_json_dict(None, _LARGEST_VALUE)
            if len(json.dumps(document, allow_nan=False)) > _LARGEST_VALUE:
                continue
        except Exception:
            # Missing, or not what its type allows: an export then leaves it empty as well.
            continue
        found[f"{int(element.tag):08X}"] = document
    return found
