"""Surfaces leave a case from a shell, and come into another."""

import json

import pytest

from surgiplan import io
from surgiplan.cli.main import main
from surgiplan.model import Case
from tests.meshing.bodies import grid
from tests.workflow.test_surface_import import case_on


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases") / "a.splan"
    io.save(case_on(grid((50, 70, 70), (1.0, 0.7, 0.7))), folder)
    return folder


def answer_of(capsys, *arguments):
    assert main([*map(str, arguments), "--json", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


def complaint_of(capsys, *arguments):
    assert main([*map(str, arguments), "--quiet"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    return told


def test_a_thinned_surface_is_closed_and_has_the_volume_of_the_segment(path, tmp_path, capsys):
    told = answer_of(
        capsys, "surface", path, "liver", "-o", tmp_path / "l.stl", "--triangles", "2000"
    )
    assert told["closed"] is True
    assert 1000 < told["triangles"] <= 2000
    volume_ml = io.load(path).segments["liver"].volume_ml
    assert told["volume_ml"] == pytest.approx(volume_ml, rel=0.005)
    assert "exported" in [str(event["event"]) for event in io.audit_events(path)]


def test_liver_and_tumour_with_one_border_go_into_one_file_and_come_back(path, tmp_path, capsys):
    file = tmp_path / "both.glb"
    told = answer_of(capsys, "surface", path, "liver", "tumour", "-o", file, "--shared")
    whole, tumour = (io.load(path).segments[name].volume_ml for name in ("liver", "tumour"))
    volumes = [one["volume_ml"] for one in told["surfaces"]]
    assert volumes == pytest.approx([whole - tumour, tumour], rel=0.005)
    assert told["volume_ml"] == pytest.approx(whole, rel=0.005)
    assert told["closed"] is True
    case = io.load(path)
    bare = Case().with_(case.volume())
    io.save(bare, tmp_path / "b.splan")
    back = answer_of(capsys, "segments", "import", tmp_path / "b.splan", file)
    assert [one["name"] for one in back["segments"]] == ["liver", "tumour"]
    assert sum(one["volume_ml"] for one in back["segments"]) == pytest.approx(whole, rel=0.005)


def test_what_makes_no_sense_is_said_and_nothing_is_written(path, tmp_path, capsys):
    file = tmp_path / "x.stl"
    assert "4 triangles" in complaint_of(
        capsys, "surface", path, "liver", "-o", file, "--triangles", "2"
    )
    assert "one structure" in complaint_of(capsys, "surface", path, "liver", "tumour", "-o", file)
    assert "share their borders" in complaint_of(
        capsys, "surface", path, "liver", "tumour", "-o", file, "--shared", "--triangles", "99"
    )
    assert not file.exists()


def test_a_surface_in_metres_changes_nothing_until_its_unit_is_told(path, tmp_path, capsys):
    (tmp_path / "m.obj").write_text(
        "v 0 0 0\nv .01 0 0\nv 0 .01 0\nv 0 0 .01\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
    )
    before = sorted(path.glob("manifests/*"))
    told = complaint_of(capsys, "segments", "import", path, tmp_path / "m.obj")
    assert "--unit mm, cm, m or inch" in told
    assert "outside the scan" in complaint_of(
        capsys, "segments", "import", path, tmp_path / "m.obj", "--unit", "m"
    )
    assert sorted(path.glob("manifests/*")) == before
