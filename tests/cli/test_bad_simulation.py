"""What cannot be simulated ends in one sentence that says where and what to do; nothing changes."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import trimesh

from surgiplan import io
from surgiplan.cli import main
from surgiplan.model import Resection, StentPlacement
from tests.app import bodies

FEW = {"resection": 300, "flat": 300}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A saved case with plans that cannot be answered."""
    case = bodies.planned_case()
    stent: StentPlacement = case.at("plan/stents/stent")
    beyond = replace(stent, id="beyond", name="Beyond", at_mm=500.0)
    huge = replace(stent, id="huge", name="Huge", design=replace(stent.design, diameter_mm=220.0))
    small = replace(stent, id="small", name="Small", design=replace(stent.design, diameter_mm=9.0))
    unsupported = Resection("flat", "Flat", "liver", [-30.0, -12.0, 90.0], [0.0, 1.0, 0.0])
    path = tmp_path_factory.mktemp("bad") / "case.splan"
    io.save(case.with_(beyond, huge, small, unsupported), path)
    return path


@pytest.fixture
def untouched(saved):
    """The case, which must be the same afterwards, byte by byte."""
    before = contents(saved)
    yield saved
    assert contents(saved) == before


def contents(path):
    """All that is kept; meshes made once are no part of the case and may be lost."""
    files = (one for one in sorted(path.rglob("*")) if one.is_file())
    return {one: one.read_bytes() for one in files if "derived" not in one.parts}


@pytest.mark.parametrize(
    ("arguments", "sentences"),
    [
        (["stent", "--young-modulus-kpa", "0"], ["outside its range", "choose another"]),
        (["resection", "--shear-modulus-kpa", "0"], ["outside its range", "choose another"]),
        (["resection", "--gravity-m-per-s2", "0,98.1,0"], ["The place: Liver", "no tissue bears"]),
        (["resection", "--gravity-m-per-s2", "0,981,0"], ["The place: Liver", "load smaller"]),
        (["resection", "--gravity-m-per-s2", "0,nan,0"], ["needs 3 numbers"]),
        (["resection", "--gravity-m-per-s2", "0,9.81"], ["needs 3 numbers"]),
        (["huge"], ["which no wall bears", "narrower"]),
        (["small"], ["never touches the wall", "choose a wider one"]),
        (["beyond"], ["outside the traced vessel", "move it"]),
        (["flat"], ["too little surface left to rest on", "turn the plane"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_answered_is_one_sentence(untouched, capsys, arguments, sentences):
    subject, *settings = arguments
    few = (
        "--elements",
        str(FEW.get(subject, bodies.few_elements("stent"))),
        "--first-answer",
        "--quiet",
    )
    code = main(["simulate", str(untouched), subject, *settings, *few])
    shown = capsys.readouterr()
    assert code == 2, shown.out
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    for sentence in sentences:
        assert sentence in shown.err


def test_an_open_surface_becomes_no_organ(untouched, tmp_path, capsys):
    ball = trimesh.creation.icosphere(radius=20.0)
    ball.apply_translation([0.0, 0.0, 70.0])
    ball.update_faces(np.arange(len(ball.faces)) > 40)
    ball.export(tmp_path / "half.stl")
    code = main(["segments", "import", str(untouched), str(tmp_path / "half.stl"), "--quiet"])
    assert code == 2
    err = capsys.readouterr().err
    assert "stays open at" in err
    assert err.count("\n") == 1


def test_stopping_in_the_middle_of_a_solve_changes_nothing(untouched):
    command = [sys.executable, "-m", "surgiplan", "simulate", str(untouched), "resection"]
    running = subprocess.Popen(
        [*command, "--elements", "4000"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    said = []
    for line in running.stderr:
        said.append(line)
        if "iteration" in line or "Taking" in line:
            running.send_signal(signal.SIGINT)
            break
    out, err = running.communicate(timeout=120)
    assert running.returncode == 2, "".join([*said, err])
    assert out == ""
    assert err.splitlines()[-1] == "surgiplan: Stopped by the user; nothing was changed."
