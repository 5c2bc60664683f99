"""Tetrahedra leave a case from a shell, quality told, made once."""

import json
import sys
from functools import partial
from pathlib import Path

import pytest

from surgiplan import io
from surgiplan.cli.main import main
from surgiplan.errors import SurgiplanError
from surgiplan.jobs import apart
from surgiplan.jobs_report import silent
from surgiplan.workflow import kept_tetrahedra
from tests.meshing.bodies import grid
from tests.workflow.test_surface_import import case_on

sys.path.insert(0, str(Path(__file__).parents[1] / "jobs"))
from jobs_work import crash


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases") / "a.splan"
    io.save(case_on(grid((50, 70, 70), (1.0, 0.7, 0.7))), folder)
    return folder


def mesh_of(path, file, capsys, *options):
    command = ["mesh", path, "liver", "-o", file, "--elements", "500", *options]
    assert main([*map(str, command), "--json", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


def read(file):
    """The mesh in a file as VTK reads it."""
    from vtkmodules.vtkIOLegacy import vtkUnstructuredGridReader
    from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridReader

    reader = (
        vtkXMLUnstructuredGridReader() if file.suffix == ".vtu" else vtkUnstructuredGridReader()
    )
    reader.SetFileName(str(file))
    reader.Update()
    return reader.GetOutput()


def test_a_liver_becomes_a_file_that_vtk_reads_and_the_second_time_it_is_known(
    path, tmp_path, capsys
):
    told = mesh_of(path, tmp_path / "l.vtu", capsys)
    assert told["cached"] is False
    assert told["volume_ml"] == pytest.approx(io.load(path).segments["liver"].volume_ml, rel=0.005)
    assert abs(told["volume_error_fraction"]) < 0.005
    assert told["scaled_jacobian_min"] > 0.05
    assert 5 < told["dihedral_min_deg"] < told["dihedral_max_deg"] < 172
    assert told["edge_mm"] > 1
    found = read(tmp_path / "l.vtu")
    assert found.GetNumberOfCells() == told["elements"]
    assert found.GetNumberOfPoints() == told["nodes"]
    assert found.GetCellType(0) == 24
    assert b"SPACE=LPS UNIT=mm" in (tmp_path / "l.vtu").read_bytes()[:200]
    again = mesh_of(path, tmp_path / "m.vtu", capsys)
    assert again.pop("cached") is True
    assert (tmp_path / "m.vtu").read_bytes() == (tmp_path / "l.vtu").read_bytes()
    told.pop("cached")
    assert {**again, "file": ""} == {**told, "file": ""}
    for file in (path / "derived").iterdir():
        file.write_bytes(file.read_bytes()[:-5])
    assert mesh_of(path, tmp_path / "n.vtk", capsys)["cached"] is False
    old = read(tmp_path / "n.vtk")
    assert (old.GetNumberOfCells(), old.GetCellType(0)) == (told["elements"], 24)
    assert old.GetBounds() == pytest.approx(found.GetBounds())
    assert "exported" in [str(event["event"]) for event in io.audit_events(path)]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("l.stl", "should end in one of .vtu, .vtk"),
        ("none/l.vtu", "no folder"),
        ("d.vtu", "folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_made(
    path, tmp_path, capsys, file, said
):
    (tmp_path / "d.vtu").mkdir()
    before = sorted(path.rglob("*"))
    assert main(["mesh", str(path), "liver", "-o", str(tmp_path / file), "--quiet"]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert sorted(path.rglob("*")) == before


def test_a_mesher_that_dies_leaves_a_sentence_and_nothing_else(path):
    kept, body = io.kept_beside(path), io.load(path).segments["tumour"]
    before = sorted(path.rglob("*"))
    with pytest.raises(SurgiplanError, match=r"mesh.* stopped unexpectedly"):
        kept_tetrahedra(body, 300, partial(apart, crash, silent, "mesh"), kept)
    assert sorted(path.rglob("*")) == before
