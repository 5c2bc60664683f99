"""Multi-frame CT, MR and PET: the header of each frame from the functional groups of its file."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .header_values import PHASE_TAGS, first_number, numbers, one_number, several, stated_unit
from .series import ImageHeader

__all__ = ["GROUP_TAGS", "frame_headers"]

GROUP_TAGS = (
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "DimensionIndexSequence",
)  # fmt: skip
_POSITION_DIMENSIONS = {0x00209057, 0x00200032, 0x00209113, 0x0020930F}
"""Indices that only number the places of the slices: these tell no phases apart."""
_MARKS: dict[str, tuple[tuple[str, str], ...]] = {
    "TemporalPositionIdentifier": (("FrameContentSequence", "TemporalPositionIndex"),),
    "NominalPercentageOfCardiacPhase": (
        ("CardiacSynchronizationSequence", "NominalPercentageOfCardiacPhase"),
    ),
    "TriggerTime": (
        ("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime"),
        ("CardiacSynchronizationSequence", "ActualCardiacTriggerDelayTime"),
    ),
    "EchoTime": (("MREchoSequence", "EffectiveEchoTime"),),
    "DiffusionBValue": (("MRDiffusionSequence", "DiffusionBValue"),),
    "AcquisitionNumber": (("FrameContentSequence", "FrameAcquisitionNumber"),),
    "ConvolutionKernel": (("CTReconstructionSequence", "ConvolutionKernel"),),
    "ImageType": (
        ("MRImageFrameTypeSequence", "FrameType"),
        ("CTImageFrameTypeSequence", "FrameType"),
        ("PETFrameTypeSequence", "FrameType"),
    ),
    "AcquisitionTime": (
        ("FrameContentSequence", "FrameAcquisitionDateTime"),
        ("FrameContentSequence", "FrameReferenceDateTime"),
    ),
    "StackID": (("FrameContentSequence", "StackID"),),
}
"""Where a frame keeps what a single image has at its top."""
_CONVERTED = "UnassignedPerFrameConvertedAttributesSequence"
"""Where a converter keeps what it found at the top of the images that it put together."""


def frame_headers(whole: ImageHeader, dataset: Any) -> tuple[ImageHeader, ...]:
    """One header for each frame of a file whose own header is ``whole``, in the file's order.

    ``whole`` alone, without a place, where the groups do not describe each frame once.
    """
    shared = _items(dataset, "SharedFunctionalGroupsSequence")[:1]
    frames = _items(dataset, "PerFrameFunctionalGroupsSequence")
    if not frames or len(frames) != whole.frames:
        return (replace(whole, orientation=None, position=None),)
    dimensions = _telling_dimensions(dataset)
    return tuple(
        _frame_header(whole, n, _Groups([frame, *shared]), dimensions)
        for n, frame in enumerate(frames)
    )


class _Groups:
    """The functional groups of one frame: its own, else those that all frames share."""

    def __init__(self, places: Sequence[Any]) -> None:
        self._places = places

    def __getitem__(self, sequence: str) -> Any:
        for place in self._places:
            if items := _items(place, sequence):
                return items[0]
        return {}


def _frame_header(
    whole: ImageHeader, n: int, groups: _Groups, dimensions: tuple[int, ...]
) -> ImageHeader:
    spacing = numbers(groups["PixelMeasuresSequence"], "PixelSpacing", 2)
    values = groups["PixelValueTransformationSequence"]
    window = groups["FrameVOILUTSequence"]
    center, width = (first_number(window, t) for t in ("WindowCenter", "WindowWidth"))
    marks = tuple(_mark(groups, tag, dimensions) for tag in PHASE_TAGS)
    kind_of_values = " ".join(several(values, "RescaleType"))
    kind = marks[PHASE_TAGS.index("ImageType")]
    return replace(
        whole,
        frame=n,
        instance=n + 1,
        spacing_mm=(spacing[0], spacing[1]) if spacing and min(spacing) > 0 else None,
        orientation=numbers(groups["PlaneOrientationSequence"], "ImageOrientationPatient", 6),
        position=numbers(groups["PlanePositionSequence"], "ImagePositionPatient", 3),
        slope=one_number(values, "RescaleSlope", whole.slope),
        intercept=one_number(values, "RescaleIntercept", whole.intercept),
        is_calibrated=whole.is_calibrated or bool(several(values, "RescaleIntercept")),
        window_level=(
            (width, center) if center is not None and width and width > 0 else whole.window_level
        ),
        image_type=tuple(kind.split("\\")) if kind else whole.image_type,
        phase_marks=marks,
        stated_unit=stated_unit(whole.modality, kind_of_values, "")
        if kind_of_values and whole.modality == "CT"
        else whole.stated_unit,
    )


def _mark(groups: _Groups, tag: str, dimensions: tuple[int, ...]) -> str:
    if tag == "DimensionIndexValues":
        indices = several(groups["FrameContentSequence"], tag)
        return "\\".join(indices[n] for n in dimensions if n < len(indices))
    for sequence, keyword in _MARKS.get(tag, ()):
        if found := several(groups[sequence], keyword):
            return "\\".join(found)
    return "\\".join(several(groups[_CONVERTED], tag))


def _telling_dimensions(dataset: Any) -> tuple[int, ...]:
    """Which of the numbers of a frame's index may tell phases apart."""
    pointers = [
        int(item.get("DimensionIndexPointer") or 0)
        for item in _items(dataset, "DimensionIndexSequence")
    ]
    return tuple(n for n, tag in enumerate(pointers) if tag not in _POSITION_DIMENSIONS)


def _items(dataset: Any, keyword: str) -> Sequence[Any]:
    """The items of a sequence; none where it is missing or something else."""
    try:
        found = dataset.get(keyword)
        return list(found) if found is not None and not isinstance(found, str | bytes) else []
    except Exception:
        # A damaged file can raise nearly anything in a parser: such a frame has no such group.
        return []
