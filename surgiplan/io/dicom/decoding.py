"""The process that decodes: it serves requests from a pipe, and may die of any of them.

A message is a length, a JSON object, and as many raw bytes as the object says.  Nothing else
crosses: no code, no objects.  ``decoders`` holds the other end.
"""

import json
import os
import struct
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import DicomError

from ..exchange.dicom_reading import stored_segments
from ..volume_reading import stored_volume
from .headers import text
from .quiet import quiet

__all__ = ["COMMAND", "receive", "send", "serve"]

COMMAND = "decode-images"
"""First argument of the program when it is started to decode; a file descriptor may follow."""
_LARGEST_HEAD_BYTES = 1 << 16
_USUAL_BYTES = 3 << 29
"""Memory that any one image may take beside the program itself: 1.5 GiB."""
_JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
_PLUGINS = {
    "1.2.840.10008.1.2.4.50": "gdcm",
    "1.2.840.10008.1.2.4.51": "gdcm",
    "1.2.840.10008.1.2.4.57": "gdcm",
    "1.2.840.10008.1.2.4.70": "gdcm",
    "1.2.840.10008.1.2.4.80": "pyjpegls",
    "1.2.840.10008.1.2.4.81": "pyjpegls",
    "1.2.840.10008.1.2.4.90": "pylibjpeg",
    "1.2.840.10008.1.2.4.91": "pylibjpeg",
    "1.2.840.10008.1.2.4.201": "pylibjpeg",
    "1.2.840.10008.1.2.4.202": "pylibjpeg",
    "1.2.840.10008.1.2.4.203": "pylibjpeg",
    "1.2.840.10008.1.2.5": "pylibjpeg",
}
"""Who decodes what, so that one file never depends on who happens to answer first."""


def serve(arguments: Sequence[str]) -> int:
    """Answer requests until the other end closes.  Returns the exit code of the process.

    The first argument, if any, is the descriptor of a pipe that closes with the parent.
    """
    if arguments:
        _die_with_parent(int(arguments[0]))
    requests, answers = _private_pipes()
    own_bytes = _address_space()
    held: dict[str, Any] = {}
    import pydicom.pixels  # noqa: F401  (before the clock of the first image starts)

    send(answers, {"ready": True})
    while (message := receive(requests, sys.maxsize)) is not None:
        head, payload = message
        needs = head["memory"] + 3 * len(payload)
        _limit_memory(own_bytes + max(_USUAL_BYTES, needs))
        try:
            if head["task"] == "volume":
                values, more = stored_volume(Path(head["path"]))
            elif head["task"] == "segments":
                values, more = stored_segments(Path(head["path"])), {}
            else:
                values, more = _image(head, payload, held), {}
        except DicomError as error:
            send(answers, {"sentence": str(error)})
            continue
        except BaseException as error:
            # Decoders written in Rust raise panics that are not Exceptions.
            send(answers, {"why": _reason(error)})
            if isinstance(error, MemoryError):
                return 1
            continue
        about = {"ok": True, "dtype": values.dtype.str, "shape": values.shape}
        send(answers, about | more, values)
        del values
    return 0


def send(pipe: IO[bytes], head: dict[str, Any], payload: bytes | npt.NDArray[Any] = b"") -> None:
    """Write one message.  Raises OSError if nobody is there."""
    raw = memoryview(payload if isinstance(payload, bytes) else payload.data).cast("B")
    text_bytes = json.dumps(head | {"bytes": len(raw)}).encode()
    pipe.write(struct.pack("<I", len(text_bytes)) + text_bytes)
    pipe.write(raw)
    pipe.flush()


