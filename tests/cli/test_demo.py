"""The whole job on the sample study, from one command, beside the truth."""

import contextlib
import json
import shutil

import pytest
from pypdf import PdfReader

from surgiplan import RESEARCH_USE, io
from surgiplan.cli import demo as demo_module
from surgiplan.cli import main


def rehearsed(folder, *options):
    file = folder.parent / f"{folder.name}.json"
    with file.open("w") as out, contextlib.redirect_stdout(out):
        assert main(["demo", "-o", str(folder), "--headless", "--json", "--quiet", *options]) == 0
    return json.loads(file.read_text())


@pytest.fixture(scope="module")
def answer(sample_dicom, tmp_path_factory):
    # Error and band of each number have tests of their own; here they would cost a minute.
    return rehearsed(tmp_path_factory.mktemp("demo") / "out", "--first-answer")


def test_each_measurement_lies_within_its_tolerance_of_the_truth(answer):
    rows = answer["truth"]
    assert len(rows) >= 12
    missed = [row for row in rows if not row["ok"]]
    assert not missed
    for row in rows:
        assert row["ok"] == (abs(row["measured"] - row["truth"]) <= row["tolerance"])


def test_volumes_diameters_lengths_and_margins_are_all_compared(answer):
    names = " ".join(row["name"] for row in answer["truth"])
    for word in ("liver volume_ml", "tumour volume_ml", "d_min_mm", "d_max_mm", "length_mm"):
        assert word in names
    assert "margin_min_mm" in names


def test_both_simulations_converged(answer):
    assert len(answer["findings"]) == 2
    for numbers in answer["findings"].values():
        assert numbers["converged"]
        assert numbers["min_jacobian"] > 0
        assert numbers["displacement_max_mm"] > 0


def test_the_report_carries_the_notice_and_the_pseudonym_on_every_page(answer):
    reader = PdfReader(answer["report"])
    case = io.load(answer["case"])
    assert len(reader.pages) > 3
    for page in reader.pages:
        text = page.extract_text()
        assert RESEARCH_USE in text
        assert case.patient.pseudonym in text
        assert case.volume().source.study_date in text
    whole = " ".join(page.extract_text() for page in reader.pages)
    assert "Measured beside true" in whole


def test_the_saved_case_is_the_case(answer):
    case = io.load(answer["case"])
    assert {"liver", "tumour", "arterial_lumen"} <= case.segments.keys()
    assert len(case.plan.stents) == len(case.plan.resections) == 1
    assert not any(case.is_stale(finding.made_from) for finding in case.findings.values())


@pytest.mark.slow
def test_deleting_the_truth_changes_no_measurement(answer, sample_dicom, tmp_path, monkeypatch):
    study = tmp_path / "study" / "ct"
    shutil.copytree(sample_dicom, study)
    monkeypatch.setattr(demo_module, "sample_study", lambda: study)
    without = rehearsed(tmp_path / "out", "--first-answer")
    assert without["truth"] == []
    before, after = io.load(answer["case"]), io.load(without["case"])
    for path in before.paths():
        if path.startswith("findings/"):
            was, now = (list(leaves(case.at(path).numbers)) for case in (before, after))
            for old, new in zip(was, now, strict=True):
                assert new == (pytest.approx(old, rel=1e-6) if isinstance(old, float) else old)
        else:
            assert after.at(path).digest == before.at(path).digest, path


def test_a_dry_run_shows_the_edit_and_changes_nothing(answer, capsys):
    before = io.load(answer["case"]).digest
    where = ("--along", "centerline", "--at", "100")
    assert main(["place", answer["case"], "stent", *where, "--dry-run", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["edits"][0]["type"] == "PlaceStent"
    assert io.load(answer["case"]).digest == before


def test_the_journal_replays_to_the_same_case(answer, sample_dicom, tmp_path, capsys):
    copy, fresh = tmp_path / "copy.splan", tmp_path / "fresh.splan"
    shutil.copytree(answer["case"], copy)
    lines = (copy / "journal.jsonl").read_text().splitlines(keepends=True)
    (copy / "rest.jsonl").write_text("".join(lines[1:]))
    assert main(["import", str(sample_dicom), "-o", str(fresh), "--quiet"]) == 0
    assert main(["apply", str(fresh), str(copy / "rest.jsonl"), "--quiet"]) == 0
    assert io.load(fresh).digest == io.load(answer["case"]).digest


def leaves(value):
    """The numbers and texts in nested dicts and lists, in order."""
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value)]
    if not isinstance(value, (list, tuple)):
        yield value
        return
    for item in value:
        yield from leaves(item)
