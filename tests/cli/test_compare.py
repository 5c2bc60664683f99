"""Label maps and segments measured against each other from a shell."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from surgiplan import io
from surgiplan.cli import main
from surgiplan.model import Case, Segment, Volume, VoxelGrid


@pytest.fixture
def label_map(tmp_path):
    def written(name, labels, spacing=(1.0, 1.0, 2.0)):
        image = sitk.GetImageFromArray(labels.astype(np.uint8))
        image.SetSpacing(spacing)
        sitk.WriteImage(image, str(tmp_path / name))
        return tmp_path / name

    return written


def organs(shift=0):
    labels = np.zeros((20, 30, 30), int)
    labels[4:12, 5:15, 5 + shift : 15 + shift] = 1
    labels[5:15, 18:28, 18:28] = 5
    return labels


def ask(capsys, *arguments):
    code = main(["compare", *map(str, arguments), "--json", "--quiet"])
    answer = capsys.readouterr()
    return code, json.loads(answer.out) if code == 0 else answer.err


def test_all_labels_of_all_readers_are_in_one_table(label_map, capsys, tmp_path):
    reference = label_map("reference.nii.gz", organs())
    readers = [label_map("a.nii.gz", organs(1)), label_map("b.nrrd", organs())]
    table = tmp_path / "table.csv"
    code, answer = ask(capsys, reference, *readers, "--csv", table, "--tolerance-mm", "0.5")
    assert code == 0
    found = {(row["reader"], row["name"]): row for row in answer["labels"]}
    assert len(found) == 4
    shifted = found["a.nii.gz", "label 1"]
    assert shifted["dice"] == pytest.approx(0.9)
    assert shifted["centroid_shift_mm"] == pytest.approx(1.0)
    assert shifted["hd_mm"] == pytest.approx(1.0)
    assert shifted["nsd"] < 1
    assert shifted["reference_ml"] == pytest.approx(8 * 10 * 10 * 2 / 1000)
    assert len(shifted["worst_point_lps"]) == 3
    assert found["b.nrrd", "label 5"]["dice"] == 1.0
    assert found["b.nrrd", "label 5"]["worst_point_lps"] is None
    assert "weighted by area" in answer["definitions"]["surface"]
    assert "Research use only" in table.read_text()
    assert len(table.read_text().splitlines()) == 6


def test_names_and_a_choice_of_labels(label_map, capsys, tmp_path):
    names = tmp_path / "names.json"
    names.write_text(json.dumps({"1": "liver", "5": "spleen"}))
    paths = label_map("r.nii.gz", organs()), label_map("t.nii.gz", organs())
    _, answer = ask(capsys, *paths, "--names", names, "--label", "spleen")
    assert [row["name"] for row in answer["labels"]] == ["spleen"]
    _, answer = ask(capsys, *paths, "--label", "5")
    assert [row["name"] for row in answer["labels"]] == ["label 5"]
    code, said = ask(capsys, *paths, "--label", "pancreas")
    assert (code, said.count("\n")) == (2, 1)
    assert "Neither side has the label pancreas; there are label 1, label 5" in said


def test_a_segment_of_a_case_is_named_behind_a_hash(label_map, capsys, tmp_path):
    affine = np.eye(4)
    affine[:3, :3] = np.diag([1.0, 1.0, 2.0])[:, ::-1]
    grid = VoxelGrid((20, 30, 30), affine)
    mask = organs() == 1
    io.save(Case().with_(Segment("liver", "liver", mask, grid)), tmp_path / "plan.splan")
    reference = label_map("r.nii.gz", organs())
    code, answer = ask(capsys, reference, f"{tmp_path / 'plan.splan'}#liver", "--label", "1")
    assert code == 0
    assert answer["labels"][0]["dice"] == 1.0


def test_a_structure_that_one_side_lacks_is_a_stated_failure(label_map, capsys):
    missing = organs()
    missing[missing == 5] = 0
    _, answer = ask(capsys, label_map("r.nii.gz", organs()), label_map("t.nii.gz", missing))
    row = next(row for row in answer["labels"] if row["name"] == "label 5")
    assert (row["dice"], row["hd_mm"]) == (0.0, None)
    assert "test is empty" in row["reason"]
    assert any(problem["name"] == "label 5" for problem in answer["problems"])


RAMP = np.linspace(0, 1, 210).reshape(5, 6, 7)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (RAMP, "image.nii.gz holds fractions from 0 to 1"),
        (100 * RAMP, "image.nii.gz is no label map"),
        (-1000 * np.rint(RAMP), "image.nii.gz is no label map"),
        (np.rint(RAMP[0]), "image.nii.gz"),
        (np.zeros((5, 6, 7)), "Neither side holds a label"),
    ],
    ids=["probabilities", "values", "negative", "flat", "empty"],
)
def test_what_is_no_label_map_is_refused_in_one_sentence(tmp_path, capsys, values, says):
    path = tmp_path / "image.nii.gz"
    sitk.WriteImage(sitk.GetImageFromArray(values.astype(np.float32)), str(path))
    code, said = ask(capsys, path, path, "--csv", tmp_path / "table.csv")
    assert (code, said.count("\n")) == (2, 1)
    assert says in said
    assert not (tmp_path / "table.csv").exists()


def test_whole_numbers_that_were_saved_as_floats_are_labels(tmp_path, capsys):
    path = tmp_path / "image.nii.gz"
    sitk.WriteImage(sitk.GetImageFromArray(organs().astype(np.float64)), str(path))
    _, answer = ask(capsys, path, path)
    assert [row["dice"] for row in answer["labels"]] == [1.0, 1.0]


def test_a_reader_who_drew_nothing_at_all_has_a_dice_of_nought(label_map, capsys):
    paths = label_map("r.nii.gz", organs()), label_map("t.nii.gz", 0 * organs())
    _, answer = ask(capsys, *paths)
    assert [(row["dice"], row["hd95_mm"]) for row in answer["labels"]] == [(0.0, None)] * 2
    _, answer = ask(capsys, *reversed(paths))
    assert "reference is empty" in answer["labels"][0]["reason"]


def test_a_structure_that_one_side_lacks_can_be_asked_for(label_map, capsys):
    missing = organs()
    missing[missing == 5] = 0
    paths = label_map("r.nii.gz", organs()), label_map("t.nii.gz", missing)
    _, answer = ask(capsys, *paths, "--label", "5")
    assert [(row["name"], row["dice"]) for row in answer["labels"]] == [("label 5", 0.0)]


def test_names_of_one_side_hold_for_the_other_which_has_none(label_map, capsys, tmp_path):
    paths = label_map("r.nii.gz", organs()), label_map("t.nii.gz", organs())
    (tmp_path / "t.json").write_text(json.dumps({"1": "liver", "5": "spleen"}))
    _, answer = ask(capsys, *paths)
    assert [(row["name"], row["dice"]) for row in answer["labels"]] == [
        ("liver", 1.0), ("spleen", 1.0),
    ]  # fmt: skip


def test_sides_without_a_name_in_common_are_not_all_called_failures(label_map, capsys, tmp_path):
    paths = label_map("r.nii.gz", organs()), label_map("t.nii.gz", organs())
    (tmp_path / "r.json").write_text(json.dumps({"1": "liver", "5": "spleen"}))
    (tmp_path / "t.json").write_text(json.dumps({"1": "Leber", "5": "Milz"}))
    code, said = ask(capsys, *paths)
    assert (code, said.count("\n")) == (2, 1)
    assert "r.nii.gz has liver, spleen, t.nii.gz has Leber, Milz" in said


def test_the_answer_has_every_key_of_the_contract(label_map, capsys):
    reference = label_map("r.nii.gz", organs(), (0.7, 0.7, 3.0))
    other = label_map("t.nii.gz", organs(1), (0.7, 0.7, 3.0))
    _, answer = ask(capsys, reference, other, "--tolerance-mm", "2")
    assert answer["notice"] == "Research use only. Not for clinical use."
    assert answer["tolerance_mm"] == 2.0
    assert answer["problems"] == []
    for row in answer["labels"]:
        assert row.keys() >= {
            "name", "reader", "dice", "nsd", "hd_mm", "hd95_mm", "assd_mm",
            "volume_error_fraction", "reference_ml", "test_ml", "worst_point_lps",
        }  # fmt: skip
    numbers = set(answer["labels"][0]) - {"name", "reader", "worst_point_lps"}
    known = set(answer["definitions"])
    assert numbers - known == {"reference_ml", "test_ml"}


def test_one_bad_reader_does_not_keep_the_others_from_the_table(label_map, capsys, tmp_path):
    reference = label_map("r.nii.gz", organs())
    (tmp_path / "broken.nii.gz").write_bytes(b"not a volume")
    code, answer = ask(capsys, reference, tmp_path / "broken.nii.gz", reference)
    assert code == 0
    assert {row["reader"] for row in answer["labels"]} == {"r.nii.gz"}
    assert answer["problems"][0]["reader"] == "broken.nii.gz"


def test_the_table_for_people_says_what_its_numbers_mean(label_map, capsys):
    reference = label_map("r.nii.gz", organs())
    assert main(["compare", str(reference), str(reference), "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "label 5" in said
    assert "assd_mm: mean distance over the area of both surfaces" in said
    assert "Research use only" in said


def test_names_that_lie_beside_a_label_map_are_used(label_map, capsys, tmp_path):
    paths = label_map("r.nii.gz", organs()), label_map("t.nii.gz", organs(1))
    (tmp_path / "r.json").write_text(json.dumps({"1": "liver", "5": "spleen"}))
    (tmp_path / "t.json").write_text(json.dumps({"1": "liver", "5": "spleen"}))
    _, answer = ask(capsys, *paths)
    assert [row["name"] for row in answer["labels"]] == ["liver", "spleen"]
    _, answer = ask(capsys, *paths, "--label", "1")
    assert [row["name"] for row in answer["labels"]] == ["liver"]


@pytest.mark.parametrize("rule", ["majority", "staple"])
def test_readers_become_a_consensus_with_a_score_for_each(label_map, capsys, tmp_path, rule):
    reference = label_map("r.nii.gz", organs())
    readers = [label_map(f"{n}.nii.gz", organs(shift)) for n, shift in enumerate((0, 1, -1))]
    out = tmp_path / "agreed.nrrd"
    code, answer = ask(capsys, reference, *readers, "--consensus", rule, "-o", out)
    assert code == 0
    row = next(r for r in answer["labels"] if (r["reader"], r["name"]) == (rule, "label 1"))
    assert row["dice"] == 1.0
    found = answer["consensus"]
    scores = {(one["reader"], one["name"]): one["sensitivity"] for one in found["readers"]}
    assert scores["0.nii.gz", "label 1"] == pytest.approx(1.0, abs=1e-3)
    assert scores["1.nii.gz", "label 1"] == pytest.approx(0.9, abs=1e-3)
    assert found["files"] == [str(out)]
    written = sitk.GetArrayFromImage(sitk.ReadImage(str(out)))
    assert written.shape == organs().shape
    assert np.array_equal(np.isin(written, [1, 2]), organs() > 0)


def test_a_consensus_goes_into_a_case_as_new_segments(label_map, capsys, tmp_path):
    case = tmp_path / "plan.splan"
    affine = np.eye(4)
    affine[:3, :3] = np.diag([1.0, 1.0, 2.0])[:, ::-1]
    grid = VoxelGrid((20, 30, 30), affine, "1.2.3")
    scan = Volume("ct", np.zeros((20, 30, 30), np.int16), grid)
    io.save(Case().with_(scan, Segment("liver", "liver", organs() == 1, grid, "ct")), case)
    readers = [label_map(f"{n}.nii.gz", organs(n)) for n in (0, 0, 1)]
    _, answer = ask(
        capsys, f"{case}#liver", *readers, "--label", "1", "--consensus", "majority",
        "-o", f"{case}#agreed",
    )  # fmt: skip
    agreed = io.load(case).segments["agreed"]
    assert agreed.made_by == "majority of 3 readers"
    assert agreed.voxels == np.count_nonzero(organs() == 1)
    assert answer["consensus"]["segments"][0]["id"] == "agreed"
    assert "does not state its frame" in answer["problems"][0]["detail"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--consensus", "staple", "-o", "x.nii.gz"], "at least two readers"),
        (["--consensus", "staple"], "where to write"),
        (["--tolerance-mm", "0"], "makes no sense"),
    ],
)
def test_what_cannot_be_asked_for_is_one_sentence_and_leaves_no_file(
    label_map, capsys, tmp_path, monkeypatch, more, says
):
    monkeypatch.chdir(tmp_path)
    reference = label_map("r.nii.gz", organs())
    code, said = ask(capsys, reference, reference, *more)
    assert (code, said.count("\n")) == (2, 1)
    assert says in said
    assert not (tmp_path / "x.nii.gz").exists()


def test_two_segments_of_one_name_are_both_in_the_table(capsys, tmp_path):
    case = tmp_path / "plan.splan"
    grid = VoxelGrid((20, 30, 30), np.eye(4))
    one = Segment("liver", "liver", organs() == 1, grid)
    io.save(Case().with_(one, Segment("liver2", "liver", organs() == 5, grid)), case)
    _, answer = ask(capsys, case, case)
    assert [row["name"] for row in answer["labels"]] == ["liver (liver)", "liver (liver2)"]
    assert [row["dice"] for row in answer["labels"]] == [1.0, 1.0]


def test_a_name_for_several_segments_together_is_compared_as_one(label_map, capsys, tmp_path):
    case = tmp_path / "plan.splan"
    affine = np.eye(4)
    affine[:3, :3] = np.diag([1.0, 1.0, 2.0])[:, ::-1]
    grid = VoxelGrid((20, 30, 30), affine)
    both = {"kidney_left": organs() == 1, "kidney_right": organs() == 5}
    io.save(Case().with_(*(Segment(name, name, mask, grid) for name, mask in both.items())), case)
    reference = label_map("kidneys.nii.gz", (organs() > 0).astype(int))
    (tmp_path / "kidneys.json").write_text('{"1": "kidneys"}')
    for test in ([f"{case}#kidneys"], [case, "--label", "kidneys"]):
        _, answer = ask(capsys, reference, *test)
        assert [(row["name"], row["dice"]) for row in answer["labels"]] == [("kidneys", 1.0)]
