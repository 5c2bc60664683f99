"""Surfaces for other programs: STL, PLY, OBJ and GLB, in LPS millimetres, and saying so."""

import json
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from surgiplan import RESEARCH_USE
from surgiplan.errors import SurgiplanError
from surgiplan.model import Surface

from .atomic import write_whole

__all__ = ["SURFACE_SUFFIXES", "write_surface"]

_STATEMENT = f"SPACE=LPS UNIT=mm {RESEARCH_USE}"


def write_surface(surface: Surface, path: Path | str, *, pseudonym: str = "") -> None:
    """Write a surface as .stl, .ply, .obj or .glb, by the name of the file.

    The file says whose it is by ``pseudonym``, and that this is one; it never holds a name.

    Points stay in LPS [mm], also in GLB, whose readers may take them for metres.  Raises
    SurgiplanError for another name and where the file cannot be written.
    """
    path = Path(path)
    write = _FORMATS.get(path.suffix.lower())
    if write is None:
        known = ", ".join(SURFACE_SUFFIXES)
        raise SurgiplanError(f"{path.name} should end in one of {known}; choose another name.")
    try:
        write_whole(path, [write(surface, _line(pseudonym))])
    except OSError as error:
        raise SurgiplanError(
            f"{path} cannot be written ({error.strerror}); choose another folder."
        ) from error


def _line(pseudonym: str) -> str:
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


def _obj(surface: Surface, line: str) -> bytes:
    lines = [f"# {line}"]
    lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in surface.points_lps.tolist()]
    lines += [f"f {a} {b} {c}" for a, b, c in (surface.triangles + 1).tolist()]
    return ("\n".join(lines) + "\n").encode("ascii")


def _glb(surface: Surface, line: str) -> bytes:
    points = surface.points_lps.astype("<f4")
    corners = surface.triangles.astype("<u4").ravel()
    body = points.tobytes() + corners.tobytes()
    document = {
        "asset": {
            "version": "2.0",
            "generator": "surgiplan",
            "extras": {"space": "LPS", "unit": "mm", "notice": RESEARCH_USE,
                       "statement": line},
        },
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "buffers": [{"byteLength": len(body)}],
        "bufferViews": [
            {"buffer": 0, "byteLength": points.nbytes, "target": 34962},
            {"buffer": 0, "byteOffset": points.nbytes, "byteLength": corners.nbytes,
             "target": 34963},
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": len(points), "type": "VEC3",
             "min": points.min(axis=0).tolist(), "max": points.max(axis=0).tolist()},
            {"bufferView": 1, "componentType": 5125, "count": len(corners), "type": "SCALAR"},
        ],
    }  # fmt: skip
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    body += b"\0" * (-len(body) % 4)
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


_FORMATS: Mapping[str, Callable[[Surface, str], bytes]] = MappingProxyType(
    {".stl": _stl, ".ply": _ply, ".obj": _obj, ".glb": _glb}
)
SURFACE_SUFFIXES = tuple(_FORMATS)
