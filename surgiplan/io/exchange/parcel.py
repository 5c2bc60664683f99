"""Documents with arrays, as one run of bytes between a decoding process and the program."""

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["opened", "packed"]

_DTYPES = ("|u1", "<f8", "<i4")


def packed(document: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.uint8]:
    """A JSON document and arrays of uint8, int32 or float64 by name."""
    about = {name: [array.dtype.str, list(array.shape)] for name, array in arrays.items()}
    text = json.dumps({"document": document, "arrays": about}, allow_nan=False).encode()
    parts = [struct.pack("<Q", len(text)), text, *(array.tobytes() for array in arrays.values())]
    return np.frombuffer(b"".join(parts), np.uint8)


def opened(raw: Any) -> tuple[Any, dict[str, npt.NDArray[Any]]]:
    """What ``packed`` made.  Raises ValueError or KeyError for anything else."""
    raw = memoryview(raw).cast("B")
    (length,) = struct.unpack("<Q", raw[:8])
    content = json.loads(bytes(raw[8 : 8 + length]))
    at, arrays = 8 + length, {}
    for name, (dtype, shape) in content["arrays"].items():
        if dtype not in _DTYPES:
            raise ValueError(f"an array of {dtype}")
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(raw, np.dtype(dtype), count, at).reshape(shape)
        at += arrays[name].nbytes
    return content["document"], arrays
