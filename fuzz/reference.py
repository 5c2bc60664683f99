"""What a series of files means, read by pydicom and decoded by another decoder than surgiplan's.

A process of its own, since decoders may end it: ``python -m fuzz.reference`` reads paths from its
standard input, one JSON list a line, and answers with one JSON object a line.
"""

import json
import logging
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from .elements import PIXELS, opened

__all__ = ["Frame", "frames_of"]

_SECOND = {
    "1.2.840.10008.1.2.5": "pydicom",
    "1.2.840.10008.1.2.4.50": "gdcm",
    "1.2.840.10008.1.2.4.57": "gdcm",
    "1.2.840.10008.1.2.4.70": "gdcm",
    "1.2.840.10008.1.2.4.80": "gdcm",
    "1.2.840.10008.1.2.4.81": "gdcm",
    "1.2.840.10008.1.2.4.90": "gdcm",
    "1.2.840.10008.1.2.4.91": "gdcm",
}
"""Transfer syntax: pydicom's plugin that is not the one of surgiplan where there are two."""
_CT = {"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"}
_LAYOUT = (
    "Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit",
    "PixelRepresentation", "PhotometricInterpretation",
)  # fmt: skip
_JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
_LOSSY = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 81, 91, 203)}


@dataclass(frozen=True)
class Frame:
    """One image and its place, as its header says it."""

    position: np.ndarray
    orientation: np.ndarray
    """Directions of growing column number and of growing row number, shape (2, 3)."""
    spacing_mm: np.ndarray
    """Between rows, between columns."""
    slope: float
    intercept: float
    padding: tuple[float, float] | None
    modality: str
    raw: np.ndarray
    """Stored values, shape (rows, columns)."""
    is_lossy: bool


def frames_of(paths: list[Path]) -> list[Frame]:
    """All frames of all files.  Raises nearly anything for damaged ones."""
    return [frame for path in paths for frame in _frames(path)]


def _frames(path: Path) -> Iterator[Frame]:
    import pydicom
    from pydicom.pixels import pixel_array

    dataset = pydicom.dcmread(BytesIO(_up_to_the_pixels(path.read_bytes())))
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    if syntax == _JPEG_EXTENDED:
        raw = _with_itk(dataset)
    else:
        raw = pixel_array(dataset, raw=True, decoding_plugin=_SECOND.get(syntax, ""))
    if raw.ndim == 2:
        raw = raw[None]
    if str(dataset.PhotometricInterpretation) == "MONOCHROME1":
        bits = int(dataset.BitsStored)
        raw = (-1 if int(dataset.PixelRepresentation) else (1 << bits) - 1) - raw.astype(int)
    value, limit = (_first(dataset, f"PixelPadding{end}") for end in ("Value", "RangeLimit"))
    for n, plane in enumerate(raw):
        own = _groups(dataset, n)
        yield Frame(
            position=_numbers(_tag(own, "PlanePositionSequence", "ImagePositionPatient")),
            orientation=_numbers(
                _tag(own, "PlaneOrientationSequence", "ImageOrientationPatient")
            ).reshape(2, 3),
            spacing_mm=_numbers(_tag(own, "PixelMeasuresSequence", "PixelSpacing")),
            slope=_number(_tag(own, "PixelValueTransformationSequence", "RescaleSlope"), 1.0),
            intercept=_number(
                _tag(own, "PixelValueTransformationSequence", "RescaleIntercept"), 0.0
            ),
            padding=None if value is None else (value, value if limit is None else limit),
            modality="CT" if str(dataset.get("SOPClassUID")) in _CT else "",
            raw=plane,
            is_lossy=syntax in _LOSSY,
        )


def _up_to_the_pixels(content: bytes) -> bytes:
    """The file without what follows its uncompressed pixels, which nobody asks for."""
    file = opened(content)
    pixels = file.named(PIXELS)
    if not pixels or file.syntax.endswith(".1.99"):
        return content
    return content[: pixels[0].end]


def _with_itk(dataset: Any) -> np.ndarray:
    """Stored values (frames, rows, columns) of JPEG of 12 bits, which pydicom hands to nobody."""
    import SimpleITK as sitk
    from pydicom import Dataset
    from pydicom.encaps import encapsulate, generate_frames

    count = int(dataset.get("NumberOfFrames") or 1)
    planes = []
    for stream in generate_frames(dataset.PixelData, number_of_frames=count):
        one = Dataset()
        one.file_meta = dataset.file_meta
        for keyword in _LAYOUT:
            if keyword in dataset:
                setattr(one, keyword, dataset[keyword].value)
        one.HighBit = int(dataset.get("HighBit", one.BitsStored - 1))
        one.SOPClassUID, one.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
        one.PixelData = encapsulate([stream])
        one["PixelData"].VR = "OB"
        with tempfile.NamedTemporaryFile(suffix=".dcm") as file:
            one.save_as(file.name, enforce_file_format=True)
            planes.append(sitk.GetArrayFromImage(sitk.ReadImage(file.name)).squeeze())
    return np.stack(planes)


def _first(dataset: Any, keyword: str) -> float | None:
    value = dataset.get(keyword)
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = value[0] if len(value) else None
    return None if value is None or value == "" else float(value)


def _groups(dataset: Any, number: int) -> list[Any]:
    """Where the properties of a frame may stand, the nearest first."""
    each = dataset.get("PerFrameFunctionalGroupsSequence")
    shared = dataset.get("SharedFunctionalGroupsSequence")
    if each is None and shared is None:
        return [dataset]
    return [*([each[number]] if each else []), *([shared[0]] if shared else [])]


def _tag(places: list[Any], group: str, keyword: str) -> Any:
    for place in places:
        inner = place[group].value[0] if group in place and place[group].value else place
        if keyword in inner:
            return inner[keyword].value
    return None


def _numbers(value: Any) -> np.ndarray:
    return np.array([float(v) for v in value])


def _number(value: Any, missing: float) -> float:
    return missing if value is None or value == "" else float(value)


def _serve() -> None:
    """Answer until the input ends; the planes go to a file that is named in the question."""
    warnings.simplefilter("ignore")
    logging.disable()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        question = json.loads(line)
        try:
            frames = frames_of([Path(path) for path in question["paths"]])
            np.save(question["planes"], np.stack([frame.raw for frame in frames]))
            answer: dict[str, Any] = {"frames": [_plain(frame) for frame in frames]}
        except BaseException as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(answer) + "\n")


def _plain(frame: Frame) -> dict[str, Any]:
    return {
        "position": frame.position.tolist(),
        "orientation": frame.orientation.tolist(),
        "spacing_mm": frame.spacing_mm.tolist(),
        "slope": frame.slope,
        "intercept": frame.intercept,
        "padding": frame.padding,
        "modality": frame.modality,
        "is_lossy": frame.is_lossy,
    }


if __name__ == "__main__":
    # What nests 10,000 deep behind the pixels is no concern of them, but pydicom reads it.
    sys.setrecursionlimit(100_000)
    threading.stack_size(512 << 20)
    thread = threading.Thread(target=_serve)
    thread.start()
    thread.join()
