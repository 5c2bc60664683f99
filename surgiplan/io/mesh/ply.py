"""PLY: ASCII and binary of either byte order; polygons become fans of triangles."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .raw import MOST_TRIANGLES, Damaged, Raw, few, numbers, require

__all__ = ["fans", "read_ply"]

_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2",
    "ushort": "u2", "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4",
    "float": "f4", "float32": "f4", "double": "f8", "float64": "f8",
}  # fmt: skip
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_LONGEST_HEADER, _MOST_PROPERTIES = 1 << 16, 64
_LISTS = ("vertex_indices", "vertex_index")
_MOST_CORNERS = 255


@dataclass(frozen=True)
class _Element:
    name: str
    count: int
    properties: tuple[tuple[str, str, str], ...]
    """Name, type, and the type of the count where it is a list."""


def read_ply(content: bytes) -> Raw:
    """The elements ``vertex`` and ``face``.  Raises Damaged."""
    end = content.find(b"end_header", 0, _LONGEST_HEADER)
    require(content[:3] == b"ply" and end > 0, "it has no PLY header")
    line_end = content.find(b"\n", end)
    require(line_end > 0, "it ends after its header")
    head = content[:end].decode("latin-1")
    order, elements = _header(head)
    body = content[line_end + 1 :]
    found = _ascii(body, elements) if not order else _binary(body, elements, order)
    require("vertex" in found and "face" in found, "it has no points or no faces")
    said = "\n".join(line for line in head.splitlines() if line.startswith("comment"))
    return Raw(found["vertex"], found["face"], said)


def _header(text: str) -> tuple[str, list[_Element]]:
    order = None
    elements: list[_Element] = []
    for words in (line.split() for line in text.splitlines()[1:]):
        if words[:1] == ["format"] and len(words) > 1:
            order = _ORDERS.get(words[1])
        elif words[:1] == ["element"] and len(words) == 3 and words[2].isdecimal():
            require(len(words[2]) < 12, "it announces more than a file can hold")
            elements.append(_Element(words[1], int(words[2]), ()))
        elif words[:1] == ["property"] and elements:
            last = elements[-1]
            elements[-1] = _Element(last.name, last.count, (*last.properties, _property(words)))
            require(
                len(last.properties) < _MOST_PROPERTIES, "its elements have too many properties"
            )
    require(order is not None, "its header does not say how the numbers are written")
    assert order is not None
    return order, elements


def _property(words: list[str]) -> tuple[str, str, str]:
    try:
        if words[1] == "list":
            return words[4], _TYPES[words[3]], _TYPES[words[2]]
        return words[2], _TYPES[words[1]], ""
    except (KeyError, IndexError) as error:
        raise Damaged(f"its header has the line {' '.join(words)[:60]!r}") from error


def _binary(content: bytes, elements: list[_Element], order: str) -> dict[str, Any]:
    at = 0
    found: dict[str, Any] = {}
    for element in elements:
        if element.name == "face":
            found["face"], at = _binary_faces(content, at, element, order)
        else:
            require(
                all(not count for _, _, count in element.properties),
                f"its element {element.name} has lists, which are not read",
            )
            row = _row(element.properties, order)
            require(at + row.itemsize * element.count <= len(content), "it ends too early")
            if element.name == "vertex":
                rows = np.frombuffer(content, row, element.count, at)
                found["vertex"] = _xyz({name: rows[name] for name in row.names or ()})
            at += row.itemsize * element.count
        if len(found) == 2:
            break
    return found


def _row(properties: tuple[tuple[str, str, str], ...], order: str) -> np.dtype[Any]:
    names = [name for name, _, _ in properties]
    require(len(set(names)) == len(names), "two of its properties have one name")
    return np.dtype([(name, order + kind) for name, kind, _ in properties])


def _binary_faces(
    content: bytes, at: int, element: _Element, order: str
) -> tuple[npt.NDArray[np.int64], int]:
    """Triangles first as rows of one size; where other polygons are among them, one by one."""
    few(element.count)
    lists = [one for one in element.properties if one[2]]
    require(len(lists) == 1 and lists[0][0] in _LISTS, "its faces have other lists than corners")
    row = np.dtype(
        [
            field
            for name, kind, count in element.properties
            for field in (
                [("count of corners", order + count), ("corners", order + kind, (3,))]
                if count
                else [(name, order + kind)]
            )
        ]
    )
    if at + row.itemsize * element.count <= len(content):
        rows = np.frombuffer(content, row, element.count, at)
        if np.all(rows["count of corners"] == 3):
            return rows["corners"].astype(np.int64), at + row.itemsize * element.count
    return _polygons(content, at, element, order)


def _polygons(
    content: bytes, at: int, element: _Element, order: str
) -> tuple[npt.NDArray[np.int64], int]:
    sizes = [
        (np.dtype(order + kind), np.dtype(order + count) if count else None)
        for _, kind, count in element.properties
    ]
    counts, corners = [], []
    for _ in range(element.count):
        for kind, count in sizes:
            if count is None:
                at += kind.itemsize
                continue
            require(at + count.itemsize <= len(content), "it ends too early")
            many = int(np.frombuffer(content, count, 1, at)[0])
            at += count.itemsize
            require(0 <= many <= _MOST_CORNERS, f"one of its faces has {many} corners")
            require(at + many * kind.itemsize <= len(content), "it ends too early")
            counts.append(many)
            corners.append(np.frombuffer(content, kind, many, at).astype(np.int64))
            at += many * kind.itemsize
    return fans(np.array(counts), np.concatenate(corners or [np.zeros(0, np.int64)])), at


def _ascii(content: bytes, elements: list[_Element]) -> dict[str, Any]:
    values = numbers(content)
    at = 0
    found: dict[str, Any] = {}
    for element in elements:
        if any(count for _, _, count in element.properties):
            require(element.name == "face", f"its element {element.name} has lists")
            found["face"], at = _ascii_faces(values, at, element)
        else:
            width = len(element.properties)
            require(at + width * element.count <= len(values), "it ends too early")
            if element.name == "vertex":
                rows = values[at : at + width * element.count].reshape(element.count, width)
                names = [name for name, _, _ in element.properties]
                found["vertex"] = _xyz(dict(zip(names, rows.T, strict=True)))
            at += width * element.count
        if len(found) == 2:
            break
    return found


def _ascii_faces(
    values: npt.NDArray[np.float64], at: int, element: _Element
) -> tuple[npt.NDArray[np.int64], int]:
    few(element.count)
    require(
        element.properties[0][0] in _LISTS and len(element.properties) == 1,
        "its faces have other properties than corners",
    )
    end = at + 4 * element.count
    rows = values[at:end]
    if len(rows) == 4 * element.count and np.all(rows[::4] == 3):
        return _whole(rows.reshape(-1, 4)[:, 1:]), end
    counts, corners = [], []
    for _ in range(element.count):
        require(at < len(values), "it ends too early")
        many = int(values[at]) if 0 <= values[at] <= _MOST_CORNERS else -1
        require(many >= 0, "one of its faces has a wrong number of corners")
        require(at + 1 + many <= len(values), "it ends too early")
        counts.append(many)
        corners.append(values[at + 1 : at + 1 + many])
        at += 1 + many
    return fans(np.array(counts), _whole(np.concatenate(corners or [np.zeros(0)]))), at


def _whole(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    require(bool(np.all(np.abs(values) < 1 << 40)), "a corner of a face has no point")
    return values.astype(np.int64)


def _xyz(columns: dict[str, Any]) -> npt.NDArray[np.float64]:
    require(all(axis in columns for axis in "xyz"), "its points have no x, y and z")
    return np.stack([columns[axis].astype(np.float64) for axis in "xyz"], axis=1)


def fans(counts: npt.NDArray[np.integer], corners: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Triangles (m, 3) of polygons with so many corners each, whose corners stand in a row."""
    counts = counts.astype(np.int64)
    pieces = np.maximum(counts - 2, 0)
    require(int(pieces.sum()) <= MOST_TRIANGLES, f"it has {int(pieces.sum()):,} triangles")
    first = np.cumsum(counts) - counts
    start = np.repeat(first, pieces)
    step = np.arange(len(start)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    return np.stack([corners[start], corners[start + step + 1], corners[start + step + 2]], axis=1)