def receive(
    pipe: IO[bytes], largest: int, room: Callable[[int], Any] = bytearray
) -> tuple[dict[str, Any], Any] | None:
    """One message of up to ``largest`` bytes, None at the end of all.

    ``room`` gives the buffer for so many bytes.  Raises ValueError or KeyError for what is no such
    message.
    """
    length = pipe.read(4)
    if len(length) < 4:
        return None
    head = json.loads(pipe.read(min(struct.unpack("<I", length)[0], _LARGEST_HEAD_BYTES)))
    if not 0 <= head["bytes"] <= largest:
        raise ValueError("an answer that is too large")
    payload = room(head["bytes"])
    rest = memoryview(payload).cast("B")
    while len(rest):
        got = pipe.readinto(rest)  # type: ignore[attr-defined]
        if not got:
            return None
        rest = rest[got:]
    return head, payload


class _Changed(Exception):
    """Another image than the one that was asked for."""


def _reason(error: BaseException) -> str:
    if isinstance(error, _Changed):
        return "changed"
    return "memory" if isinstance(error, MemoryError) else "undecodable"


def _image(head: dict[str, Any], payload: bytes, held: dict[str, Any]) -> npt.NDArray[Any]:
    """Stored values of one frame, or of all; a file with many frames is kept for the next."""
    import pydicom

    with quiet():
        if payload:
            held.clear()
            dataset = pydicom.dcmread(BytesIO(payload))
            if head["keep"]:
                held["dataset"] = dataset
        else:
            dataset = held["dataset"]
        if head["uid"] != text(dataset, "SOPInstanceUID"):
            raise _Changed
        values = _decoded(dataset, head["frame"])
    return np.require(values, requirements=["C"])


def _decoded(dataset: Any, frame: int | None) -> npt.NDArray[Any]:
    from pydicom.pixels import pixel_array

    syntax = text(dataset.file_meta, "TransferSyntaxUID")
    if syntax == _JPEG_EXTENDED and dataset.BitsStored > 8 and dataset.SamplesPerPixel == 1:
        if frame is not None or int(dataset.get("NumberOfFrames") or 1) == 1:
            return _jpeg_of_12_bits(dataset, frame or 0)
        frames = range(int(dataset.NumberOfFrames))
        return np.stack([_jpeg_of_12_bits(dataset, n) for n in frames])
    plugin = _PLUGINS.get(syntax, "")
    return np.asarray(pixel_array(dataset, index=frame, raw=True, decoding_plugin=plugin))


def _jpeg_of_12_bits(dataset: Any, frame: int) -> npt.NDArray[Any]:
    """A frame of lossy JPEG with more than 8 bits, which pydicom refuses to give to GDCM."""
    import gdcm
    from pydicom.encaps import get_frame

    count = int(dataset.get("NumberOfFrames") or 1)
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(get_frame(dataset.PixelData, frame, number_of_frames=count))
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((dataset.Columns, dataset.Rows, 1))
    image.SetDataElement(element)
    grey = gdcm.PhotometricInterpretation.GetPIType(dataset.PhotometricInterpretation)
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(grey))
    syntax = gdcm.TransferSyntax.GetTSType(_JPEG_EXTENDED)
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    bits, is_signed = int(dataset.BitsStored), int(dataset.PixelRepresentation)
    image.SetPixelFormat(gdcm.PixelFormat(1, dataset.BitsAllocated, bits, bits - 1, is_signed))
    # The binding hands bytes out as text.
    raw = image.GetBuffer().encode("utf-8", "surrogateescape")
    values = np.frombuffer(raw, np.dtype(f"<{'i' if is_signed else 'u'}2"))
    return values.reshape(dataset.Rows, dataset.Columns)


def _private_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Requests and answers; whatever a codec prints goes nowhere: it may quote a patient."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (requests, answers):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return os.fdopen(requests, "rb"), os.fdopen(answers, "wb")


def _die_with_parent(life: int) -> None:
    """Let the system end this process when the other end of a pipe closes that nobody writes to.

    A codec may hold the interpreter for seconds; no thread of it could notice.
    """
    with suppress(ImportError, AttributeError):
        import fcntl
        import select

        fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(life, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
        if select.select([life], [], [], 0)[0]:
            raise SystemExit(1)  # it closed before we listened


def _address_space() -> int:
    """What this process has mapped [bytes]; a guess where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGESIZE")
    except OSError:
        return 1 << 30


def _limit_memory(size: int) -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (size, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
