"""What could mislead about the images of a series: which of them stack, and why not the others."""

import hashlib
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite
from operator import attrgetter
from typing import Any

import numpy as np

from .classes import why_no_slice
from .pixel_bytes import fragments, is_native, native_bytes
from .quiet import quiet
from .series import ACCEPTABLE, ImageHeader, Problem
from .stack import CORNER_MM, slice_directions

__all__ = ["Sorted", "sorted_out", "spot_problems", "value_hash"]

_LARGEST_GROWTH = 2000
"""Compressed pixels never grow more than this; a header that claims it is damaged or hostile."""
_LONGEST_PADDING = 512
"""Bytes of zeros that some writers put behind the pixels."""
_FARTHEST_MM = 1e5
"""No patient lies farther than this from the origin of a scanner."""
_FOREIGN = ("does not belong to the main stack", "do not belong to the main stack")
_FEWEST_SLICES = 2
"""Fewer slices make no stack that others could be foreign to."""


@dataclass
class Sorted:
    """The images of a series, sorted into those that may stack and those that do not belong."""

    stack: list[ImageHeader]
    """What is left when all that can be left out is left out."""
    left_out: list[ImageHeader] = field(default_factory=list)
    problems: dict[str, Problem] = field(default_factory=dict)
    stacks: bool = True
    """Whether ``stack`` holds slices of one size and direction, each with its place."""


def sorted_out(images: Sequence[ImageHeader]) -> Sorted:
    """The main stack among images: the largest group that fits together, if it is clearly that.

    A group is clearly the main one if it has at least two images and more than all others together.
    """
    found = Sorted(list(images))
    if len({image.patient for image in images}) > 1:
        found.problems["mixed_patients"] = Problem(
            "mixed_patients", "The images carry the names or numbers of several patients."
        )
    _without(found, "not_a_volume", _reasons(found.stack, _KIND, why_no_slice), "no slice")
    if not found.stacks or not found.stack:
        return found
    _find_places(found)
    if found.stacks:
        _find_groups(found)
    broken = {id(i): f"{i.name} ends before its pixels do" for i in images if not i.pixels_complete}
    _without(found, "truncated", broken, "cut off")
    odd = _reasons(found.stack, _SYNTAX, _without_decoder)
    odd |= _reasons(found.stack, _MEANING, _without_meaning)
    odd |= _of_other_units(found.stack)
    odd_sizes = _reasons(found.stack, _SIZE, _odd_size)
    odd |= {
        id(image): why
        for image in found.stack
        if id(image) in odd_sizes and (why := _wrong_length(image))
    }
    _without(found, "undecodable", odd, "undecodable")
    return found


def _without(found: Sorted, kind: str, reasons: dict[int, str], what: str) -> None:
    """Take the images with a reason, by identity, out of the stack and name the problem."""
    out = [image for image in found.stack if id(image) in reasons]
    if not out:
        return
    left = [image for image in found.stack if id(image) not in reasons]
    action = _leave_out(len(out), len(left), (f"is {what}", f"are {what}"))
    count = "" if not left else f" ({len(out)} of {len(found.stack)} images)"
    found.problems[kind] = Problem(kind, f"{reasons[id(out[0])]}{count}.", action)
    if action:
        found.stack, found.left_out = left, found.left_out + out
    elif kind == "not_a_volume":
        found.stacks = False


def _leave_out(out: int, left: int, why: tuple[str, str]) -> str:
    """What accepting a problem does; empty where what is left is not clearly the main stack.

    ``why`` tells of one image and of several why they go.
    """
    if left < _FEWEST_SLICES or left <= out:
        return ""
    which = f"image that {why[0]}" if out == 1 else f"{out} images that {why[1]}"
    return f"leave out the {which} and use the other {left}"


def _reasons(
    images: Sequence[ImageHeader],
    key_of: Callable[[ImageHeader], Hashable],
    why: Callable[[ImageHeader], str],
) -> dict[int, str]:
    """By identity, the images for which ``why`` has an answer; asked once for each key."""
    keys = list(map(key_of, images))
    samples = dict(zip(keys, images, strict=True))
    answers = {key: answer for key, image in samples.items() if (answer := why(image))}
    if not answers:
        return {}
    return {
        id(image): answers[key] for key, image in zip(keys, images, strict=True) if key in answers
    }


