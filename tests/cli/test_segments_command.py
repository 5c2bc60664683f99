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
