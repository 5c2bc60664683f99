"""Walks the elements of a DICOM header without decoding what nobody asked for."""

import struct
from collections.abc import Callable, Mapping

from .stretches import Element, Stretches

__all__ = ["PIXEL_DATA", "Endless", "Uncovered", "Walk", "slots", "walk"]

PIXEL_DATA = 0x00107FE0
"""(7FE0,0010) in the order of its bytes in a little endian file."""
_ITEM, _ITEM_END, _SEQUENCE_END = 0xE000FFFE, 0xE00DFFFE, 0xE0DDFFFE
_UNDEFINED = 0xFFFFFFFF
_DEEPEST = 64
"""No real file nests sequences as deep as this."""
_PIXEL_GROUP, _META_GROUP = 0x7FE0, 0x0002
_CHUNK = 16 << 10
_LONGEST_VALUE = 8 << 10
_MOST_CHUNKS = 512
"""Of short elements, one after the other; long values are stepped over and do not count."""
_LARGEST_CHUNK = 16 << 20
"""No sequence that is in the way of the pixels is longer."""


def _vrs(names: str) -> frozenset[int]:
    return frozenset(int.from_bytes(name.encode(), "little") for name in names.split())


_SHORT = _vrs("AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US")
"""Value representations whose length has two bytes."""
_LONG = _vrs("OB OD OF OL OV OW SQ SV UC UN UR UT UV")
_SEQUENCE, _UNKNOWN = (int.from_bytes(vr, "little") for vr in (b"SQ", b"UN"))
_PIXEL_VRS = _vrs("OB OW")
_explicit = struct.Struct("<IHH").unpack_from
_implicit = struct.Struct("<II").unpack_from
_length = struct.Struct("<I").unpack_from


def slots(*groups: tuple[tuple[int, str], ...]) -> dict[int, dict[int, int]]:
    """Numbered places for tags 0xGGGGEEEE with their value representations, for ``walk``.

    Each representation has its own place; an implicit file fills that of the first.
    """
    wanted: dict[int, dict[int, int]] = {}
    count = 0
    for tag, names in (pair for group in groups for pair in group):
        places = wanted[(tag >> 16) | (tag & 0xFFFF) << 16] = {0: count}
        for vr in names.split():
            places[int.from_bytes(vr.encode(), "little")] = count
            count += 1
    return wanted


class Uncovered(Exception):
    """The file holds what the fast reader does not read; a full parser must judge it."""


class Endless(Exception):
    """A header that no parser should follow to its end; the message says what has none."""


class Walk:
    """The raw values of the wanted elements, and where the pixels begin."""

    __slots__ = ("pixel_length", "pixel_offset", "values")

    def __init__(self, count: int) -> None:
        self.values: list[bytes | None] = [None] * count
        """By slot; None where the element is missing."""
        self.pixel_offset = -1
        self.pixel_length = 0
        """As the header says; ``0xFFFFFFFF`` where the pixels are in fragments."""


def walk(
    start: bytes,
    at: int,
    read: Callable[[int, int], bytes],
    wanted: Mapping[int, Mapping[int, int]],
    found: Walk,
    known: Stretches,
    *,
    implicit: bool,
    until: int = 0,
) -> int:
    """Fill ``found`` from the elements at ``at`` on, up to the pixels or to offset ``until``.

    ``start`` holds the first bytes of the file and ``read(offset, count)`` more of them;
    ``wanted`` gives, by tag, the slot for each value representation that it may have; ``known`` is
    what earlier files had in common.  Returns the offset where it stopped.  Raises Uncovered,
    and Endless for what would take forever.
    """
    buffer, base = start, 0
    get, seen, values, unpack = wanted.get, known.get, found.values, _explicit
    trace: list[Element] | None = [] if known.is_new else None
    chunks = 0
    while at != until:
        try:
            if implicit:
                tag, length = _implicit(buffer, at)
                vr = 0
            else:
                tag, vr, length = unpack(buffer, at)
            if stretch := seen(tag):
                if buffer.startswith(stretch.raw, at):
                    at += len(stretch.raw)
                    for slot, value in stretch.values:
                        values[slot] = value
                    continue
                if known.split(stretch, buffer, at):
                    continue
            end = at + 8
            if until > 0 and tag & 0xFFFF != _META_GROUP:
                raise Uncovered
            if vr not in _SHORT:
                if not implicit:
                    if vr not in _LONG:
                        raise Uncovered
                    (length,) = _length(buffer, end)
                    end += 4
                if tag & 0xFFFF >= _PIXEL_GROUP:
                    if tag != PIXEL_DATA or not (implicit or vr in _PIXEL_VRS):
                        raise Uncovered
                    found.pixel_offset, found.pixel_length = base + end, length
                    break
                if length == _UNDEFINED:
                    if vr == _UNKNOWN or get(tag):
                        raise Uncovered
                    end, length = _past_items(buffer, end, 1, implicit=implicit), 0
            if places := get(tag):
                slot = places.get(vr, -1)
                if slot < 0 or length > _LONGEST_VALUE:
                    raise Uncovered
                values[slot] = value = buffer[end : end + length]
                if len(value) != length:
                    raise struct.error
            end += length
            if trace is not None and end <= len(buffer):
                trace.append(
                    Element(tag, at, end, slot if places else -1, value if places else b"")
                )
            at = end
        except struct.error:
            # The element runs beyond what was read: go on with a chunk that begins with it.
            _learn(known, start, trace)
            trace, until, chunks = None, -1, chunks + (at <= len(buffer))
            if chunks > _MOST_CHUNKS:
                raise Endless("elements without end") from None
            more = read(base + at, _CHUNK if at else min(4 * len(buffer), _LARGEST_CHUNK))
            if len(more) < 8 or (not at and len(more) <= len(buffer)):
                raise Uncovered from None
            buffer, base, at = more, base + at, 0
    _learn(known, start, trace)
    return base + at


def _learn(known: Stretches, start: bytes, trace: list[Element] | None) -> None:
    if trace is not None:
        known.learn(start, trace)


def _past_items(buffer: bytes, at: int, depth: int, *, implicit: bool) -> int:
    """Where a sequence of undefined length ends whose items begin at ``at``."""
    if depth > _DEEPEST:
        raise Endless("sequences nested without end")
    while True:
        tag, length = _implicit(buffer, at)
        at += 8
        if tag == _SEQUENCE_END:
            if length:
                raise Uncovered
            return at
        if tag != _ITEM:
            raise Uncovered
        at = at + length if length != _UNDEFINED else _past_item(buffer, at, depth, implicit)


def _past_item(buffer: bytes, at: int, depth: int, implicit: bool) -> int:
    """Where an item of undefined length ends whose elements begin at ``at``."""
    while True:
        tag, vr, length = _explicit(buffer, at)
        if tag == _ITEM_END:
            return at + 8
        if implicit:
            vr, (length,) = 0, _length(buffer, at + 4)
            at += 8
        elif vr in _SHORT:
            at += 8
        elif vr in _LONG:
            (length,) = _length(buffer, at + 8)
            at += 12
        else:
            raise Uncovered
        if length != _UNDEFINED:
            at += length
        elif implicit or vr == _SEQUENCE:
            at = _past_items(buffer, at, depth + 1, implicit=implicit)
        else:
            raise Uncovered