_KIND = attrgetter(
    "sop_class", "image_type", "samples", "photometric", "modality", "frames", "frame", "bits",
    "rows", "columns",
)  # fmt: skip
_SYNTAX, _ORIENTATION = attrgetter("transfer_syntax"), attrgetter("orientation")
_MEANING = attrgetter("bits", "bits_stored", "slope", "intercept")
_SIZE = attrgetter(
    "transfer_syntax", "rows", "columns", "samples", "frames", "bits", "pixel_bytes"
)  # fmt: skip
_PLANE = attrgetter("frame_uid", "rows", "columns", "spacing_mm", "orientation")


def _without_decoder(image: ImageHeader) -> str:
    from pydicom.pixels import get_decoder
    from pydicom.uid import UID

    if is_native(image.transfer_syntax):
        return ""
    with quiet():
        syntax = UID(image.transfer_syntax)
        try:
            decodes = get_decoder(syntax).is_available
        except (NotImplementedError, ValueError):
            decodes = False
        name = syntax.name or "nothing known"
    return "" if decodes else f"The pixels are stored as {name}, which has no decoder"


def _without_meaning(image: ImageHeader) -> str:
    """Why nobody knows what the stored bits mean; a guess would be another scan, silently."""
    if not 1 <= image.bits_stored <= image.bits:
        return "The header does not say how the pixels are stored"
    if not (isfinite(image.slope) and isfinite(image.intercept) and image.slope):
        return "What the stored values mean (slope, intercept) cannot be read"
    return ""


def _of_other_units(images: Sequence[ImageHeader]) -> dict[int, str]:
    """By identity, the images whose values are in another unit than most, and why that matters."""
    units = Counter(image.unit for image in images)
    if len(units) < 2:
        return {}
    usual = units.most_common(1)[0][0]
    names = " and ".join(sorted("no unit" if unit == "1" else unit for unit in units))
    return {
        id(image): f"The images are given in different units ({names})"
        for image in images
        if image.unit != usual
    }


def _odd_size(image: ImageHeader) -> str:
    """Whether it is worth to ask ``_wrong_length``."""
    most = image.file_bytes + 1
    if not is_native(image.transfer_syntax):
        return "small" if most > _LARGEST_GROWTH * image.pixel_bytes else ""
    return "long" if image.pixel_bytes > most else ""


def _wrong_length(image: ImageHeader) -> str:
    """Whether header and pixels tell of pictures of different sizes."""
    if not is_native(image.transfer_syntax):
        if image.pixel_bytes and image.file_bytes > _LARGEST_GROWTH * image.pixel_bytes:
            return "The header claims far more pixels than the file can hold"
        return ""
    if image.pixel_bytes <= image.file_bytes + 1:
        return ""
    if image.pixel_bytes <= image.file_bytes + _LONGEST_PADDING:
        with suppress(OSError), image.open() as file:
            file.seek(image.pixel_offset + image.file_bytes)
            if not any(file.read(image.pixel_bytes - image.file_bytes)):
                return ""
    return "The file holds more pixels than its header says"


def _find_places(found: Sorted) -> None:
    """Whether each image says where it lies and how large its pixels are."""
    odd = _reasons(found.stack, _ORIENTATION, _without_direction)
    if missing := sum(id(i) in odd or _is_nowhere(i.position) for i in found.stack):
        whole = found.stack[0]
        detail = f"{missing} of {len(found.stack)} images do not say where they lie."
        if whole.frame is None and whole.frames > 1:
            detail = f"{whole.name} does not say where its {whole.frames} frames lie."
        found.problems["no_position"] = Problem("no_position", detail)
        found.stacks = False
    if missing := sum(image.spacing_mm is None for image in found.stack):
        detail = f"{missing} of {len(found.stack)} images do not say how large a pixel is."
        found.problems["no_spacing"] = Problem("no_spacing", detail)
        found.stacks = False


