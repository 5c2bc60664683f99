"""A surface arrives in other programs in its place and size, and says what it is."""

import json
import struct

import numpy as np
import pytest
import trimesh

from surgiplan import RESEARCH_USE, io
from surgiplan.errors import SurgiplanError
from surgiplan.model import Surface


@pytest.fixture
def tetrahedron():
    points = np.array([[10, -20, 30], [13, -20, 30], [10, -16, 30], [10, -20, 35.25]])
    return Surface(points, [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])


@pytest.mark.parametrize("suffix", [".stl", ".ply", ".obj", ".glb", ".STL"])
def test_a_closed_surface_comes_back_closed_in_its_place_and_size(tmp_path, tetrahedron, suffix):
    io.write_surface(tetrahedron, tmp_path / f"liver{suffix}")
    found = trimesh.load(tmp_path / f"liver{suffix}", force="mesh")
    assert found.is_watertight
    assert found.volume / 1000 == pytest.approx(tetrahedron.volume_ml, rel=1e-6)
    assert tetrahedron.volume_ml > 0
    assert found.bounds == pytest.approx(np.array([[10, -20, 30], [13, -16, 35.25]]), abs=1e-5)
    assert len(found.faces) == 4


def test_every_file_states_its_space_its_unit_and_that_it_is_for_research(tmp_path, tetrahedron):
    for suffix in io.SURFACE_SUFFIXES:
        io.write_surface(tetrahedron, tmp_path / f"liver{suffix}")
    statement = f"SPACE=LPS UNIT=mm {RESEARCH_USE}"
    assert (tmp_path / "liver.stl").read_bytes()[:80].decode().rstrip() == statement
    assert f"comment {statement}\n".encode() in (tmp_path / "liver.ply").read_bytes()
    assert (tmp_path / "liver.obj").read_text().startswith(f"# {statement}\n")
    content = (tmp_path / "liver.glb").read_bytes()
    (length,) = struct.unpack("<I", content[12:16])
    extras = json.loads(content[20 : 20 + length])["asset"]["extras"]
    assert extras == {"space": "LPS", "unit": "mm", "notice": RESEARCH_USE,
                      "statement": statement}  # fmt: skip


def test_normals_in_stl_point_outwards(tmp_path, tetrahedron):
    io.write_surface(tetrahedron, tmp_path / "liver.stl")
    found = trimesh.load(tmp_path / "liver.stl")
    outwards = found.triangles_center - found.centroid
    assert np.all(np.einsum("ij,ij->i", found.face_normals, outwards) > 0)


def test_an_unknown_ending_is_refused_with_those_that_are_known(tmp_path, tetrahedron):
    with pytest.raises(SurgiplanError, match=r"one of .stl, .ply, .obj, .glb"):
        io.write_surface(tetrahedron, tmp_path / "liver.step")


def test_a_folder_that_is_not_there_is_said_and_an_old_file_survives(
    tmp_path, tetrahedron, monkeypatch
):
    with pytest.raises(SurgiplanError, match="cannot be written"):
        io.write_surface(tetrahedron, tmp_path / "nowhere" / "liver.stl")
    (tmp_path / "liver.stl").write_text("old")

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(SurgiplanError, match="No space left"):
        io.write_surface(tetrahedron, tmp_path / "liver.stl")
    assert (tmp_path / "liver.stl").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1
