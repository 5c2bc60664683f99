"""DICOM segmentations out: binary (may overlap), fractional or label map."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan import RESEARCH_USE
from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report, silent
from surgiplan.model import CodedAnatomy, Segment, VoxelGrid

from .anatomy import anatomy_of, colour_of, to_cielab
from .origin import Origin, code_item, ds

__all__ = [
    "LABELMAP_CLASS",
    "SEG_CLASS",
    "SegKind",
    "add_codes",
    "label_array",
    "segmentation_dataset",
]

SEG_CLASS = "1.2.840.10008.5.1.4.1.1.66.4"
LABELMAP_CLASS = "1.2.840.10008.5.1.4.1.1.66.7"
_LARGEST_PIXEL_BYTES = 2 << 30
_FULL = 255
"""What a voxel that belongs to a segment holds in a fractional segmentation."""


class SegKind(Enum):
    """How the voxels of a DICOM segmentation are stored."""

    BINARY = "binary"
    FRACTIONAL = "fractional"
    LABELMAP = "labelmap"


def segmentation_dataset(
    segments: Sequence[Segment],
    grid: VoxelGrid,
    origin: Origin,
    kind: SegKind = SegKind.BINARY,
    report: Report = silent,
) -> Any:
    """A DICOM segmentation of segments that lie on ``grid``, the scan's, one frame a slice.

    Slices without a voxel are left out.  Raises SegmentationError where a label map would have to
    hold two segments in one voxel, and for more than 2 GiB.
    """
    frames = _Frames(grid, kind)
    for number, plane_k, plane in _planes(segments, grid, kind):
        report(0.9 * min(number / (len(segments) + 1), 1.0), "Writing segmentation")
        frames.add(number, plane_k, plane)
    dataset = origin.dataset(
        LABELMAP_CLASS if kind is SegKind.LABELMAP else SEG_CLASS, "SEG", "Segmentation"
    )
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    now = datetime.now()
    dataset.ContentDate, dataset.ContentTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    dataset.ContentLabel, dataset.ContentDescription = "SEGMENTATION", RESEARCH_USE[:64]
    dataset.ContentCreatorName = ""
    dataset.LossyImageCompression = "00"
    _describe_pixels(dataset, grid, kind, frames)
    has_overlap = kind is not SegKind.LABELMAP and _do_overlap(segments, grid)
    dataset.SegmentsOverlap = "YES" if has_overlap else "NO"
    dataset.SegmentSequence = [_segment_item(n, one) for n, one in enumerate(segments, start=1)]
    if kind is SegKind.LABELMAP:
        dataset.SegmentSequence.insert(0, _background())
    _refer(dataset, origin)
    _place(dataset, grid, origin, kind, frames)
    return dataset


def _planes(
    segments: Sequence[Segment], grid: VoxelGrid, kind: SegKind
) -> Iterator[tuple[int, int, npt.NDArray[Any]]]:
    """Segment number (or 0 for a label map), slice of the scan, and its plane (rows, columns)."""
    if kind is SegKind.LABELMAP:
        labels = label_array(segments, grid)
        for k in np.flatnonzero(labels.any(axis=(1, 2))):
            yield 0, int(k), labels[k]
        return
    for number, segment in enumerate(segments, start=1):
        box = segment.grid.box_in(grid)
        for k in np.flatnonzero(segment.mask.any(axis=(1, 2))):
            plane = np.zeros(grid.shape[1:], bool)
            plane[box[1:]] = segment.mask[k]
            yield number, int(k) + box[0].start, plane


def label_array(segments: Sequence[Segment], grid: VoxelGrid) -> npt.NDArray[np.uint16]:
    """Numbers 1, 2, ... of the segments on the scan's grid; 0 elsewhere.

    Raises SegmentationError naming two segments that share a voxel.
    """
    labels = np.zeros(grid.shape, np.uint16 if len(segments) > 255 else np.uint8)
    for number, segment in enumerate(segments, start=1):
        view = labels[segment.grid.box_in(grid)]
        if taken := int(view[segment.mask].max(initial=0)):
            raise SegmentationError(
                f"{segment.name} and {segments[taken - 1].name} share voxels, which one label map "
                "cannot hold; export them as binary DICOM SEG, as RTSTRUCT, or one by one."
            )
        view[segment.mask] = number
    return labels


def _do_overlap(segments: Sequence[Segment], grid: VoxelGrid) -> bool:
    seen = np.zeros(grid.shape, bool)
    for segment in segments:
        view = seen[segment.grid.box_in(grid)]
        if np.any(view & segment.mask):
            return True
        view |= segment.mask
    return False


@dataclass
class _Frames:
    """The frames so far, as they are stored; bits run on from frame to frame."""

    grid: VoxelGrid
    kind: SegKind
    places: list[tuple[int, int]] = field(default_factory=list)
    """Segment number and slice of each."""
    pieces: list[bytes] = field(default_factory=list)
    bits: int = 1
    """Of a voxel."""
    _rest: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    def add(self, number: int, k: int, plane: npt.NDArray[Any]) -> None:
        self.places.append((number, k))
        self.bits = 1 if self.kind is SegKind.BINARY else 8 * plane.itemsize
        if len(self.places) * plane.size * self.bits > 8 * _LARGEST_PIXEL_BYTES:
            raise SegmentationError(
                "These segments need more than 2 GiB in one DICOM file; export fewer at a time."
            )
        if self.kind is SegKind.LABELMAP:
            self.pieces.append(np.ascontiguousarray(plane, plane.dtype.newbyteorder("<")).tobytes())
        elif self.kind is SegKind.FRACTIONAL:
            self.pieces.append((plane * np.uint8(_FULL)).tobytes())
        else:
            together = np.concatenate([self._rest, plane.ravel()])
            whole = together.size // 8 * 8
            self.pieces.append(np.packbits(together[:whole], bitorder="little").tobytes())
            self._rest = together[whole:]

    def stored(self) -> bytes:
        """All pixels, an even number of bytes."""
        raw = b"".join([*self.pieces, np.packbits(self._rest, bitorder="little").tobytes()])
        return raw + b"\0" * (len(raw) % 2)


def _describe_pixels(dataset: Any, grid: VoxelGrid, kind: SegKind, frames: _Frames) -> None:
    bits = frames.bits
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.PixelRepresentation, dataset.NumberOfFrames = 0, len(frames.places)
    dataset.Rows, dataset.Columns = grid.shape[1:]
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.SegmentationType = kind.name
    if kind is SegKind.FRACTIONAL:
        dataset.SegmentationFractionalType, dataset.MaximumFractionalValue = "OCCUPANCY", _FULL
    if kind is SegKind.LABELMAP:
        dataset.PixelPaddingValue = 0
    dataset.add_new(0x7FE00010, "OW" if bits == 16 else "OB", frames.stored())


def _segment_item(number: int, segment: Segment) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.SegmentNumber, item.SegmentLabel = number, segment.name[:64] or segment.id[:64]
    method = segment.made_by.partition(":")[0].strip()
    item.SegmentAlgorithmType = "SEMIAUTOMATIC" if method else "MANUAL"
    if method:
        item.SegmentAlgorithmName = method[:64]
    item.RecommendedDisplayCIELabValue = to_cielab(colour_of(segment))
    add_codes(item, anatomy_of(segment))
    return item


def add_codes(item: Any, anatomy: CodedAnatomy) -> None:
    """Property category and type with its side, and anatomic region with its own."""
    category, kind = anatomy.category, anatomy.kind
    item.SegmentedPropertyCategoryCodeSequence = [code_item(*_triple(category))]
    type_item = code_item(*_triple(kind))
    if anatomy.side:
        type_item.SegmentedPropertyTypeModifierCodeSequence = [code_item(*_triple(anatomy.side))]
    item.SegmentedPropertyTypeCodeSequence = [type_item]
    if anatomy.region:
        region = code_item(*_triple(anatomy.region))
        if anatomy.region_side:
            region.AnatomicRegionModifierSequence = [code_item(*_triple(anatomy.region_side))]
        item.AnatomicRegionSequence = [region]


def _triple(code: Any) -> tuple[str, str, str]:
    return code.value, code.scheme, code.meaning


def _background() -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.SegmentNumber, item.SegmentLabel, item.SegmentAlgorithmType = 0, "Background", "MANUAL"
    category = code_item("309825002", "SCT", "Spatial and Relational Concept")
    item.SegmentedPropertyCategoryCodeSequence = [category]
    item.SegmentedPropertyTypeCodeSequence = [code_item("125040", "DCM", "Background")]
    return item


def _refer(dataset: Any, origin: Origin) -> None:
    from pydicom.dataset import Dataset

    if not origin.images:
        return
    named: dict[str, Any] = {}
    for image in origin.images:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.sop_class, image.sop_uid
        named[image.sop_uid] = item
    series = Dataset()
    series.SeriesInstanceUID = origin.series_uid
    series.ReferencedInstanceSequence = list(named.values())
    dataset.ReferencedSeriesSequence = [series]


def _place(dataset: Any, grid: VoxelGrid, origin: Origin, kind: SegKind, frames: _Frames) -> None:
    """Where each frame lies, which segment it shows, and which image it was drawn on."""
    from pydicom.dataset import Dataset
    from pydicom.uid import generate_uid

    organization = Dataset()
    organization.DimensionOrganizationUID = generate_uid(prefix=None)
    dataset.DimensionOrganizationSequence = [organization]
    pointers = [(0x00200032, 0x00209113, "Image Position")]
    if kind is not SegKind.LABELMAP:
        pointers.insert(0, (0x0062000B, 0x0062000A, "Segment Number"))
    dataset.DimensionIndexSequence = []
    for pointer, group, label in pointers:
        item = Dataset()
        item.DimensionIndexPointer, item.FunctionalGroupPointer = pointer, group
        item.DimensionOrganizationUID = organization.DimensionOrganizationUID
        item.DimensionDescriptionLabel = label
        dataset.DimensionIndexSequence.append(item)
    dataset.SharedFunctionalGroupsSequence = [_shared(grid)]
    ranks = {k: n for n, k in enumerate(sorted({k for _, k in frames.places}), start=1)}
    described = []
    for number, k in frames.places:
        item, content, position = Dataset(), Dataset(), Dataset()
        place = grid.to_lps((k, 0, 0))
        content.DimensionIndexValues = [number, ranks[k]] if number else [ranks[k]]
        position.ImagePositionPatient = ds(place)
        item.FrameContentSequence, item.PlanePositionSequence = [content], [position]
        if number:
            of = Dataset()
            of.ReferencedSegmentNumber = number
            item.SegmentIdentificationSequence = [of]
        if image := origin.image_at(place):
            item.DerivationImageSequence = [_derivation(image)]
        described.append(item)
    dataset.PerFrameFunctionalGroupsSequence = described


def _shared(grid: VoxelGrid) -> Any:
    from pydicom.dataset import Dataset

    step, rows_mm, columns_mm = grid.spacing_mm
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    directions = grid.affine[:3, :3] / grid.spacing_mm
    orientation.ImageOrientationPatient = ds([*directions[:, 2], *directions[:, 1]])
    measures.PixelSpacing = ds([rows_mm, columns_mm])
    measures.SliceThickness, measures.SpacingBetweenSlices = ds([step, step])
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    return shared


def _derivation(image: Any) -> Any:
    from pydicom.dataset import Dataset

    source, derivation = Dataset(), Dataset()
    source.ReferencedSOPClassUID = image.sop_class
    source.ReferencedSOPInstanceUID = image.sop_uid
    if image.frame is not None:
        source.ReferencedFrameNumber = image.frame + 1
    purpose = code_item("121322", "DCM", "Source image for image processing operation")
    source.PurposeOfReferenceCodeSequence = [purpose]
    derivation.SourceImageSequence = [source]
    derivation.DerivationCodeSequence = [code_item("113076", "DCM", "Segmentation")]
    return derivation