def _is_nowhere(position: tuple[float, ...] | None) -> bool:
    return position is None or max(map(abs, position)) > _FARTHEST_MM


def _without_direction(image: ImageHeader) -> str:
    try:
        slice_directions(image)
    except ValueError as error:
        return str(error)
    return ""


def _find_groups(found: Sorted) -> None:
    """Images of another frame of reference, size or direction than the main stack's."""
    images = found.stack
    if len(set(map(_PLANE, images))) == 1:
        return
    keys = [(i.frame_uid, (i.rows, i.columns, i.spacing_mm), i.orientation) for i in images]
    counts = Counter(keys)
    samples: dict[tuple[Any, ...], ImageHeader] = dict(zip(keys, images, strict=True))
    alike: list[dict[Hashable, Hashable]] = [
        _classes([key[n] for key, _ in counts.most_common()], samples, n) for n in range(3)
    ]
    groups = [tuple(alike[n][key[n]] for n in range(3)) for key in keys]
    sizes = Counter(groups)
    if len(sizes) == 1:
        return
    main, size = sizes.most_common(1)[0]
    action = _leave_out(len(images) - size, size, _FOREIGN)
    for n, (kind, detail) in enumerate(_GROUP_PROBLEMS):
        if others := sum(group[n] != main[n] for group in groups):
            count = f" ({others} of {len(images)} images differ from the others)" if action else ""
            found.problems[kind] = Problem(kind, f"{detail}{count}.", action)
    found.stacks = bool(action)
    if action:
        pairs = list(zip(images, groups, strict=True))
        found.stack = [image for image, group in pairs if group == main]
        found.left_out += [image for image, group in pairs if group != main]


_GROUP_PROBLEMS = (
    ("foreign_frame", "The images come from different frames of reference"),
    ("mixed_spacing", "The images differ in size or in the distance of their pixels"),
    ("mixed_orientation", "The images are not parallel to each other"),
)


def _classes(
    values: list[Hashable], samples: Mapping[tuple[Any, ...], ImageHeader], n: int
) -> dict[Hashable, Hashable]:
    """For each value of part ``n`` of a key, the commonest one that is alike."""
    image_of = {key[n]: image for key, image in samples.items()}
    found: dict[Hashable, Hashable] = {}
    firsts: list[Hashable] = []
    for value in dict.fromkeys(values):
        for first in firsts:
            if n and (_same_pixels, _same_direction)[n - 1](image_of[first], image_of[value]):
                found[value] = first
                break
        else:
            firsts.append(value)
            found[value] = value
    return found


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
        if len({value_hash(image) for image in spot}) > 1:
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
    return [Problem("duplicate_slice", detail, ACCEPTABLE["duplicate_slice"])]


def value_hash(image: ImageHeader) -> str:
    """Of what the pixels are worth: equal where stored pixels and their meaning are."""
    return f"{_MEANING(image)} {image.is_signed} {image.photometric} {_pixel_hash(image)}"


def _pixel_hash(image: ImageHeader) -> str:
    """Of the stored pixels; of the whole file where they cannot be told from the rest.

    Frames whose pixels cannot be told from each other all count as different.
    """
    try:
        with image.open() as file:
            if image.pixel_offset < 0:
                content = None if image.frame is not None else file.read()
            else:
                file.seek(image.pixel_offset)
                content = _frame_bytes(image, file.read(image.pixel_bytes))
    except OSError:
        content = None
    if content is None:
        return f"{image.sop_uid} {image.frame}"
    return hashlib.sha256(content).hexdigest()


def _frame_bytes(image: ImageHeader, pixels: bytes) -> bytes | None:
    """What of a file's stored pixels belongs to one image; None where that is not known."""
    if image.frame is None:
        return pixels
    size = native_bytes(
        image.transfer_syntax, image.rows, image.columns, 1, image.samples, image.bits
    )
    if size:
        return pixels[image.frame * size : (image.frame + 1) * size]
    # The first fragment is a table of offsets; after it most files have one fragment a frame.
    found = fragments(pixels)
    return found[image.frame + 1] if len(found) == image.frames + 1 else None
