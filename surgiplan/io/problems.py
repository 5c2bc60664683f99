"""What could mislead about the images of a series, each kind with a sentence."""

import hashlib
from collections.abc import Sequence

import numpy as np

from .quiet import quiet
from .series import ImageHeader, Problem
from .stack import CORNER_MM, slice_directions

__all__ = ["image_problems", "spot_problems"]

_SLICE_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.128": "PET",
}
"""Classes of which one file is one slice; nothing else stacks into a volume yet."""
_ENHANCED_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.2.1",
    "1.2.840.10008.5.1.4.1.1.2.2",
    "1.2.840.10008.5.1.4.1.1.4.1",
    "1.2.840.10008.5.1.4.1.1.4.4",
    "1.2.840.10008.5.1.4.1.1.128.1",
    "1.2.840.10008.5.1.4.1.1.130",
}
_PICTURE_TYPES = {"LOCALIZER", "SCOUT", "SCREEN SAVE", "DOSE_INFO", "REPORT"}
"""Image types of overview and information pictures."""
_LARGEST_GROWTH = 2000
"""Compressed pixels never grow more than this; a header that claims it is damaged or hostile."""


def image_problems(images: Sequence[ImageHeader]) -> dict[str, Problem]:
    """Problems that show without looking at the stack, by kind."""
    first = images[0]
    found: dict[str, str] = {}
    if len({image.patient for image in images}) > 1:
        found["mixed_patients"] = "The images carry the names or numbers of several patients."
    if strangers := [why for image in images if (why := _why_no_slice(image))]:
        found["not_a_volume"] = _some(strangers, images)
        if len(strangers) == len(images):
            return {kind: Problem(kind, detail) for kind, detail in found.items()}
    if broken := [image for image in images if not image.pixels_complete]:
        found["truncated"] = f"{broken[0].name} ends before its pixels do" + (
            f" ({len(broken)} files are cut off)." if len(broken) > 1 else "."
        )
    if odd := [why for image in images if (why := _why_undecodable(image))]:
        found["undecodable"] = _some(odd, images)
    if missing := sum(not _has_place(image) for image in images):
        found["no_position"] = f"{missing} of {len(images)} images do not say where they lie."
    if missing := sum(image.spacing_mm is None for image in images):
        found["no_spacing"] = f"{missing} of {len(images)} images do not say how large a pixel is."
    if len({image.frame_uid for image in images}) > 1:
        found["foreign_frame"] = "The images come from different frames of reference."
    if "no_spacing" not in found and not all(_same_pixels(first, image) for image in images):
        found["mixed_spacing"] = "The images differ in size or in the distance of their pixels."
    if "no_position" not in found and not all(_same_direction(first, image) for image in images):
        found["mixed_orientation"] = "The images are not parallel to each other."
    return {kind: Problem(kind, detail) for kind, detail in found.items()}


def _some(reasons: list[str], images: Sequence[ImageHeader]) -> str:
    count = "" if len(reasons) == len(images) else f" ({len(reasons)} of {len(images)} images)"
    return f"{reasons[0]}{count}."


def _why_no_slice(image: ImageHeader) -> str:
    """Why this is no slice of a volume; empty if it may be one."""
    if image.sop_class in _ENHANCED_CLASSES:
        return "A multi-frame image, which this version cannot read"
    if image.sop_class not in _SLICE_CLASSES:
        return f"{_class_name(image)}, not a slice of a CT, MR or PET scan"
    if pictures := _PICTURE_TYPES.intersection(t.upper() for t in image.image_type):
        return f"An overview picture ({pictures.pop().lower()}), not a slice"
    if image.samples != 1 or image.photometric not in ("MONOCHROME1", "MONOCHROME2"):
        return f"A colour picture ({image.photometric or 'unknown'}), not a slice"
    if image.modality == "CT" and image.photometric == "MONOCHROME1":
        return "A CT with inverted greys, whose values are no Hounsfield units"
    if image.frames != 1 or image.bits not in (8, 16, 32) or not image.rows * image.columns:
        return "An image of unknown layout"
    return ""


def _class_name(image: ImageHeader) -> str:
    from pydicom.uid import UID

    with quiet():
        name = UID(image.sop_class).name
    known = name and name != image.sop_class
    return name.removesuffix(" Storage") if known else "A file of unknown class"


def _why_undecodable(image: ImageHeader) -> str:
    from pydicom.pixels import get_decoder
    from pydicom.uid import UID

    with quiet():
        syntax = UID(image.transfer_syntax)
        try:
            decodes = get_decoder(syntax).is_available
        except (NotImplementedError, ValueError):
            decodes = False
        name = syntax.name or "nothing known"
    if not decodes:
        return f"The pixels are stored as {name}, which has no decoder"
    if image.pixel_bytes and image.file_bytes > _LARGEST_GROWTH * image.pixel_bytes:
        return "The header claims far more pixels than the file can hold"
    return ""


def _has_place(image: ImageHeader) -> bool:
    if image.position is None or image.orientation is None:
        return False
    try:
        slice_directions(image)
    except ValueError:
        return False
    return True


def _same_pixels(first: ImageHeader, image: ImageHeader) -> bool:
    """Whether the far corners of two images agree within the tolerance."""
    if first.spacing_mm is None or image.spacing_mm is None:
        return False
    size = np.array([image.rows, image.columns])
    stray_mm = np.abs(np.subtract(first.spacing_mm, image.spacing_mm)) * size
    return (first.rows, first.columns) == (image.rows, image.columns) and bool(
        stray_mm.max() <= CORNER_MM
    )


def _same_direction(first: ImageHeader, image: ImageHeader) -> bool:
    """Whether turning one image to the other moves no corner beyond the tolerance."""
    if first.orientation == image.orientation:
        return True
    turned = slice_directions(image)[1:] - slice_directions(first)[1:]
    rows_mm, columns_mm = image.spacing_mm or (1.0, 1.0)
    reach_mm = np.array([image.rows * rows_mm, image.columns * columns_mm])
    return bool((np.linalg.norm(turned, axis=1) * reach_mm).max() <= CORNER_MM)


def spot_problems(spots: list[list[ImageHeader]]) -> list[Problem]:
    """Several images at one position: copies of one slice, or different phases."""
    crowded = [spot for spot in spots if len(spot) > 1]
    if not crowded:
        return []
    for spot in crowded:
        if len({_pixel_hash(image) for image in spot}) > 1:
            most = max(len(spot) for spot in crowded)
            return [
                Problem(
                    "several_phases",
                    f"There are up to {most} different images at one position: several phases or "
                    "reconstructions in one series.",
                )
            ]
    images = sum(len(spot) for spot in spots)
    detail = f"Copies of other slices among the {images} images: {images - len(spots)}."
    return [Problem("duplicate_slice", detail)]


def _pixel_hash(image: ImageHeader) -> str:
    """Of the stored pixels; of the whole file where they cannot be told from the rest."""
    try:
        with image.open() as file:
            if image.pixel_offset < 0:
                return hashlib.sha256(file.read()).hexdigest()
            file.seek(image.pixel_offset)
            return hashlib.sha256(file.read(image.pixel_bytes)).hexdigest()
    except OSError:
        return image.sop_uid
