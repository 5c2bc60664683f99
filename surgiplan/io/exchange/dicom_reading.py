"""Tells DICOM segmentations from structure sets; runs in a decoder."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from surgiplan.errors import DicomError

from ..dicom.header_values import text
from ..dicom.quiet import quiet
from .rt_reading import stored_structures
from .rt_writing import RTSTRUCT_CLASS
from .seg_reading import stored_segmentation
from .seg_writing import LABELMAP_CLASS, SEG_CLASS

__all__ = ["stored_segments"]


def stored_segments(path: Path) -> npt.NDArray[np.uint8]:
    """The parcel of a DICOM segmentation or structure set.

    Raises DicomError for any other file, a damaged one too.
    """
    sop_class = _sop_class(path)
    if sop_class in (SEG_CLASS, LABELMAP_CLASS):
        return stored_segmentation(path)
    if sop_class == RTSTRUCT_CLASS:
        return stored_structures(path)
    raise DicomError(
        f"{path.name} is no segmentation that this program reads (DICOM SEG, RTSTRUCT, or a label "
        "map in NIfTI, NRRD or MetaImage); choose another file."
    )


def _sop_class(path: Path) -> str:
    import pydicom

    with quiet():
        try:
            head = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["SOPClassUID"])
        except Exception:
            # A damaged file can raise nearly anything in a parser.
            return ""
        return text(head, "SOPClassUID")
