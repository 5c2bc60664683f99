"""Runs of header bytes that were seen before, so that they need not be walked again.

The slices of a series say mostly the same, byte for byte.  A run is first a whole header; wherever
another file differs in an element, it is split around that element, until what is left is common to
all.  Equal bytes at an element's start hold equal elements, so skipping them changes nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Element", "Stretch", "Stretches"]


class Element(NamedTuple):
    """One element of a header: where it lies in the bytes, and the value that was wanted of it."""

    tag: int
    start: int
    end: int
    slot: int
    """-1 where nobody wants its value."""
    value: bytes


class Stretch:
    """Consecutive elements, as bytes and as the wanted values in them."""

    __slots__ = ("elements", "raw", "values")

    def __init__(self, raw: bytes, elements: Sequence[Element]) -> None:
        self.elements = elements
        self.raw = raw
        self.values = tuple((e.slot, e.value) for e in elements if e.slot >= 0)


class Stretches(dict[int, Stretch]):
    """What was seen, by the tag that it begins with."""

    is_new = True

    def learn(self, buffer: bytes, elements: Sequence[Element]) -> None:
        """Remember a header: ``elements`` follow each other in ``buffer``."""
        self.is_new = False
        if elements:
            start, end = elements[0].start, elements[-1].end
            self[elements[0].tag] = Stretch(buffer[start:end], elements)

    def split(self, stretch: Stretch, buffer: bytes, at: int) -> bool:
        """Split a stretch that differs from ``buffer`` at ``at`` around its first such element.

        Whether something is left in front of that, with which the bytes do begin.
        """
        elements, raw = stretch.elements, stretch.raw
        first = elements[0].start
        split = 0
        for split, one in enumerate(elements):  # noqa: B007 (its last value is the answer)
            if not buffer.startswith(
                raw[one.start - first : one.end - first], at + one.start - first
            ):
                break
        del self[elements[0].tag]
        if after := elements[split + 1 :]:
            self[after[0].tag] = Stretch(raw[after[0].start - first :], after)
        if before := elements[:split]:
            self[before[0].tag] = Stretch(raw[: before[-1].end - first], before)
        return bool(before)
