"""What kinds of DICOM objects there are, and what a person calls those that are no slices."""

from collections.abc import Mapping
from types import MappingProxyType

from .quiet import quiet
from .series import ImageHeader

__all__ = ["DIRECTORY", "ENHANCED", "SLICES", "modality_of", "why_no_slice"]

DIRECTORY = "1.2.840.10008.1.3.10"
_STORAGE = "1.2.840.10008.5.1.4.1.1."
SLICES: Mapping[str, str] = MappingProxyType(
    {_STORAGE + "2": "CT", _STORAGE + "4": "MR", _STORAGE + "128": "PET"}
)
"""Classes of which one file is one slice."""
ENHANCED: Mapping[str, str] = MappingProxyType(
    {
        _STORAGE + "2.1": "CT",
        _STORAGE + "2.2": "CT",
        _STORAGE + "4.1": "MR",
        _STORAGE + "4.4": "MR",
        _STORAGE + "130": "PET",
        _STORAGE + "128.1": "PET",
    }
)
"""Classes of which each frame of a file is a slice, described in functional groups."""
_PICTURES = {
    "LOCALIZER": "a scout, an overview for planning the scan",
    "SCOUT": "a scout, an overview for planning the scan",
    "SCREEN SAVE": "a picture of a screen",
    "DOSE_INFO": "a dose report",
    "REPORT": "a report",
}
"""Image types of CT, MR and PET files that are no slices."""
_OTHERS = (
    ("7", "a secondary capture"),
    ("3.1", "an ultrasound clip"),
    ("3", "an ultrasound clip"),
    ("6.1", "an ultrasound picture"),
    ("6", "an ultrasound picture"),
    ("20", "a nuclear medicine picture"),
    ("1", "an X-ray picture"),
    ("12", "an angiography run"),
    ("13", "X-ray tomosynthesis"),
    ("9", "a curve (waveform)"),
    ("66.4", "a segmentation; import it with segments import once its scan is in a case"),
    ("66.7", "a segmentation; import it with segments import once its scan is in a case"),
    ("66", "a registration or other result made from images"),
    ("11", "a saved way of showing images (presentation state)"),
    ("77", "a photograph or microscope picture"),
    ("88.67", "a dose report"),
    ("88.22", "a dose report"),
    ("88", "a written report (structured report)"),
    ("104.1", "a report as PDF"),
    ("104", "a document"),
    ("481.3", "a set of contours (RTSTRUCT); import it with segments import once its scan "
     "is in a case"),
    ("481.2", "a radiotherapy dose (RTDOSE)"),
    ("481", "a radiotherapy plan or record"),
    ("30", "a parametric map"),
)  # fmt: skip
"""By the end of the class UID, the more special first: what a person calls such a file."""


def modality_of(sop_class: str, stated: str) -> str:
    """``CT``, ``MR`` or ``PT`` as the class says, which the pixels follow; else what was stated."""
    kind = SLICES.get(sop_class) or ENHANCED.get(sop_class)
    return {"PET": "PT"}.get(kind, kind) if kind else stated


def why_no_slice(image: ImageHeader) -> str:
    """Why this is no slice of a volume, as a sentence without its stop; empty if it may be one."""
    is_scan = image.sop_class in SLICES or image.sop_class in ENHANCED
    is_capture = image.sop_class.startswith(_STORAGE + "7")
    if image.photometric == "PALETTE COLOR" and (is_scan or is_capture):
        return "This is a palette-colour picture, not a slice"
    if not is_scan:
        return f"This is {_name(image)}, not a slice of a CT, MR or PET scan"
    if pictures := [_PICTURES[t] for t in map(str.upper, image.image_type) if t in _PICTURES]:
        return f"This is {pictures[0]}, not a slice"
    if not image.samples:
        return "This is an image of unknown layout"
    if image.samples != 1 or image.photometric not in ("MONOCHROME1", "MONOCHROME2"):
        return f"This is a colour picture ({image.photometric or 'unknown'}), not a slice"
    if image.frame is None and image.frames != 1 and image.sop_class not in ENHANCED:
        return f"This is a multi-frame file ({image.frames}) that does not say where its frames lie"
    if image.bits not in (8, 16, 32) or not image.rows * image.columns:
        return "This is an image of unknown layout"
    return ""


def _name(image: ImageHeader) -> str:
    frames = f" of {image.frames} frames" if image.frames > 1 else ""
    for end, name in _OTHERS:
        if image.sop_class == _STORAGE + end or image.sop_class.startswith(_STORAGE + end + "."):
            what, _, advice = name.partition(";")
            return f"{what}{frames}" + (f" ({advice.strip()})" if advice else "")
    return f"{_official(image.sop_class)}{frames}"


def _official(sop_class: str) -> str:
    from pydicom.uid import UID

    with quiet():
        name = UID(sop_class).name
    known = name and name != sop_class
    return f"a file of the class {name.removesuffix(' Storage')}" if known else "of unknown class"
