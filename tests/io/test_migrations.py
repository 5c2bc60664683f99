"""A case from every format that there ever was opens with the numbers that it must have."""

import json
import shutil
from pathlib import Path

import pytest
from plan_to_save import files

from surgiplan import io
from surgiplan.edits import MoveStent
from surgiplan.errors import CaseFileError
from surgiplan.io.case import manifests, migrations

EXAMPLES = sorted((Path(__file__).parent.parent / "data").glob("case-format-*/plan.splan"))


def the_format_of(path):
    return json.loads(max((path / "manifests").iterdir()).read_text())["format"]


def test_there_is_an_example_of_every_format():
    assert [the_format_of(path) for path in EXAMPLES] == list(range(1, migrations.FORMAT + 1))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_an_old_case_opens_with_its_numbers_and_is_never_rewritten(example, tmp_path):
    path = tmp_path / "plan.splan"
    shutil.copytree(example, path)
    before = files(path)
    opened = io.opened(path)
    case = opened.case
    assert (opened.generation, opened.remarks, opened.lost) == (2, (), None)
    assert opened.view == {"window": [400.0, 40.0]}
    assert int(case.volume().values.sum()) == 2_597_691
    assert case.volume().grid.spacing_mm == pytest.approx((2.0, 0.6, 0.5**0.5))
    assert case.segment("liver").voxels == 2521
    assert case.segment("liver").name == "Liver"
    assert case.plan.stents["s1"].at_mm == 25.5
    assert case.plan.centerlines["c1"].branches[0].length_mm == pytest.approx(59 * 0.6 * 3**0.5)
    assert case.plan.resections["r1"].point_lps.tolist() == [8.5, 8.0, 16.5]
    assert case.plan.measurements["m1"].length_mm == pytest.approx((1 + 4 + 3.5**2) ** 0.5)
    assert case.findings["f1"].numbers["x_mm"] == 0.1
    assert len(io.load_edits(path / "journal.jsonl")) == 10
    assert io.verify(path) == ()
    assert files(path) == before

    move = MoveStent("s1", 20.0)
    assert io.save(move.apply(case), path, journal=[move]) == 3
    after = files(path)
    kept = [name for name in before if not name.endswith(("view.json", "journal.jsonl"))]
    assert all(after[name] == before[name] for name in kept)
    assert the_format_of(path) == migrations.FORMAT
    assert io.load(path).plan.stents["s1"].at_mm == 20.0
    assert len(io.load_edits(path / "journal.jsonl")) == 11
    assert io.verify(path) == ()


def changed(path, **what):
    manifest = max((path / "manifests").iterdir())
    content = {**json.loads(manifest.read_text()), **what}
    content.pop("sha256")
    manifest.write_text(json.dumps({**content, "sha256": manifests._hash(content)}))


def test_a_newer_format_is_neither_read_nor_written(case, path):
    io.save(case, path)
    changed(path, format=migrations.FORMAT + 1)
    before = files(path)
    with pytest.raises(CaseFileError, match="cannot be opened: it was saved by a newer version"):
        io.load(path)
    for write in (io.save, lambda case, path: io.autosave(case, path, ())):
        with pytest.raises(CaseFileError, match=r"was saved by a newer version.*another name"):
            write(case, path)
    assert files(path) == before


def test_a_newer_addition_is_read_but_never_overwritten(case, path):
    io.save(case, path)
    changed(path, minor=migrations.MINOR + 1, nerves=["left", "right"])
    before = files(path)
    opened = io.opened(path)
    assert opened.case.digest == case.digest
    assert opened.is_newer
    assert "newer version of surgiplan: you can look at it" in opened.remarks[0]
    with pytest.raises(CaseFileError, match="was saved by a newer version"):
        io.save(case, path)
    assert files(path) == before
    assert io.save(case, path.with_name("copy.splan")) == 1


@pytest.mark.parametrize("never", [0, -1, 1.5, True, "1", None, [1]])
def test_a_format_that_there_never_was_is_damage(case, path, never):
    io.save(case, path)
    changed(path, format=never)
    with pytest.raises(CaseFileError, match="damaged"):
        io.load(path)
