"""One tetrahedron in every way that STL, PLY, OBJ and GLB can write it."""

import json
import struct

import numpy as np

POINTS = np.array([[100, -200, 300], [130, -200, 300], [100, -160, 300], [100, -200, 352.5]])
TRIANGLES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
_CORNERS = POINTS[TRIANGLES]


def _stl_ascii() -> bytes:
    facets = [
        "facet normal 0 0 0\n outer loop\n"
        + "".join(f"  vertex {x:e} {y:e} {z:e}\n" for x, y, z in corners)
        + " endloop\nendfacet"
        for corners in _CORNERS
    ]
    return "\r\n".join(["solid body", *facets, "endsolid body", ""]).encode()


def _stl_binary(head: bytes = b"binary") -> bytes:
    facets = np.zeros(4, [("n", "<f4", 3), ("c", "<f4", (3, 3)), ("a", "<u2")])
    facets["c"] = _CORNERS
    return head.ljust(80) + struct.pack("<I", 4) + facets.tobytes()


def _ply(order: str, kind: str = "float", *, extra: bool = False) -> bytes:
    head = (
        f"ply\nformat {order} 1.0\ncomment made elsewhere\nelement vertex 4\nproperty {kind} x\n"
        f"property {kind} y\nproperty {kind} z\n" + ("property uchar red\n" if extra else "")
    )
    head += "element face 4\nproperty list uchar int vertex_indices\nend_header\n"
    if order == "ascii":
        rows = [" ".join(map(str, p)) + (" 255" if extra else "") for p in POINTS.tolist()]
        rows += [" ".join(map(str, [3, *t])) for t in TRIANGLES.tolist()]
        return (head + "\n".join(rows) + "\n").encode()
    sign = ">" if "big" in order else "<"
    fields = [("p", sign + ("f8" if kind == "double" else "f4"), 3)]
    points = np.zeros(4, [*fields, ("r", "u1")] if extra else fields)
    points["p"] = POINTS
    faces = np.zeros(4, [("n", "u1"), ("t", sign + "i4", 3)])
    faces["n"], faces["t"] = 3, TRIANGLES
    return head.encode() + points.tobytes() + faces.tobytes()


def _obj(face: str) -> bytes:
    lines = ["# made elsewhere", "mtllib none.mtl", "vt 0 0", "vn 0 0 1"]
    lines += [f"v {x} {y} {z}" for x, y, z in POINTS.tolist()] + ["g group", "usemtl red"]
    lines += ["f " + " ".join(face.format(n, n - 4) for n in t) for t in (TRIANGLES + 1).tolist()]
    return "\n".join(lines).encode()


def _obj_back() -> bytes:
    lines = [f"v {x} {y} {z} 1 0 0" for x, y, z in POINTS.tolist()]
    lines += ["f " + " ".join(str(n - 4) for n in t) for t in TRIANGLES.tolist()]
    return "\n".join(lines).encode()


def _glb(*, placed: bool = False, strip: bool = False) -> bytes:
    points = (POINTS - [1, 2, 3] if placed else POINTS).astype("<f4")
    corners = TRIANGLES.astype("<u2").ravel()
    indices = {"bufferView": 1, "componentType": 5123, "count": 12, "type": "SCALAR"}
    if strip:
        corners = np.array([0, 2, 1, 3, 0, 2], "<u2")
        indices["count"] = 6
    body = points.tobytes() + corners.tobytes()
    body += b"\0" * (-len(body) % 4)
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"children": [1], "translation": [1, 2, 3]}, {"mesh": 0}]
        if placed
        else [{"mesh": 0}],
        "meshes": [
            {
                "primitives": [
                    {"attributes": {"POSITION": 0}, "indices": 1, "mode": 5 if strip else 4}
                ]
            }
        ],
        "buffers": [{"byteLength": len(body)}],
        "bufferViews": [
            {"buffer": 0, "byteLength": 48},
            {"buffer": 0, "byteOffset": 48, "byteLength": len(body) - 48},
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"},
            indices,
        ],
    }
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    return b"".join(
        [
            struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(body)),
            struct.pack("<I4s", len(text), b"JSON"), text,
            struct.pack("<I4s", len(body), b"BIN\0"), body,
        ]
    )  # fmt: skip


WAYS = {
    "stl ascii": (".stl", _stl_ascii()),
    "stl binary": (".stl", _stl_binary()),
    "stl binary that begins like text": (".stl", _stl_binary(b"solid facet of Sky")),
    "ply ascii": (".ply", _ply("ascii")),
    "ply ascii with colour": (".ply", _ply("ascii", extra=True)),
    "ply binary": (".ply", _ply("binary_little_endian")),
    "ply big-endian": (".ply", _ply("binary_big_endian", "double", extra=True)),
    "obj": (".obj", _obj("{0}")),
    "obj with textures": (".obj", _obj("{0}/7/9")),
    "obj with normals": (".obj", _obj("{0}//1")),
    "obj counting back, with colour": (".obj", _obj_back()),
    "glb": (".glb", _glb()),
    "glb placed by a node": (".glb", _glb(placed=True)),
    "glb as a strip": (".glb", _glb(strip=True)),
}
"""Ending and content."""
