"""STL, binary and ASCII."""

import re

import numpy as np

from .raw import MOST_PARTS, Raw, few, numbers, require

__all__ = ["read_stl"]

_SOLID = re.compile(rb"^[ \t]*solid\b([^\r\n]*)", re.MULTILINE)
_VERTEX = re.compile(rb"^[ \t]*vertex[ \t]([^\r\n]*)", re.MULTILINE)
_HEAD, _FACET = 84, 50


def read_stl(content: bytes) -> Raw:
    """Three points of its own for each triangle, as STL has it.  Raises Damaged."""
    require(len(content) >= 15, "it is too short")
    count = int.from_bytes(content[80:84], "little") if len(content) >= _HEAD else -1
    is_text = content.lstrip()[:5] == b"solid" and b"facet" in content[:2000]
    if is_text and len(content) != _HEAD + _FACET * count:
        return _ascii(content)
    require(count >= 0, "it is too short")
    few(count)
    require(
        len(content) >= _HEAD + _FACET * count,
        f"it announces {count:,} triangles and ends before the last",
    )
    facets = np.frombuffer(
        content, [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("rest", "<u2")], count, _HEAD
    )
    said = content[:80].decode("latin-1")
    return _of_corners(facets["corners"].reshape(-1, 3).astype(np.float64), said, ())


def _ascii(content: bytes) -> Raw:
    heads = list(_SOLID.finditer(content))
    require(0 < len(heads) <= MOST_PARTS, f"it holds more than {MOST_PARTS} bodies")
    corners, parts = [], []
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        body = content[head.end() : after.start() if after else len(content)]
        lines = _VERTEX.findall(body)
        few(len(lines) // 3)
        found = numbers(b"\n".join(lines))
        require(
            len(found) == 3 * len(lines) and len(lines) % 3 == 0,
            "a triangle in it has not three corners with three numbers each",
        )
        corners.append(found.reshape(-1, 3))
        parts.append((head.group(1).decode("latin-1").strip()[:64], len(lines) // 3))
    few(sum(count for _, count in parts))
    said = " ".join(name for name, _ in parts[:1])
    return _of_corners(np.concatenate(corners), said, tuple(parts))


def _of_corners(points: np.ndarray, said: str, parts: tuple[tuple[str, int], ...]) -> Raw:
    return Raw(points, np.arange(len(points)).reshape(-1, 3), said, parts)
