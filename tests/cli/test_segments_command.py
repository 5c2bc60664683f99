"""Segmentations go out of a case and into another from a shell."""

import json

import pydicom

from surgiplan import io
from surgiplan.cli.main import main
from tests.io.exchanged import case_of


def answer_of(capsys, *arguments):
    assert main([*map(str, arguments), "--json", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


def test_what_is_exported_comes_into_a_case_of_the_same_scan(tmp_path, capsys):
    case = case_of(tmp_path)
    io.save(case, tmp_path / "a.splan")
    bare = case
    for name in case.segments:
        bare = bare.without(f"segments/{name}")
    io.save(bare, tmp_path / "b.splan")
    file = tmp_path / "out.dcm"
    out = answer_of(
        capsys, "segments", "export", tmp_path / "a.splan", "-o", file, "--segment", "left",
        "--segment", "BODY",
    )  # fmt: skip
    assert out["files"] == [str(file)]
    assert out["with_identity"]
    assert [one["id"] for one in out["segments"]] == ["left", "body"]
    assert pydicom.dcmread(file).PatientID == "ZZ-4711"
    assert "exported" in [str(event["event"]) for event in io.audit_events(tmp_path / "a.splan")]
    back = answer_of(capsys, "segments", "import", tmp_path / "b.splan", file)
    assert [(one["name"], one["voxels"]) for one in back["segments"]] == [
        (one["name"], one["voxels"]) for one in out["segments"]
    ]
    kept = io.load(tmp_path / "b.splan").segments
    assert kept["left"].anatomy == case.segments["left"].anatomy
    assert kept["left"].colour == case.segments["left"].colour
    assert "ZZCANARY" not in (tmp_path / "b.splan" / "journal.jsonl").read_text()


def test_a_file_of_another_scan_changes_nothing(tmp_path, capsys):
    io.save(case_of(tmp_path / "x", "SPL"), tmp_path / "a.splan")
    other = tmp_path / "image.dcm"
    other.write_bytes(next((tmp_path / "x" / "ct").iterdir()).read_bytes())
    before = sorted(tmp_path.glob("a.splan/manifests/*"))
    assert main(["segments", "import", str(tmp_path / "a.splan"), str(other), "--quiet"]) == 2
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert "no segmentation" in complaint
    assert sorted(tmp_path.glob("a.splan/manifests/*")) == before


def test_a_segment_is_edited_from_a_shell_and_the_journal_does_it_again(tmp_path, capsys):
    case = case_of(tmp_path)
    io.save(case, tmp_path / "a.splan")
    io.save(case, tmp_path / "b.splan")
    edit = ("segments", "edit", tmp_path / "a.splan", "margin", "--segment", "left")
    dry = answer_of(capsys, *edit[:-1], "body", "--margin-mm", "-3", "--dry-run")
    assert dry["edits"][0]["type"] == "ChangeSegment"
    assert io.load(tmp_path / "a.splan").segments["body"].voxels == case.segments["body"].voxels
    grown = answer_of(capsys, *edit, "--setting", "margin_mm=3")
    assert grown["what"] == f"Grow {case.segments['left'].name} by 3 mm"
    assert grown["segments"][0]["voxels"] > case.segments["left"].voxels
    rim = answer_of(
        capsys, "segments", "edit", tmp_path / "a.splan", "difference", "--segment", "left",
        "--with", "body", "--name", "Left rim",
    )  # fmt: skip
    assert rim["segments"][0]["id"] == "left_rim"
    journal = tmp_path / "a.splan" / "journal.jsonl"
    assert answer_of(capsys, "apply", tmp_path / "b.splan", journal)["applied"] == 2
    kept, again = (io.load(tmp_path / f"{name}.splan").segments for name in "ab")
    assert {one: again[one].digest for one in again} == {one: kept[one].digest for one in kept}
    listed = answer_of(capsys, "segments", "operations")["operations"]
    assert {"margin", "union"} <= {one["name"] for one in listed}


def test_an_edit_that_makes_no_sense_changes_nothing(tmp_path, capsys):
    io.save(case_of(tmp_path), tmp_path / "a.splan")
    before = sorted(tmp_path.glob("a.splan/manifests/*"))
    for words in (
        ["margin", "--segment", "left", "--margin-mm", "1e6"],
        ["margin", "--segment", "left", "--margin-mm=-90"],
        ["margin", "--segment", "nobody"],
        ["widen", "--segment", "left"],
        ["keep_islands", "--segment", "left", "--point", "0,0,9000"],
    ):
        assert main(["segments", "edit", str(tmp_path / "a.splan"), *words, "--quiet"]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert sorted(tmp_path.glob("a.splan/manifests/*")) == before


def test_a_review_is_written_from_a_shell_and_told_by_info(tmp_path, capsys):
    io.save(case_of(tmp_path), tmp_path / "a.splan")
    out = answer_of(capsys, "segments", "review", tmp_path / "a.splan", "left", "in-progress")
    assert [(one["id"], one["review"]) for one in out["segments"]] == [("left", "in_progress")]
    listed = answer_of(capsys, "info", tmp_path / "a.splan")["segments"]
    assert {one["id"]: one["review"] for one in listed}["left"] == "in_progress"
    assert all("recipe" in one for one in listed)
    case = str(tmp_path / "a.splan")
    assert main(["segments", "review", case, "left", "perfect", "--quiet"]) == 2
    assert "choose one of" in capsys.readouterr().err
    assert main(["segments", "remake", case, "left", "--volume", "nowhere", "--quiet"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
