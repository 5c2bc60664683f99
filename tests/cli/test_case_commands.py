"""A case is sent, checked, brought back and kept from two writers, from the shell."""

import json

import numpy as np
import pytest

from surgiplan import io
from surgiplan.cli import main
from surgiplan.edits import AddVolume, MeasureDistance
from surgiplan.model import Case, Measurement, Patient, Volume, VoxelGrid


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "plan.splan"
    grid = VoxelGrid((4, 5, 6), np.eye(4))
    scan = AddVolume(Volume("ct", np.zeros(grid.shape, np.int16), grid), Patient("P-1"))
    io.save(measured("m1", scan.apply(Case())), path, journal=[scan, distance("m1")])
    return path


def distance(name):
    return MeasureDistance(Measurement(name, name, [[0, 0, 0], [1, 2, 3.5]]))


def measured(name, case):
    return distance(name).apply(case)


def answer(capsys, *arguments):
    code = main([*map(str, arguments), "--json"])
    shown = capsys.readouterr()
    return code, json.loads(shown.out) if shown.out else shown.err


def names(capsys, path):
    _, told = answer(capsys, "info", path)
    return [one["id"] for one in told["plan"]["measurements"]]


def test_a_case_is_packed_and_unpacked(capsys, plan, tmp_path):
    code, told = answer(capsys, "pack", plan, "-o", tmp_path / "plan.splanz")
    assert (code, told["generation"], told["identity"]) == (0, 1, "none")
    assert told["bytes"] == (tmp_path / "plan.splanz").stat().st_size
    code, told = answer(capsys, "unpack", tmp_path / "plan.splanz", "-o", tmp_path / "copy.splan")
    assert (code, told["case"]) == (0, str(tmp_path / "copy.splan"))
    assert names(capsys, tmp_path / "copy.splan") == ["m1"]
    assert answer(capsys, "verify", tmp_path / "copy.splan")[1]["ok"] is True
    code, said = answer(capsys, "unpack", tmp_path / "plan.splanz", "-o", plan)
    assert code == 2
    assert "exists already" in said


def test_verify_names_what_is_damaged(capsys, plan):
    journal = plan / "journal.jsonl"
    journal.write_text(journal.read_text().replace("3.5", "3.6"))
    code, told = answer(capsys, "verify", plan)
    assert code == 0
    assert told["ok"] is False
    assert "journal.jsonl" in told["damaged"][0]


def test_lost_work_is_kept_or_discarded_before_anything_else_is_changed(capsys, plan):
    lost = measured("m2", io.load(plan))
    io.autosave(lost, plan, [distance("m2")])
    assert names(capsys, plan) == ["m1"]
    code, said = answer(capsys, "measure", plan, "0,0,0", "1,1,1")
    assert code == 2
    assert "1 step (last: " in said
    assert "surgiplan recover" in said
    code, told = answer(capsys, "recover", plan)
    assert (code, told["steps"], told["saved"]) == (0, 1, True)
    assert names(capsys, plan) == ["m1", "m2"]
    assert len(io.load_edits(plan / "journal.jsonl")) == 3
    io.autosave(measured("m3", lost), plan, [distance("m3")])
    code, told = answer(capsys, "recover", plan, "--discard")
    assert (code, told["saved"]) == (0, False)
    assert names(capsys, plan) == ["m1", "m2"]
    assert answer(capsys, "recover", plan)[0] == 2
    assert answer(capsys, "measure", plan, "0,0,0", "1,1,1")[0] == 0


def test_a_case_that_is_open_elsewhere_is_read_but_not_changed(capsys, plan, tmp_path):
    with io.CaseLock(plan):
        code, said = answer(capsys, "measure", plan, "0,0,0", "1,1,1")
        assert code == 2
        assert "plan.splan is open in this program" in said
        assert answer(capsys, "recover", plan)[0] == 2
        assert names(capsys, plan) == ["m1"]
        assert answer(capsys, "verify", plan)[0] == 0
        assert answer(capsys, "pack", plan, "-o", tmp_path / "plan.splanz")[0] == 0
    assert answer(capsys, "measure", plan, "0,0,0", "1,1,1")[0] == 0


@pytest.mark.parametrize("command", ["info", "verify", "recover"])
def test_reading_what_is_no_case_leaves_nothing_behind(capsys, tmp_path, command):
    code, said = answer(capsys, command, tmp_path / "nowhere.splan")
    assert code == 2
    assert "check the path" in said
    assert list(tmp_path.iterdir()) == []


def test_a_state_that_is_damaged_is_never_replaced_by_an_older_one_without_a_word(capsys, plan):
    io.save(measured("m2", io.load(plan)), plan, journal=[distance("m2")])
    (newest,) = (plan / "manifests").glob("*2*")
    newest.write_bytes(newest.read_bytes().replace(b"m2", b"m3"))
    assert main(["info", str(plan), "--json", "--quiet"]) == 0
    shown = capsys.readouterr()
    assert [one["id"] for one in json.loads(shown.out)["plan"]["measurements"]] == ["m1"]
    assert "state (2) is damaged" in shown.err
    assert "State 1 was opened instead" in shown.err


@pytest.mark.parametrize("command", ["info", "scan", "verify"])
def test_a_name_that_no_disk_takes_is_told_in_a_sentence(capsys, tmp_path, command):
    code, told = answer(capsys, command, tmp_path / ("n" * 300 + ".splan"))
    assert code == 2
    assert told.splitlines()[-1].endswith("choose another place, or make it writable.")
