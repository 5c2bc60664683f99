"""DICOM segmentations and structure sets measured from a shell, beside the scan that they mean."""

import json

import pydicom
import pytest

from surgiplan import io
from surgiplan.cli import main
from tests.io.exchanged import case_of

MARKS = ("left", "front", "head")


def ask(capsys, *arguments):
    code = main(["compare", *map(str, arguments), "--json", "--quiet"])
    answer = capsys.readouterr()
    return code, json.loads(answer.out) if code == 0 else answer.err


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A saved case, and what it wrote of its three marks."""
    folder = tmp_path_factory.mktemp("dicom")
    case = case_of(folder)
    io.save(case, folder / "plan.splan")
    for name, format_name in (("seg", "seg"), ("rt", "rtstruct")):
        io.export_segments(case, folder / f"{name}.dcm", format_name, MARKS)
    return folder


@pytest.mark.parametrize(("name", "least"), [("seg", 1.0), ("rt", 0.98)])
def test_what_a_case_wrote_agrees_with_it(files, capsys, name, least):
    code, answer = ask(capsys, files / "plan.splan", files / f"{name}.dcm", "--label", "LEFT",
                       "--label", "HEAD")  # fmt: skip
    assert code == 0
    found = {row["name"]: row["dice"] for row in answer["labels"]}
    assert found.keys() == {"LEFT", "HEAD"}
    assert min(found.values()) >= least
    assert answer["problems"] == []


def test_two_segmentations_need_no_scan_but_contours_do(files, capsys):
    _, answer = ask(capsys, files / "seg.dcm", files / "seg.dcm")
    assert [row["dice"] for row in answer["labels"]] == [1.0, 1.0, 1.0]
    code, said = ask(capsys, files / "seg.dcm", files / "rt.dcm")
    assert (code, said.count("\n")) == (2, 1)
    assert "name the case of that scan" in said


@pytest.mark.parametrize(
    ("what", "says"), [("series", "another series"), ("frame", "another frame of reference")]
)
def test_a_segmentation_of_another_scan_is_refused(files, capsys, tmp_path, what, says):
    read = pydicom.dcmread(files / "seg.dcm")
    if what == "frame":
        read.FrameOfReferenceUID = "1.2.3.99"
    else:
        read.ReferencedSeriesSequence[0].SeriesInstanceUID = "1.2.3.99"
    read.save_as(tmp_path / "other.dcm")
    code, said = ask(capsys, files / "plan.splan", tmp_path / "other.dcm")
    assert (code, said.count("\n")) == (2, 1)
    assert says in said


def test_segmentations_of_two_frames_are_not_compared(files, capsys, tmp_path):
    read = pydicom.dcmread(files / "seg.dcm")
    read.FrameOfReferenceUID = "1.2.3.99"
    read.save_as(tmp_path / "other.dcm")
    code, said = ask(capsys, files / "seg.dcm", tmp_path / "other.dcm")
    assert (code, said.count("\n")) == (2, 1)
    assert "different frames of reference" in said


def test_a_coarser_mask_of_the_same_frame_is_resampled_with_a_notice(files, capsys, tmp_path):
    """Every second slice of the same segmentation is another grid of the same frame."""
    import SimpleITK as sitk

    case = io.load(files / "plan.splan")
    io.export_segments(case, tmp_path / "all.nii.gz", "nifti", MARKS)
    image = sitk.ReadImage(str(tmp_path / "all.nii.gz"))
    coarse = sitk.Shrink(image, [2, 1, 1])
    sitk.WriteImage(coarse, str(tmp_path / "coarse.nii.gz"))
    (tmp_path / "coarse.json").write_bytes((tmp_path / "all.json").read_bytes())
    code, answer = ask(capsys, files / "plan.splan", tmp_path / "coarse.nii.gz", "--label", "LEFT")
    assert code == 0
    assert answer["labels"][0]["dice"] > 0.8
    assert "Resampled from" in answer["labels"][0]["notice"]
    assert any("Resampled" in problem["detail"] for problem in answer["problems"])


def test_nothing_of_the_case_is_changed_by_looking(files, capsys):
    before = {path: path.stat().st_mtime_ns for path in (files / "plan.splan/objects").iterdir()}
    ask(capsys, files / "plan.splan#LEFT", files / "plan.splan#left")
    after = {path: path.stat().st_mtime_ns for path in (files / "plan.splan/objects").iterdir()}
    assert before == after
