"""What a shell sees of the audit log, and the hash that goes onto paper."""

import json
from dataclasses import replace

import numpy as np
import pytest

from surgiplan import io
from surgiplan.cli import main
from surgiplan.edits import AddVolume
from surgiplan.model import Case, Patient, Segment, Volume, VoxelGrid


@pytest.fixture
def path(tmp_path):
    grid = VoxelGrid((20, 20, 20), np.diag([1.0, 1.0, 1.0, 1.0]))
    values = np.full(grid.shape, -1000, np.int16)
    values[5:15, 5:15, 5:15] = 60
    edit = AddVolume(Volume("ct", values, grid), Patient("P-1", "F", 64.0, None, 70))
    segment = Segment("box", "Box", values > 0, grid, "ct", "threshold", 1.0)
    io.save(edit.apply(Case()).with_(segment), tmp_path / "plan.splan", journal=[edit])
    return tmp_path / "plan.splan"


def answer(capsys, *arguments):
    assert main([str(a) for a in (*arguments, "--json", "--quiet")]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_shell_lists_what_it_did_itself(capsys, path, tmp_path):
    answer(capsys, "measure", path, "0,0,0", "3,4,0")
    answer(capsys, "surface", path, "box", "-o", tmp_path / "box.stl")
    told = answer(capsys, "audit", path)
    assert [event["event"] for event in told["events"]] == [
        "created", "imported", "saved", "opened for writing", "saved", "exported"
    ]  # fmt: skip
    assert told["events"][4]["labels"] == ["Measure distance"]
    assert told["head"] == io.audit_head(path)
    assert answer(capsys, "verify", path)["ok"]


def test_looking_and_trying_leave_no_trace(capsys, path):
    answer(capsys, "info", path)
    answer(capsys, "measure", path, "0,0,0", "3,4,0", "--dry-run")
    assert len(answer(capsys, "audit", path)["events"]) == 3


def test_verify_names_what_was_done_to_the_log(capsys, path):
    log = path / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b"Import scan", b"Import cat!"))
    told = answer(capsys, "verify", path)
    assert not told["ok"]
    assert "audit log" in told["damaged"][0]


def test_the_report_prints_the_hash_of_the_newest_line(capsys, path, tmp_path, monkeypatch):
    from pypdf import PdfReader

    monkeypatch.setattr("surgiplan.report.write.pictures_of", lambda *_, **__: {})
    head = io.audit_head(path)
    answer(capsys, "report", path, "-o", tmp_path / "plan.pdf")
    text = "".join(page.extract_text() for page in PdfReader(tmp_path / "plan.pdf").pages)
    assert head in text.replace("\n", "")
    assert io.audit_events(path)[-1]["event"] == "exported"


def test_showing_and_dropping_the_identity_is_on_record_without_it(capsys, path):
    from surgiplan.model import Identity

    who = Identity.of({"name": "Beispiel^Berta", "patient_id": "4711", "birth_date": ""}, [])
    io.save(replace(io.load(path), identity=who), path)
    answer(capsys, "identity", path, "--show")
    answer(capsys, "identity", path, "--drop")
    told = [event["event"] for event in answer(capsys, "audit", path)["events"]]
    assert told[-4:] == ["identity shown", "opened for writing", "identity dropped", "saved"]
    assert b"Berta" not in (path / "audit.jsonl").read_bytes()
    assert answer(capsys, "verify", path)["ok"]


def test_a_refused_command_leaves_no_trace_in_the_case(path, capsys):
    before = {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}
    assert main(["segment", str(path), "no-such-method", "--quiet"]) == 2
    assert "no-such-method" in capsys.readouterr().err
    assert {p: p.read_bytes() for p in path.rglob("*") if p.is_file()} == before
