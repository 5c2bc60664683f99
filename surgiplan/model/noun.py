"""What every noun of a case shares: it never changes, and it knows its own content."""

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

__all__ = ["Noun", "array_sha256"]


@dataclass(frozen=True, eq=False)
class Noun:
    """A part of a case.  Equal means identical; equal content means equal ``digest``."""

    _labels: ClassVar[frozenset[str]] = frozenset({"id", "name"})
    """Fields that only say what it is called: a new name makes no number stale."""
    _added: ClassVar[frozenset[str]] = frozenset()
    """Fields that older cases lack: an empty one makes no number of theirs stale."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, hexadecimal: two nouns with one digest mean the same."""
        content = hashlib.sha256(type(self).__name__.encode())
        for field in fields(self):
            if field.name in self._labels:
                continue
            if field.name in self._added and not getattr(self, field.name):
                continue
            content.update(field.name.encode())
            _feed(content, getattr(self, field.name))
        return content.hexdigest()


def array_sha256(array: np.ndarray[Any, Any]) -> str:
    """SHA-256 of the bytes of ``array`` in C order, little endian, hexadecimal."""
    little = array.dtype.newbyteorder("<")
    ordered = np.ascontiguousarray(array).astype(little, copy=False)
    return hashlib.sha256(ordered.reshape(-1).view(np.uint8).data).hexdigest()


def _feed(content: "hashlib._Hash", value: Any) -> None:
    if isinstance(value, Noun):
        content.update(b"N" + value.digest.encode())
    elif isinstance(value, np.ndarray):
        content.update(f"A{value.dtype.str}{value.shape}{array_sha256(value)}".encode())
    elif isinstance(value, Mapping):
        content.update(b"M%d" % len(value))
        for key in sorted(value):
            _feed(content, key)
            _feed(content, value[key])
    elif isinstance(value, tuple | list):
        content.update(b"T%d" % len(value))
        for item in value:
            _feed(content, item)
    elif isinstance(value, float):
        content.update(b"F" + struct.pack("<d", value))
    elif value is None or isinstance(value, str | bool | int):
        content.update(f"{type(value).__name__}:{value!r};".encode())
    else:
        raise TypeError(f"a noun cannot hold a {type(value).__name__}")
