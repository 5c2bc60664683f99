"""Surfaces of other programs, read without a library that a damaged file could bring down."""

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from surgiplan.errors import GeometryError
from surgiplan.model import Surface

from .glb import read_glb
from .obj import read_obj
from .ply import read_ply
from .raw import MOST_BYTES, MOST_TRIANGLES, Damaged, Raw, few
from .stl import read_stl

__all__ = ["OTHER_MESH_SUFFIXES", "UNITS_MM", "LoadedSurface", "load_surface"]

UNITS_MM: Mapping[str, float] = MappingProxyType({"mm": 1.0, "cm": 10.0, "m": 1000.0, "inch": 25.4})
"""Millimetres of each unit that a file or a user may name."""
OTHER_MESH_SUFFIXES = (
    ".vtk", ".vtp", ".off", ".gltf", ".3mf", ".msh", ".fbx", ".dae", ".step", ".stp", ".igs",
    ".iges", ".amf", ".x3d", ".blend",
)  # fmt: skip
"""Surfaces of formats that are not read."""

_READERS: Mapping[str, Callable[[bytes], Raw]] = MappingProxyType(
    {".stl": read_stl, ".ply": read_ply, ".obj": read_obj, ".glb": read_glb}
)
_SMALLEST_MM, _LARGEST_MM = 1.0, 2500.0
"""Diagonals of the box around a part of a patient."""
_FARTHEST_MM = 1e6


@dataclass(frozen=True, eq=False)
class LoadedSurface:
    """A surface in LPS [mm] and what the file said about it; it may be open or worse."""

    surface: Surface
    parts: tuple[tuple[str, int], ...]
    """Name and number of triangles of each body, in the order of the triangles."""
    unit: str
    is_unit_known: bool
    """Whether the user, the file or its format named the unit; else it is taken as mm."""


def load_surface(path: Path, *, unit: str = "", space: str = "") -> LoadedSurface:
    """Read an STL, PLY, OBJ or GLB file.

    ``unit`` (mm, cm, m or inch) and ``space`` (LPS or RAS) go before what the file says; without
    either it is mm and LPS, in GLB metres.  Raises GeometryError for a file that is damaged, too
    large, of another format, or whose size no part of a patient has.
    """
    content = _content(path)
    try:
        # A damaged number may be a signalling NaN; whether all are finite is asked below.
        with np.errstate(all="ignore"):
            raw = _READERS[path.suffix.lower()](content)
        _check(raw)
    except Damaged as error:
        raise GeometryError(f"{path.name} cannot be read: {error}.") from error
    except (
        ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError,
        struct.error, json.JSONDecodeError,
    ) as error:  # fmt: skip
        raise GeometryError(
            f"{path.name} cannot be read: its content contradicts its format; export it again."
        ) from error
    told = unit or raw.stated_unit
    points = raw.points * UNITS_MM[told or "mm"]
    if (space or raw.stated_space or "LPS") == "RAS":
        points = points * (-1.0, -1.0, 1.0)
    used, triangles = np.unique(raw.triangles, return_inverse=True)
    surface = Surface(points[used], triangles.reshape(-1, 3).astype(np.int32))
    if not unit:
        _check_size(path.name, surface, told)
    parts = raw.parts or (("", len(triangles) // 3),)
    return LoadedSurface(surface, parts, told or "mm", bool(told))


def _content(path: Path) -> bytes:
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise GeometryError(
            f"{path.name} is no surface that is read here; save it as STL, PLY, OBJ or GLB."
        )
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(84)
            if suffix == ".stl" and size == 84 + 50 * int.from_bytes(head[80:84], "little"):
                few(int.from_bytes(head[80:84], "little"))
            if size > MOST_BYTES:
                raise GeometryError(
                    f"{path.name} has {size >> 20} MiB, and at most {MOST_BYTES >> 20} MiB or "
                    f"{MOST_TRIANGLES:,} triangles are read; thin it out where it was made."
                )
            return head + file.read()
    except Damaged as error:
        raise GeometryError(f"{path.name} cannot be read: {error}.") from error
    except OSError as error:
        raise GeometryError(f"{path} cannot be read ({error.strerror}); check the path.") from error


def _check(raw: Raw) -> None:
    if len(raw.triangles) < 4:
        raise Damaged(f"it has {len(raw.triangles)} triangles, and a body has at least 4")
    few(len(raw.triangles))
    if raw.triangles.min() < 0 or raw.triangles.max() >= len(raw.points):
        raise Damaged("a triangle in it has a corner that is no point")
    if not np.all(np.abs(raw.points[raw.triangles.ravel()]) < _FARTHEST_MM):
        raise Damaged("a point in it is infinitely far away or no number")


def _check_size(name: str, surface: Surface, told: str) -> None:
    size_mm = float(np.linalg.norm(np.ptp(surface.points_lps, axis=0)))
    if _SMALLEST_MM <= size_mm <= _LARGEST_MM:
        return
    by = f"In {told}, as it says or its format does," if told else "In mm (it names no unit)"
    raise GeometryError(
        f"{by} {name} would be {size_mm:.3g} mm long, which no part of a patient is; say what "
        "its unit is with --unit mm, cm, m or inch."
    )
