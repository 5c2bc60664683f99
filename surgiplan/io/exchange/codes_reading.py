"""Codes and references in the headers of segmentations and structure sets, as plain JSON."""

from typing import Any

from ..dicom.header_values import text

__all__ = ["anatomy_json", "items", "references"]

_MOST_REFERENCES = 100_000


def items(dataset: Any, keyword: str) -> list[Any]:
    """The items of a sequence; none where it is missing or no sequence."""
    from pydicom.sequence import Sequence

    found = dataset.get(keyword) if dataset is not None else None
    return list(found) if isinstance(found, Sequence) else []


def anatomy_json(item: Any, kind: str) -> dict[str, Any] | None:
    """Category, kind (in the sequence called ``kind``), region, sides; None if incomplete."""
    types, regions = items(item, kind), items(item, "AnatomicRegionSequence")
    found = {
        "category": _code(items(item, "SegmentedPropertyCategoryCodeSequence")),
        "kind": _code(types),
        "side": _code(items(next(iter(types), None), "SegmentedPropertyTypeModifierCodeSequence")),
        "region": _code(regions),
        "region_side": _code(items(next(iter(regions), None), "AnatomicRegionModifierSequence")),
    }
    return found if found["category"] and found["kind"] else None


def references(dataset: Any) -> dict[str, Any]:
    """The frame of reference, and the series and images that a segmentation was drawn on."""
    series, images = [], []
    for one in items(dataset, "ReferencedSeriesSequence"):
        series.append(text(one, "SeriesInstanceUID"))
        images += [
            text(image, "ReferencedSOPInstanceUID")
            for image in items(one, "ReferencedInstanceSequence")[:_MOST_REFERENCES]
        ]
    if not images:
        for frame in items(dataset, "PerFrameFunctionalGroupsSequence"):
            for derivation in items(frame, "DerivationImageSequence"):
                images += [
                    text(image, "ReferencedSOPInstanceUID")
                    for image in items(derivation, "SourceImageSequence")
                ]
    return {
        "frame": text(dataset, "FrameOfReferenceUID"),
        "series": sorted(set(series)),
        "images": sorted(set(images[:_MOST_REFERENCES])),
    }


def _code(found: list[Any]) -> list[str] | None:
    """Value, scheme and meaning of the first item; old SNOMED designators as they are."""
    if not found:
        return None
    code = [text(found[0], key) for key in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")]
    return [part[:64] for part in code] if code[0] and code[1] else None
