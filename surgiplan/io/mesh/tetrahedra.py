"""Tetrahedra for other programs: VTU and legacy VTK, in LPS millimetres, and saying so."""

import base64
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SurgiplanError

from .writing import statement, write_out

__all__ = ["MESH_SUFFIXES", "require_mesh_path", "write_tetrahedra"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_KINDS = MappingProxyType({4: 10, 10: 24, 20: 25})
"""Number of VTK's cell type by the nodes of an element, which come in VTK's order."""


def write_tetrahedra(
    nodes_mm: Floats, cells: Ints, path: Path | str, *, pseudonym: str = ""
) -> None:
    """Write nodes (n, 3) and elements (m, 4), (m, 10) or (m, 20) as .vtu or .vtk.

    The file says its space, its unit, and whose it is by ``pseudonym``.  Raises SurgiplanError for
    another ending, and where the file cannot be written.
    """
    path = Path(path)
    require_mesh_path(path)
    content = _WRITERS[path.suffix.lower()](nodes_mm, cells, statement(pseudonym))
    write_out(path, content)


def require_mesh_path(path: Path) -> None:
    """Raise SurgiplanError for a file that a mesh cannot be written to, before it is made."""
    if path.suffix.lower() not in MESH_SUFFIXES:
        known = ", ".join(MESH_SUFFIXES)
        raise SurgiplanError(f"{path.name} should end in one of {known}; choose another name.")
    if not path.parent.is_dir():
        raise SurgiplanError(f"There is no folder {path.parent}; choose another.")
    if path.is_dir():
        raise SurgiplanError(f"{path} is a folder; choose another name.")


def _vtu(nodes_mm: Floats, cells: Ints, line: str) -> bytes:
    count, each = cells.shape
    points = _array(nodes_mm.astype("<f8"), 'type="Float64" NumberOfComponents="3" Name="Points"')
    connectivity = _array(cells.astype("<i8"), 'type="Int64" Name="connectivity"')
    ends = each * np.arange(1, count + 1, dtype="<i8")
    offsets = _array(ends, 'type="Int64" Name="offsets"')
    kinds = _array(np.full(count, _KINDS[each], np.uint8), 'type="UInt8" Name="types"')
    return (
        '<?xml version="1.0"?>\n'
        f"<!-- {line.replace('--', '- -')} -->\n"
        '<VTKFile type="UnstructuredGrid" version="1.0" byte_order="LittleEndian" '
        'header_type="UInt64">\n<UnstructuredGrid>\n'
        f'<Piece NumberOfPoints="{len(nodes_mm)}" NumberOfCells="{count}">\n'
        f"<Points>\n{points}</Points>\n<Cells>\n{connectivity}{offsets}{kinds}</Cells>\n"
        "</Piece>\n</UnstructuredGrid>\n</VTKFile>\n"
    ).encode("ascii")


def _array(values: npt.NDArray[Any], attributes: str) -> str:
    raw = np.ascontiguousarray(values).tobytes()
    text = base64.b64encode(struct.pack("<Q", len(raw)) + raw).decode("ascii")
    return f'<DataArray {attributes} format="binary">{text}</DataArray>\n'


def _vtk(nodes_mm: Floats, cells: Ints, line: str) -> bytes:
    count, each = cells.shape
    rows = np.concatenate([np.full((count, 1), each), cells], axis=1).astype(">i4")
    kinds = np.full(count, _KINDS[each], ">i4")
    return b"".join(
        [
            b"# vtk DataFile Version 3.0\n" + line.encode("ascii")[:200] + b"\nBINARY\n",
            f"DATASET UNSTRUCTURED_GRID\nPOINTS {len(nodes_mm)} double\n".encode("ascii"),
            nodes_mm.astype(">f8").tobytes(),
            f"\nCELLS {count} {rows.size}\n".encode("ascii") + rows.tobytes(),
            f"\nCELL_TYPES {count}\n".encode("ascii") + kinds.tobytes() + b"\n",
        ]
    )


_WRITERS: Mapping[str, Callable[[Floats, Ints, str], bytes]] = MappingProxyType(
    {".vtu": _vtu, ".vtk": _vtk}
)
MESH_SUFFIXES = tuple(_WRITERS)
