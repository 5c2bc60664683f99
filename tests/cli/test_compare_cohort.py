"""A table of cases compared from a shell: numbers, files, and what is no table."""

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk
from pypdf import PdfReader

from surgiplan import io
from surgiplan.cli import main
from surgiplan.model import Case, Patient, Segment, Source, Volume, VoxelGrid


def written(path, shift=0):
    labels = np.zeros((8, 16, 16), np.uint8)
    labels[2:6, 3:9, 3 + shift : 9 + shift] = 1
    sitk.WriteImage(sitk.GetImageFromArray(labels), str(path))


@pytest.fixture
def table(tmp_path):
    """Twenty cases of which reader B is a voxel off in those of vendor Y."""
    folder = tmp_path / "Muster_Anna"
    folder.mkdir()
    for shift in (0, 1, 2):
        written(folder / f"mask{shift}.nrrd", shift)
    lines = ["id,reference,test,reader,sex,vendor"]
    for n in range(20):
        shift = n % 2 + (n == 19)
        sex = "F" if n < 3 else ""
        lines.append(f"P{n:02},mask0.nrrd,mask{shift}.nrrd,B,{sex},{'XY'[n % 2]}")
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def ask(capsys, *arguments):
    code = main(["compare-cohort", *map(str, arguments), "--json", "--quiet"])
    answer = capsys.readouterr()
    return code, json.loads(answer.out) if code == 0 else answer.err


def test_a_table_becomes_numbers_intervals_gaps_and_four_files(table, capsys, tmp_path):
    code, answer = ask(capsys, table, "-o", tmp_path / "out")
    assert code == 0
    assert answer["cases"] == 20
    (label,) = answer["labels"]
    assert label["dice"]["cases"] == 20
    assert label["dice"]["low"] <= label["dice"]["value"] <= label["dice"]["high"]
    assert label["dice"]["worst"][0] == {"id": "P19", "value": pytest.approx(2 / 3)}
    (gap,) = answer["gaps"]
    assert (gap["subgroup"], gap["group"], gap["others"]) == ("vendor", "X", "Y")
    assert gap["gap"]["value"] == pytest.approx(1 - 5 / 6)
    assert gap["p_holm"] < 0.001
    assert any("sex" in sentence for sentence in answer["refusals"])
    assert "never pooled" in answer["definitions"]["case"]
    rows = [
        line for line in (tmp_path / "out/cases.csv").read_text().splitlines() if line[0] != "#"
    ]
    read = list(csv.DictReader(rows))
    assert len(read) == 20
    assert float(read[19]["dice"]) == pytest.approx(2 / 3)
    assert (read[0]["vendor"], read[5]["sex"]) == ("X", "")
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "cases.csv", "summary.csv", "gaps.csv", "report.pdf",
    }  # fmt: skip


def test_the_paper_says_on_each_page_that_it_is_for_research_and_names_nobody(
    table, capsys, tmp_path
):
    with table.open("a") as lines:
        lines.write("P77,gone.nrrd,mask0.nrrd,B,,X\n")
    _, answer = ask(capsys, table, "-o", tmp_path / "out")
    assert answer["problems"][0]["id"] == "P77"
    pages = [page.extract_text() for page in PdfReader(tmp_path / "out/report.pdf").pages]
    assert all("Research use only" in page for page in pages)
    text = " ".join(pages)
    assert "P77" in text
    assert "Muster" not in text
    assert "never pooled" in text


def test_the_same_table_gives_the_same_files(table, capsys, tmp_path):
    for name in ("one", "two"):
        ask(capsys, table, "-o", tmp_path / name)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_a_case_says_itself_who_and_how_it_was_scanned(capsys, tmp_path):
    affine = np.eye(4)
    affine[:3, :3] = np.diag([1.0, 1.0, 2.5])[:, ::-1]
    grid = VoxelGrid((8, 16, 16), affine)
    mask = np.zeros((8, 16, 16), bool)
    mask[2:6, 3:9, 3:9] = True
    source = Source(vendor="Philips")
    scan = Volume("ct", np.zeros((8, 16, 16), np.int16), grid, source=source)
    case = Case(patient=Patient("K-1", "F", 67.0)).with_(
        scan, Segment("liver", "liver", mask, grid)
    )
    io.save(case, tmp_path / "k1.splan")
    (tmp_path / "t.csv").write_text(
        "id;reference;test\nK-1;k1.splan#liver;k1.splan\n", encoding="utf-8-sig"
    )
    code, _ = ask(capsys, tmp_path / "t.csv", "-o", tmp_path / "out")
    assert code == 0
    line = (tmp_path / "out/cases.csv").read_text().splitlines()[2]
    assert line.endswith("F,60-79,Philips,2.5,")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("id,reference\nP1,a.nrrd\n", "lacks the column test"),
        ("id,reference,test\n", "has 0 lines"),
        ("id,reference,test\nP1,,b.nrrd\n", "Line 2 of t.csv has no reference"),
        ("id,reference,test\nP1,a.nrrd,b.nrrd\nP1,a.nrrd,c.nrrd\n", "a case counts once"),
        ("id,reference,test\nP1,a.nrrd,b.nrrd\n", "There is no file or case"),
        ("id,id,reference,test\nP1,P1,a,b\n", "two columns of one name"),
        (b"\xff\xfe\x00", "no table of text"),
    ],
)
def test_what_is_no_table_is_one_sentence_and_writes_nothing(capsys, tmp_path, content, says):
    table = tmp_path / "t.csv"
    table.write_bytes(content if isinstance(content, bytes) else content.encode())
    code, said = ask(capsys, table, "-o", tmp_path / "out")
    assert (code, said.count("\n")) == (2, 1)
    assert says in said
    assert not (tmp_path / "out").exists()


def test_a_table_that_is_not_there_is_one_sentence(capsys, tmp_path):
    code, said = ask(capsys, tmp_path / "none.csv", "-o", tmp_path / "out")
    assert (code, said.count("\n")) == (2, 1)
    assert "There is no table" in said
