"""Pixels that need a codec, decoded in a process that may die of them."""

from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import DicomError

from .decoders import Decoders, Question, program_decoders
from .series import ImageHeader

__all__ = ["decoded", "from_answer"]

_SECONDS = 3.0
"""For any one image; slow codecs take 0.1 s for a slice, on a busy machine ten times that."""
_BYTES_A_SECOND = 4 << 20
"""Of decoded pixels, which huge images may take besides."""
_LARGEST_FRAME_BYTES = 1 << 30
_LARGEST_FILE_BYTES = 2 << 30
_LARGEST_GROWTH = 2000
"""Compressed pixels never grow more than this; a header that claims it is damaged or hostile."""
_COPIES = 6
"""How often a codec holds the pixels of an image at a time."""
_LARGEST_SAMPLE_BYTES = 16
"""Bytes of the answer for each byte of pixels: bits may become bytes, greys colours."""


def decoded(header: ImageHeader, pool: Decoders | None = None) -> npt.NDArray[Any]:
    """The stored pixels of an image, of all frames if it means all.

    Raises DicomError naming the file, whatever became of the decoder.
    """
    size = header.file_bytes // (1 if header.frame is None else max(header.frames, 1))
    if header.rows * header.columns <= 0 or size > _LARGEST_FRAME_BYTES:
        raise DicomError(
            f"{header.name} claims {header.rows} x {header.columns} pixels, more than can be "
            "decoded (undecodable); export it again."
        )
    try:
        about = header.path.stat()
    except OSError as error:
        raise _gone(header, error) from error
    if header.file_bytes > _LARGEST_GROWTH * (header.pixel_bytes or about.st_size):
        raise DicomError(
            f"{header.name} claims more pixels than it can hold (undecodable); export it again."
        )
    has_more = header.frames > 1 and header.frame is not None
    file = (header.path, header.member, about.st_size, about.st_mtime_ns)
    what, raw = (pool or program_decoders()).ask(
        Question(
            name=header.name,
            head={
                "task": "image",
                "uid": header.sop_uid,
                "frame": header.frame,
                "keep": has_more,
                "memory": _COPIES * size,
            },
            seconds=_SECONDS + size / _BYTES_A_SECOND,
            largest=_LARGEST_SAMPLE_BYTES * size,
            payload=lambda: _whole_file(header),
            key=file if has_more else (),
            what=(*file, header.frame),
        )
    )
    return from_answer(header.name, what, raw)


def from_answer(name: str, what: dict[str, Any], raw: Any) -> npt.NDArray[Any]:
    """The array in an answer.  Raises DicomError where it is none."""
    kind = np.dtype(str(what["dtype"]))
    shape = tuple(int(n) for n in what["shape"])
    if kind.kind not in "buif" or int(np.prod(shape)) * kind.itemsize != len(raw):
        raise DicomError(f"The pixels of {name} cannot be decoded (undecodable); export it again.")
    return np.frombuffer(raw, kind).reshape(shape)


def _whole_file(header: ImageHeader) -> bytes:
    try:
        # A plain file sets aside at once whatever it is asked for.
        most = _LARGEST_FILE_BYTES if header.member else header.path.stat().st_size
        with header.open() as file:
            return file.read(min(most, _LARGEST_FILE_BYTES))
    except Exception as error:
        # An archive can raise nearly anything on what was damaged meanwhile.
        raise _gone(header, error) from error


def _gone(header: ImageHeader, error: Exception) -> DicomError:
    return DicomError(
        f"{header.name} cannot be read any more ({type(error).__name__}); export it again."
    )
