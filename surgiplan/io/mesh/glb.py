"""GLB (glTF 2.0 in one file): triangles of the scene, placed by its nodes."""

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .raw import MOST_PARTS, Damaged, Raw, few, require

__all__ = ["read_glb"]

_INDEX_TYPES = {5121: "<u1", 5123: "<u2", 5125: "<u4"}
_FLOAT = 5126
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_MOST_JSON_BYTES, _MOST_NODES, _DEEPEST = 16 << 20, 10_000, 64
_MOST_POINTS = 8_000_000


def read_glb(content: bytes) -> Raw:
    """Points in the scene's own axes, in metres unless ``asset.extras`` say otherwise."""
    document, body = _chunks(content)
    scene = _Scene(document, body)
    roots = scene.roots()
    for root in roots:
        scene.visit(root, np.eye(4), 0)
    require(bool(scene.parts), "it shows no triangles")
    extras = document.get("asset", {}).get("extras", {})
    said = ""
    if isinstance(extras, dict):
        said = f"SPACE={extras.get('space', '')} UNIT={extras.get('unit', '')}"[:80]
    points, triangles = np.concatenate(scene.points), np.concatenate(scene.triangles)
    return Raw(points, triangles, said, tuple(scene.parts), unit="m")


def _chunks(content: bytes) -> tuple[dict[str, Any], bytes]:
    require(len(content) >= 20 and content[:4] == b"glTF", "it has no GLB header")
    version, total = struct.unpack_from("<II", content, 4)
    require(version == 2, f"it is version {version} of glTF, and 2 is read")
    require(total <= len(content), "it ends too early")
    length, kind = struct.unpack_from("<I4s", content, 12)
    require(kind == b"JSON" and length <= _MOST_JSON_BYTES, "its first part is no JSON")
    require(20 + length <= len(content), "it ends too early")
    document = json.loads(content[20 : 20 + length])
    require(isinstance(document, dict), "its first part is no JSON object")
    at = 20 + length
    if at + 8 > len(content):
        return document, b""
    length, kind = struct.unpack_from("<I4s", content, at)
    require(kind == b"BIN\0" and at + 8 + length <= len(content), "it ends too early")
    return document, content[at + 8 : at + 8 + length]


@dataclass
class _Scene:
    document: dict[str, Any]
    body: bytes
    points: list[npt.NDArray[np.float64]] = field(default_factory=list)
    triangles: list[npt.NDArray[np.int64]] = field(default_factory=list)
    parts: list[tuple[str, int]] = field(default_factory=list)
    _visited: int = 0
    _known: int = 0

    def roots(self) -> list[int]:
        """The nodes of the scene that is shown; all that are nobody's child without one."""
        scenes = self.document.get("scenes") or []
        if scenes:
            return list(self._item("scenes", self.document.get("scene", 0)).get("nodes", []))
        nodes = self.document.get("nodes", [])
        children = {child for node in nodes for child in node.get("children", [])}
        return [n for n in range(len(nodes)) if n not in children]

    def visit(self, number: int, placed: npt.NDArray[np.float64], depth: int) -> None:
        """Add what hangs on a node."""
        self._visited += 1
        require(self._visited <= _MOST_NODES and depth < _DEEPEST, "its nodes are nested too deep")
        node = self._item("nodes", number)
        here = placed @ _matrix(node)
        if "mesh" in node:
            mesh = self._item("meshes", node["mesh"])
            name = str(node.get("name") or mesh.get("name") or "")[:64]
            for primitive in mesh["primitives"]:
                self._add(primitive, here, name)
        for child in node.get("children", []):
            self.visit(child, here, depth + 1)

    def _add(self, primitive: dict[str, Any], placed: npt.NDArray[np.float64], name: str) -> None:
        mode = primitive.get("mode", _TRIANGLES)
        if mode not in (_TRIANGLES, _STRIP, _FAN):
            return
        if "KHR_draco_mesh_compression" in primitive.get("extensions", {}):
            raise Damaged("its triangles are compressed (Draco), which is not read")
        require(len(self.parts) < MOST_PARTS, f"it holds more than {MOST_PARTS} bodies")
        points = self._accessor(primitive["attributes"]["POSITION"], "VEC3").astype(np.float64)
        if "indices" in primitive:
            corners = self._accessor(primitive["indices"], "SCALAR").astype(np.int64).ravel()
        else:
            corners = np.arange(len(points))
        require(not len(corners) or int(corners.max()) < len(points), "a corner has no point")
        triangles = _triangles(corners, mode)
        if np.linalg.det(placed[:3, :3]) < 0:
            triangles = triangles[:, ::-1]
        self.points.append(points @ placed[:3, :3].T + placed[:3, 3])
        self.triangles.append(triangles + self._known)
        self.parts.append((name, len(triangles)))
        self._known += len(points)
        require(self._known <= _MOST_POINTS, f"it has more than {_MOST_POINTS:,} points")
        few(sum(count for _, count in self.parts))

    def _accessor(self, number: int, shape: str) -> npt.NDArray[Any]:
        one = self._item("accessors", number)
        require(one.get("type") == shape and "sparse" not in one, "its numbers are not read")
        kind = one["componentType"]
        if shape == "VEC3":
            require(kind == _FLOAT, "its points are no floating-point numbers")
        element = np.dtype("<f4") if shape == "VEC3" else np.dtype(_INDEX_TYPES[kind])
        width = 3 if shape == "VEC3" else 1
        view = self._item("bufferViews", one["bufferView"])
        require("uri" not in self._item("buffers", view.get("buffer", 0)), "it lies in two files")
        start = _natural(view.get("byteOffset", 0)) + _natural(one.get("byteOffset", 0))
        size, count = element.itemsize * width, _natural(one["count"])
        step = _natural(view.get("byteStride", size))
        require(step >= size and count > 0, "its numbers overlap")
        require(start + (count - 1) * step + size <= len(self.body), "it ends too early")
        rows = np.ndarray((count, width), element, self.body, start, (step, element.itemsize))
        return rows.copy()

    def _item(self, kind: str, number: Any) -> dict[str, Any]:
        items = self.document.get(kind, [])
        require(
            isinstance(items, list) and _natural(number) < len(items),
            f"one of its {kind} is missing",
        )
        require(isinstance(items[number], dict), f"one of its {kind} is damaged")
        found: dict[str, Any] = items[number]
        return found


def _natural(number: Any) -> int:
    require(type(number) is int and 0 <= number < 1 << 40, "a number in it makes no sense")
    return int(number)


def _triangles(corners: npt.NDArray[np.int64], mode: int) -> npt.NDArray[np.int64]:
    if mode == _TRIANGLES:
        return corners[: len(corners) // 3 * 3].reshape(-1, 3)
    step = np.arange(max(len(corners) - 2, 0))
    if mode == _FAN:
        return np.stack([np.full(len(step), corners[0]), corners[step + 1], corners[step + 2]], 1)
    odd = step % 2
    return np.stack([corners[step], corners[step + 1 + odd], corners[step + 2 - odd]], axis=1)


def _matrix(node: dict[str, Any]) -> npt.NDArray[np.float64]:
    """What places a node in its parent: a matrix by columns, or scale, rotation, translation."""
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    x, y, z, w = np.array(node.get("rotation", (0, 0, 0, 1)), np.float64)
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), np.float64)
    matrix[:3, 3] = np.array(node.get("translation", (0, 0, 0)), np.float64)
    return matrix
