"""DICOM structure sets out: closed planar contours on the slices of the scan."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from surgiplan import RESEARCH_USE
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Segment, VoxelGrid

from .anatomy import anatomy_of, colour_of
from .contours import outlines
from .origin import Origin, SourceImage
from .seg_writing import add_codes

__all__ = ["RTSTRUCT_CLASS", "structure_set"]

RTSTRUCT_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"
_STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"
"""Detached Study Management, as the attribute still demands."""


def structure_set(
    segments: Sequence[Segment], grid: VoxelGrid, origin: Origin, report: Report = silent
) -> Any:
    """An RTSTRUCT of segments that lie on ``grid``, the scan's; holes are keyholes."""
    from pydicom.dataset import Dataset
    from pydicom.uid import ImplicitVRLittleEndian

    dataset = origin.dataset(RTSTRUCT_CLASS, "RTSTRUCT", "Structures")
    day, time = datetime.now().strftime("%Y%m%d %H%M%S").split()
    # Explicit lengths end at 64 KiB, which the outline of a body exceeds.
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.StructureSetLabel, dataset.StructureSetName = "SURGIPLAN", "Segments"
    dataset.StructureSetDescription = RESEARCH_USE
    dataset.StructureSetDate, dataset.StructureSetTime = day, time
    dataset.ApprovalStatus = "UNAPPROVED"
    dataset.ReferencedFrameOfReferenceSequence = [_frame(origin)]
    rois, drawn, observed = [], [], []
    for number, segment in enumerate(segments, start=1):
        report(0.9 * number / (len(segments) + 1), f"Drawing the contours of {segment.name}")
        roi = Dataset()
        roi.ROINumber, roi.ROIName = number, segment.name[:64] or segment.id[:64]
        roi.ReferencedFrameOfReferenceUID = origin.frame_uid
        roi.ROIGenerationAlgorithm = "SEMIAUTOMATIC" if segment.made_by else "MANUAL"
        rois.append(roi)
        contours = Dataset()
        colour = colour_of(segment)
        contours.ROIDisplayColor = [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
        contours.ContourSequence = _contours(segment, grid, origin)
        contours.ReferencedROINumber = number
        drawn.append(contours)
        observed.append(_observation(number, segment))
    dataset.StructureSetROISequence, dataset.ROIContourSequence = rois, drawn
    dataset.RTROIObservationsSequence = observed
    return dataset


def _contours(segment: Segment, grid: VoxelGrid, origin: Origin) -> list[Any]:
    from pydicom.dataset import Dataset

    low_k = segment.grid.box_in(grid)[0].start
    made = []
    for k in np.flatnonzero(segment.mask.any(axis=(1, 2))):
        image = origin.image_at(grid.to_lps((k + low_k, 0, 0)))
        for polygon in outlines(segment.mask[k]):
            points = segment.grid.to_lps(np.insert(polygon, 0, k, axis=1))
            contour = Dataset()
            if image:
                contour.ContourImageSequence = [_reference(image)]
            contour.ContourGeometricType = "CLOSED_PLANAR"
            contour.NumberOfContourPoints = len(points)
            contour.ContourData = [f"{number:.4f}" for number in points.ravel() + 0.0]
            made.append(contour)
    return made


def _observation(number: int, segment: Segment) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ObservationNumber = item.ReferencedROINumber = number
    item.ROIObservationLabel = segment.name[:16]
    item.RTROIInterpretedType = item.ROIInterpreter = ""
    add_codes(item, anatomy_of(segment))
    # A structure set says the type under a name of its own.
    item.RTROIIdentificationCodeSequence = item.SegmentedPropertyTypeCodeSequence
    del item.SegmentedPropertyTypeCodeSequence
    return item


def _frame(origin: Origin) -> Any:
    """Frame of reference, study, series and every image that a contour may name."""
    from pydicom.dataset import Dataset

    frame = Dataset()
    frame.FrameOfReferenceUID = origin.frame_uid
    if not origin.images:
        return frame
    study, series = Dataset(), Dataset()
    study.ReferencedSOPClassUID = _STUDY_CLASS
    study.ReferencedSOPInstanceUID = origin.study_uid
    series.SeriesInstanceUID = origin.series_uid
    named = {image.sop_uid: image for image in origin.images}
    series.ContourImageSequence = [_reference(image, whole=True) for image in named.values()]
    study.RTReferencedSeriesSequence = [series]
    frame.RTReferencedStudySequence = [study]
    return frame


def _reference(image: SourceImage, *, whole: bool = False) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.sop_class, image.sop_uid
    if image.frame is not None and not whole:
        item.ReferencedFrameNumber = image.frame + 1
    return item
