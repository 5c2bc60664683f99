"""Surfaces for other programs: STL, PLY, OBJ and GLB, in LPS millimetres, and saying so."""

import json
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from surgiplan import RESEARCH_USE
from surgiplan.errors import SurgiplanError
from surgiplan.model import Surface

from ..atomic import write_whole

__all__ = ["SURFACE_SUFFIXES", "statement", "write_surface"]

_STATEMENT = f"SPACE=LPS UNIT=mm {RESEARCH_USE}"


def write_surface(
    surface: Surface | Mapping[str, Surface], path: Path | str, *, pseudonym: str = ""
) -> None:
    """Write a surface, or several by name, as .stl, .ply, .obj or .glb, by the name of the file.

    The file says whose it is by ``pseudonym``, and that this is one; it never holds a name.

    Points stay in LPS [mm], also in GLB, whose readers may take them for metres.  Raises
    SurgiplanError for another ending, for several surfaces as STL or PLY, which know no names of
    bodies, and where the file cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    bodies = {"": surface} if isinstance(surface, Surface) else dict(surface)
    if suffix not in SURFACE_SUFFIXES:
        known = ", ".join(SURFACE_SUFFIXES)
        raise SurgiplanError(f"{path.name} should end in one of {known}; choose another name.")
    if suffix in _SINGLE and len(bodies) != 1:
        raise SurgiplanError(
            f"{path.name} can hold one structure, not {len(bodies)}; write a .glb or .obj file."
        )
    line = statement(pseudonym)
    if suffix in _SINGLE:
        content = _SINGLE[suffix](next(iter(bodies.values())), line)
    else:
        content = _SEVERAL[suffix](bodies, line)
    write_out(path, content)


def write_out(path: Path, content: bytes) -> None:
    """Write a whole file; SurgiplanError where it cannot be written."""
    try:
        write_whole(path, [content])
    except OSError as error:
        raise SurgiplanError(
            f"{path} cannot be written ({error.strerror}); choose another folder."
        ) from error


def statement(pseudonym: str) -> str:
    """One line of ASCII, short enough for the 80 bytes of an STL header."""
    plain = "".join(c for c in pseudonym if c.isascii() and c.isprintable())[:20]
    return f"{_STATEMENT} PSEUDONYM={plain}" if plain else _STATEMENT


def _stl(surface: Surface, line: str) -> bytes:
    corners = surface.points_lps[surface.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    facets = np.zeros(
        len(corners), [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")]
    )
    facets["normal"], facets["corners"] = normals, corners
    header = line.encode("ascii").ljust(80)[:80]
    return header + struct.pack("<I", len(facets)) + facets.tobytes()


def _ply(surface: Surface, line: str) -> bytes:
    faces = np.zeros(len(surface.triangles), [("count", "u1"), ("points", "<i4", 3)])
    faces["count"], faces["points"] = 3, surface.triangles
    header = (
        "ply\nformat binary_little_endian 1.0\n"
        f"comment {line}\n"
        f"element vertex {len(surface.points_lps)}\n"
        "property double x\nproperty double y\nproperty double z\n"
        f"element face {len(faces)}\n"
        "property list uchar int vertex_indices\nend_header\n"
    )
    return header.encode("ascii") + surface.points_lps.astype("<f8").tobytes() + faces.tobytes()


def _obj(bodies: Mapping[str, Surface], line: str) -> bytes:
    lines, known = [f"# {line}"], 1
    for name, surface in bodies.items():
        if name:
            lines.append(f"o {' '.join(name.split())}")
        lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in surface.points_lps.tolist()]
        lines += [f"f {a} {b} {c}" for a, b, c in (surface.triangles + known).tolist()]
        known += len(surface.points_lps)
    return ("\n".join(lines) + "\n").encode("utf-8")


def _glb(bodies: Mapping[str, Surface], line: str) -> bytes:
    views: list[dict[str, int]] = []
    accessors: list[dict[str, Any]] = []
    pieces: list[bytes] = []
    start = 0
    for surface in bodies.values():
        points = surface.points_lps.astype("<f4")
        corners = surface.triangles.astype("<u4").ravel()
        for target, array in ((34962, points), (34963, corners)):
            views.append({"buffer": 0, "byteOffset": start, "byteLength": array.nbytes,
                          "target": target})  # fmt: skip
            pieces.append(array.tobytes())
            start += array.nbytes
        n = len(accessors)
        accessors += [
            {"bufferView": n, "componentType": 5126, "count": len(points), "type": "VEC3",
             "min": points.min(axis=0).tolist(), "max": points.max(axis=0).tolist()},
            {"bufferView": n + 1, "componentType": 5125, "count": len(corners), "type": "SCALAR"},
        ]  # fmt: skip
    count = range(len(bodies))
    document = {
        "asset": {
            "version": "2.0",
            "generator": "surgiplan",
            "extras": {"space": "LPS", "unit": "mm", "notice": RESEARCH_USE,
                       "statement": line},
        },
        "scene": 0,
        "scenes": [{"nodes": list(count)}],
        "nodes": [{"mesh": n, **({"name": name} if name else {})} for n, name in enumerate(bodies)],
        "meshes": [
            {"primitives": [{"attributes": {"POSITION": 2 * n}, "indices": 2 * n + 1}]}
            for n in count
        ],
        "buffers": [{"byteLength": start}],
        "bufferViews": views,
        "accessors": accessors,
    }  # fmt: skip
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    # Every piece has four bytes a number, so nothing needs padding.
    body = b"".join(pieces)
    size = 12 + 8 + len(text) + 8 + len(body)
    return b"".join(
        [
            struct.pack("<4sII", b"glTF", 2, size),
            struct.pack("<I4s", len(text), b"JSON"),
            text,
            struct.pack("<I4s", len(body), b"BIN\0"),
            body,
        ]
    )


_SINGLE: Mapping[str, Callable[[Surface, str], bytes]] = MappingProxyType(
    {".stl": _stl, ".ply": _ply}
)
_SEVERAL: Mapping[str, Callable[[Mapping[str, Surface], str], bytes]] = MappingProxyType(
    {".obj": _obj, ".glb": _glb}
)
SURFACE_SUFFIXES = (*_SINGLE, *_SEVERAL)
