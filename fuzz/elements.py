"""Where the data elements of a DICOM file lie: just enough of a parser to damage one well."""

import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["PIXELS", "Element", "File", "opened"]

PIXELS = 0x7FE00010
UNDEFINED = 0xFFFFFFFF
_LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_DEEPEST = 8


@dataclass(frozen=True)
class Element:
    """One element; offsets count from the start of the file."""

    tag: int
    vr: bytes
    """Empty where the encoding is implicit."""
    start: int
    value: int
    length: int
    """Of the value, whatever the length field says."""
    depth: int

    @property
    def end(self) -> int:
        return self.value + self.length

    @property
    def length_field(self) -> tuple[int, int]:
        """Offset and size of the length field."""
        size = 2 if self.value - self.start == 8 and self.vr else 4
        return self.value - size, size


@dataclass(frozen=True)
class File:
    """The bytes of a file with what lies in them; a deflated one is inflated."""

    content: bytes
    syntax: str
    order: str
    """``<`` or ``>``, as struct wants it."""
    elements: tuple[Element, ...]

    def named(self, tag: int) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def packed(self, content: bytes) -> bytes:
        """``content`` as it lies on disk: deflated where the syntax says so."""
        if not self.syntax.endswith(".1.99"):
            return content
        start = _meta_end(content)
        deflating = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
        return content[:start] + deflating.compress(content[start:]) + deflating.flush()


@lru_cache(maxsize=512)
def opened(content: bytes) -> File:
    """The file, taken apart as far as it goes."""
    start = _meta_end(content)
    meta = list(_walk(content, 132, start, "<", explicit=True)) if start else []
    uid = next((e for e in meta if e.tag == 0x00020010), None)
    syntax = content[uid.value : uid.end].rstrip(b"\0 ").decode("latin-1") if uid else ""
    if syntax.endswith(".1.99"):
        content = content[:start] + _inflated(content[start:])
    order = ">" if syntax == "1.2.840.10008.1.2.2" else "<"
    explicit = syntax != "1.2.840.10008.1.2"
    rest = _walk(content, start, len(content), order, explicit=explicit)
    return File(content, syntax, order, (*meta, *rest))


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, 1 << 24)
    except zlib.error:
        return b""


def _meta_end(content: bytes) -> int:
    if content[128:132] != b"DICM" or content[132:136] != b"\2\0\0\0" or len(content) < 144:
        return 0
    return int(min(144 + struct.unpack_from("<I", content, 140)[0], len(content)))


def _walk(
    content: bytes, at: int, end: int, order: str, *, explicit: bool, depth: int = 0
) -> list[Element]:
    found: list[Element] = []
    while at + 8 <= end and depth < _DEEPEST:
        group, number = struct.unpack_from(order + "HH", content, at)
        tag = group << 16 | number
        if tag in (_ITEM_END, _SEQUENCE_END):
            break
        vr = content[at + 4 : at + 6] if explicit and group != 0xFFFE else b""
        if vr and vr not in _LONG:
            value, length = at + 8, struct.unpack_from(order + "H", content, at + 6)[0]
        elif vr:
            if at + 12 > end:
                break
            value, length = at + 12, struct.unpack_from(order + "I", content, at + 8)[0]
        else:
            value, length = at + 8, struct.unpack_from(order + "I", content, at + 4)[0]
        inner: list[Element] = []
        if tag == _ITEM or vr == b"SQ" or (length == UNDEFINED and tag != PIXELS):
            stop = end if length == UNDEFINED else min(value + length, end)
            inner = _walk(content, value, stop, order, explicit=explicit, depth=depth + 1)
            if length == UNDEFINED:
                length = (inner[-1].end if inner else value) - value + 8
        elif length == UNDEFINED:
            length = end - value
        length = min(length, end - value)
        found.append(Element(tag, vr, at, value, length, depth))
        found.extend(inner)
        at = value + length
        if tag == PIXELS:
            break
    # The last element of a level ends where the level ends, so sort by depth to keep it last.
    return found if depth == 0 else _closed(found)


def _closed(found: list[Element]) -> list[Element]:
    """The elements with the one that ends last at the end, so that its end is that of the level."""
    return sorted(found, key=lambda element: (element.end, -element.depth))
