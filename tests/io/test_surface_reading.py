"""Surfaces of other programs come in with their place and size, or are refused in a sentence."""

import json
import struct

import numpy as np
import pytest
import trimesh

from surgiplan import io
from surgiplan.errors import GeometryError
from surgiplan.model import Surface
from tests.io.foreign_surfaces import POINTS, TRIANGLES, WAYS

TRUTH_ML = 3 * 4 * 5.25 / 6 / 1000 * 1000


def volume_of(loaded):
    return loaded.surface.volume_ml


@pytest.mark.parametrize("name", WAYS)
def test_every_way_of_writing_a_body_is_read(tmp_path, name):
    suffix, content = WAYS[name]
    path = tmp_path / f"body{suffix}"
    path.write_bytes(content)
    loaded = io.load_surface(path, unit="mm" if suffix == ".glb" else "")
    assert len(loaded.surface.triangles) == 4
    assert volume_of(loaded) == pytest.approx(TRUTH_ML, rel=1e-5)
    low, high = loaded.surface.points_lps.min(axis=0), loaded.surface.points_lps.max(axis=0)
    assert low == pytest.approx([100, -200, 300])
    assert high == pytest.approx([130, -160, 352.5])


@pytest.mark.parametrize("suffix", io.SURFACE_SUFFIXES)
def test_what_we_write_we_read_in_place_unit_and_axes(tmp_path, suffix):
    body = Surface(POINTS, TRIANGLES)
    io.write_surface(body, tmp_path / f"body{suffix}")
    loaded = io.load_surface(tmp_path / f"body{suffix}")
    assert loaded.is_unit_known
    assert loaded.unit == "mm"
    assert volume_of(loaded) == pytest.approx(body.volume_ml, rel=1e-5)
    assert np.abs(loaded.surface.points_lps.mean(axis=0)[0] - 110) < 20


@pytest.mark.parametrize("suffix", [".stl", ".ply", ".obj", ".glb"])
def test_what_trimesh_writes_is_read(tmp_path, suffix):
    ball = trimesh.creation.icosphere(subdivisions=2, radius=30)
    ball.export(tmp_path / f"ball{suffix}")
    loaded = io.load_surface(tmp_path / f"ball{suffix}", unit="mm")
    assert volume_of(loaded) * 1000 == pytest.approx(ball.volume, rel=1e-5)


@pytest.mark.parametrize("suffix", [".obj", ".glb"])
def test_several_bodies_keep_their_names(tmp_path, suffix):
    bodies = {"liver": Surface(POINTS, TRIANGLES), "tumour": Surface(POINTS + 60, TRIANGLES)}
    io.write_surface(bodies, tmp_path / f"plan{suffix}")
    assert io.load_surface(tmp_path / f"plan{suffix}").parts == (("liver", 4), ("tumour", 4))
    if suffix == ".glb":
        scene = trimesh.load(tmp_path / "plan.glb", force="scene")
        assert set(scene.graph.nodes_geometry) == {"liver", "tumour"}
    with pytest.raises(Exception, match="one structure"):
        io.write_surface(bodies, tmp_path / "plan.stl")


def obj(points, head=""):
    lines = [head, *(f"v {x} {y} {z}" for x, y, z in points)]
    return "\n".join([*lines, *(f"f {a} {b} {c}" for a, b, c in TRIANGLES + 1)]).encode()


def test_axes_and_unit_follow_the_file_and_the_user_goes_before_it(tmp_path):
    path = tmp_path / "body.obj"
    path.write_bytes(obj(POINTS / 10, "# SPACE=RAS UNIT=cm"))
    surface = io.load_surface(path).surface
    assert surface.volume_ml == pytest.approx(TRUTH_ML)
    assert surface.points_lps.max(axis=0) == pytest.approx([-100, 200, 352.5])
    told = io.load_surface(path, unit="inch", space="LPS").surface
    assert told.volume_ml == pytest.approx(TRUTH_ML * 2.54**3)
    assert told.points_lps.max(axis=0) == pytest.approx(np.array([13, -16, 35.25]) * 25.4)


@pytest.mark.parametrize(("factor", "size"), [(0.001, "0.0725"), (100, "7.25e")])
def test_a_body_that_no_patient_has_is_refused_until_its_unit_is_told(tmp_path, factor, size):
    path = tmp_path / "liver.obj"
    path.write_bytes(obj(POINTS * factor))
    with pytest.raises(GeometryError, match=rf"{size}.* say what its unit is with --unit mm"):
        io.load_surface(path)
    assert io.load_surface(path, unit="m" if factor < 1 else "mm").surface.volume_ml > 0


def test_a_glb_in_millimetres_that_does_not_say_so_is_no_liver_of_72_metres(tmp_path):
    path = tmp_path / "liver.glb"
    path.write_bytes(WAYS["glb"][1])
    with pytest.raises(GeometryError, match=r"7\.25e\+04 mm long.*--unit"):
        io.load_surface(path)


def test_ten_million_triangles_are_refused_with_the_limit(tmp_path):
    path = tmp_path / "huge.stl"
    with path.open("wb") as file:
        file.write(bytes(80) + struct.pack("<I", 10_000_000))
        file.truncate(84 + 50 * 10_000_000)
    with pytest.raises(GeometryError, match="10,000,000 triangles, and at most 2,000,000"):
        io.load_surface(path)
    with (tmp_path / "huge.obj").open("wb") as file:
        file.truncate(600 << 20)
    with pytest.raises(GeometryError, match="600 MiB, and at most 256 MiB"):
        io.load_surface(tmp_path / "huge.obj")


def test_formats_that_are_not_read_are_refused_by_name(tmp_path, shared_data):
    folder = shared_data / "meshes-liver-truthcylinder-sofa"
    for name in ("liver_for_test_broken.vtk", "liver.vtk", "aneurysm3D_1.off", "liver.msh"):
        with pytest.raises(GeometryError, match=rf"{name} is no surface .* STL, PLY, OBJ or GLB"):
            io.load_surface(folder / name)


def test_the_file_that_brings_vtk_down_is_read(shared_data):
    folder = shared_data / "meshes-liver-truthcylinder-sofa" / "mesh"
    loaded = io.load_surface(folder / "truthCylinder-Deformed.obj", unit="m")
    assert len(loaded.surface.triangles) == 3440
    assert 150 < np.linalg.norm(np.ptp(loaded.surface.points_lps, axis=0)) < 260


def test_damage_is_one_sentence(tmp_path):
    stl, ply = WAYS["stl binary"][1], WAYS["ply binary"][1]
    document = json.dumps({"meshes": "x", "nodes": [{"mesh": 0}], "scenes": [{"nodes": [0]}]})
    damaged = {
        "short.stl": stl[:-20],
        "nan.stl": stl[:100] + b"\xff" * 8 + stl[108:],
        "header.ply": ply[:40],
        "body.ply": ply[:-9],
        "empty.obj": b"",
        "words.obj": b"v 1 2 three\n" + b"f 1 2 3\n" * 4,
        "corner.obj": obj(POINTS).replace(b"f 1", b"f 9"),
        "deep.glb": glb_of(b"[" * 5000),
        "odd.glb": glb_of(document.encode()),
    }
    for name, content in damaged.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(GeometryError, match=rf"{name} cannot be read: .*\.$"):
            io.load_surface(tmp_path / name)


def glb_of(text):
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text), len(text), b"JSON")
    return head + text
