"""Wavefront OBJ: points and faces; textures, normals and materials are not looked at."""

import re

import numpy as np
import numpy.typing as npt

from .ply import fans
from .raw import MOST_PARTS, MOST_TRIANGLES, Damaged, Raw, few, numbers, require

__all__ = ["read_obj"]

_OBJECT = re.compile(rb"^[ \t]*o[ \t]+([^\r\n]*)", re.MULTILINE)
_POINT = re.compile(rb"^[ \t]*v[ \t]+(\S+[ \t]+\S+[ \t]+\S+)", re.MULTILINE)
_FACE = re.compile(rb"^[ \t]*f[ \t]+([^\r\n]*)", re.MULTILINE)
_POINT_OR_FACE = re.compile(rb"^[ \t]*([vf])[ \t]+([^\r\n]*)", re.MULTILINE)
_BESIDE = re.compile(rb"/[^\s/]*")
_COMMENT_BYTES = 4096


def read_obj(content: bytes) -> Raw:
    """All faces, polygons as fans; objects (``o``) are parts.  Raises Damaged."""
    content = content.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ")
    heads = list(_OBJECT.finditer(content))
    require(len(heads) <= MOST_PARTS, f"it holds more than {MOST_PARTS} objects")
    starts = [0, *(head.start() for head in heads)]
    names = ["", *(head.group(1).decode("utf-8", "replace").strip()[:64] for head in heads)]
    points: list[npt.NDArray[np.float64]] = []
    faces, parts, known = [], [], 0
    for name, start, end in zip(names, starts, [*starts[1:], len(content)], strict=True):
        block = content[start:end]
        found = numbers(b"\n".join(_POINT.findall(block)))
        require(len(found) % 3 == 0, "a point in it has not three numbers")
        triangles = _faces(block, known)
        points.append(found.reshape(-1, 3))
        known += len(found) // 3
        faces.append(triangles)
        parts.append((name, len(triangles)))
        few(sum(count for _, count in parts))
    said = "\n".join(
        line.decode("latin-1")
        for line in content[:_COMMENT_BYTES].splitlines()
        if line.startswith(b"#")
    )
    full = tuple(part for part in parts if part[1])
    return Raw(np.concatenate(points), np.concatenate(faces), said, full)


def _faces(block: bytes, known: int) -> npt.NDArray[np.int64]:
    lines = _FACE.findall(block)
    require(len(lines) <= MOST_TRIANGLES, f"it has {len(lines):,} faces")
    plain = _BESIDE.sub(b"", b"\n".join(lines))
    values = numbers(plain)
    require(bool(np.all(np.abs(values) < 1 << 40)), "a corner of a face has no point")
    corners = values.astype(np.int64)
    counts = np.array([len(line.split()) for line in plain.split(b"\n")]) if lines else corners
    if len(corners) and corners.min() < 0:
        corners = _counted_back(block, corners, known)
    require(not len(corners) or bool(corners.min() > 0), "a corner of a face has no point")
    require(int(counts.sum()) == len(corners), "a face in it has something else than numbers")
    return fans(counts, corners - 1)


def _counted_back(
    block: bytes, corners: npt.NDArray[np.int64], known: int
) -> npt.NDArray[np.int64]:
    """Negative corners count back from the last point that stands before their face."""
    before = []
    for kind, rest in _POINT_OR_FACE.findall(block):
        if kind == b"v":
            known += 1
        else:
            before += [known] * len(rest.split())
    if len(before) != len(corners):
        raise Damaged("a face in it has something else than numbers")
    return np.where(corners < 0, corners + np.array(before) + 1, corners)
