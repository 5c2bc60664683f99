"""A case comes back from disk as it was, or the newest state that is whole, or not at all."""

import json

import numpy as np
import pytest
from plan_to_save import replayed, same

from surgiplan import RESEARCH_USE, io
from surgiplan.edits import MoveStent
from surgiplan.errors import CaseFileError
from surgiplan.io.case import codec, manifests
from surgiplan.model import Case, noun


def test_a_case_comes_back_as_it_was(case, path):
    assert io.save(case, path, view={"window": [400, 40]}) == 1
    opened = io.opened(path)
    assert same(opened.case, case)
    assert (opened.generation, opened.remarks) == (1, ())
    assert opened.view == io.load_view(path) == {"window": [400, 40]}
    for where in case.paths():
        assert opened.case.at(where).digest == case.at(where).digest
    assert opened.case.findings["f1"].numbers == case.findings["f1"].numbers
    assert io.verify(path) == ()


def test_an_empty_case_comes_back_too(path):
    io.save(Case(), path)
    assert same(io.load(path), Case())
    assert io.load_view(path) == {}


def test_saving_what_was_opened_changes_no_number_and_writes_no_array_again(case, path):
    io.save(case, path)
    before = {p.name: p.stat().st_mtime_ns for p in (path / "objects").iterdir()}
    again = io.load(path)
    for _ in range(3):
        io.save(again, path)
        again = io.load(path)
    assert same(again, case)
    assert {p.name: p.stat().st_mtime_ns for p in (path / "objects").iterdir()} == before


def test_saving_an_edit_neither_writes_nor_reads_the_scan_again(edits, path, monkeypatch):
    io.save(replayed(edits[:1]), path, journal=edits[:1])
    before = {p.name for p in (path / "objects").iterdir()}
    opened = io.load(path)
    hashed, hashing = [], codec.array_sha256
    monkeypatch.setattr(
        codec, "array_sha256", lambda array: hashed.append(array.nbytes) or hashing(array)
    )
    monkeypatch.setattr(
        noun, "array_sha256", lambda array: hashed.append(array.nbytes) or hashing(array)
    )
    io.save(edits[1].apply(opened), path, journal=edits[1:2])
    (new,) = {p.name for p in (path / "objects").iterdir()} - before
    mask = edits[1].segments[0].mask
    assert (path / "objects" / new).stat().st_size == mask.nbytes
    assert hashed == [mask.nbytes]


def test_arrays_cannot_be_changed_and_large_ones_stay_on_disk(case, path):
    io.save(case, path)
    values = io.load(path).volume().values
    assert not values.flags.writeable
    base = values
    while isinstance(base.base, np.ndarray):
        base = base.base
    assert isinstance(base, np.memmap)


def test_every_file_states_that_it_is_for_research_only(case, path):
    io.save(case, path, view={})
    for name in ("manifests/00000001.json", "view.json"):
        assert json.loads((path / name).read_text())["notice"] == RESEARCH_USE


def test_the_journal_replays_to_the_same_case(edits, case, path):
    io.save(replayed(edits[:4]), path, journal=edits[:4])
    io.save(case, path, journal=[MoveStent("s1", 99.0), None, *edits[4:]])
    journal = io.load_edits(path / "journal.jsonl")
    assert [type(edit).__name__ for edit in journal[3:7]] == [
        "PlaceStent", "MoveStent", "NoneType", "MoveStent"
    ]  # fmt: skip
    done = []
    for edit in journal:
        if edit is None:
            done.pop()
        else:
            done.append(edit)
    assert same(replayed(done), case)


def test_a_journal_line_that_a_crash_cut_off_is_left_out_and_written_over(edits, path):
    io.save(replayed(edits[:1]), path, journal=edits[:1])
    with (path / "journal.jsonl").open("ab") as file:
        file.write(b'{"type": "Rena')
    assert len(io.load_edits(path / "journal.jsonl")) == 1
    io.save(replayed(edits[:2]), path, journal=edits[1:2])
    assert len(io.load_edits(path / "journal.jsonl")) == 2


def test_a_damaged_journal_line_is_named(edits, path):
    io.save(replayed(edits[:2]), path, journal=edits[:2])
    journal = path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"AddSegments", b"AddSegmentz"))
    with pytest.raises(CaseFileError, match=r"Line 2 of journal.jsonl"):
        io.load_edits(journal)
    assert any("Line 2" in sentence for sentence in io.verify(path))


def test_what_was_removed_from_the_case_can_still_be_replayed(edits, path):
    io.save(replayed(edits[:2]), path, journal=edits[:2])
    for _ in range(25):
        io.save(Case(), path)
    assert replayed(io.load_edits(path / "journal.jsonl")).segment("liver").voxels > 0


def test_a_damaged_newest_state_gives_way_to_the_one_before_and_says_so(case, path):
    io.save(case, path)
    later = MoveStent("s1", 20.0).apply(case)
    io.save(later, path)
    manifest = path / "manifests/00000002.json"
    for damage in (
        b"",
        manifest.read_bytes()[:400],
        manifest.read_bytes().replace(b"20.0", b"21.0"),
    ):
        manifest.write_bytes(damage)
        opened = io.opened(path)
        assert same(opened.case, case)
        assert opened.generation == 1
        assert "The newest saved state (2) is damaged" in opened.remarks[0]
        assert any("Manifest 2" in sentence for sentence in io.verify(path))
    assert io.save(later, path) == 3
    assert same(io.load(path), later)


@pytest.mark.parametrize("at", [0, 1, 7])
def test_one_flipped_bit_in_an_object_is_noticed(case, path, at):
    io.save(case, path)
    victim = sorted((path / "objects").iterdir())[at % len(list((path / "objects").iterdir()))]
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 4
    victim.write_bytes(content)
    assert io.verify(path) == (f"Object {victim.name[:12]} is damaged.",)
    with pytest.raises(CaseFileError, match=r"plan.splan is damaged .* restore it from a backup"):
        io.load(path)


def test_a_state_whose_new_object_is_gone_gives_way_to_the_one_before(edits, path):
    io.save(replayed(edits[:1]), path)
    before = set((path / "objects").iterdir())
    io.save(replayed(edits[:2]), path)
    (new,) = set((path / "objects").iterdir()) - before
    for break_it, word in ((lambda: new.write_bytes(b"x"), "cut off"), (new.unlink, "missing")):
        break_it()
        opened = io.opened(path)
        assert same(opened.case, replayed(edits[:1]))
        assert word in opened.remarks[0]


def test_what_is_no_case_is_said_to_be_none(tmp_path):
    (tmp_path / "text.splan").write_text("no case")
    for name, words in (
        ("nowhere", "There is no case"),
        ("text.splan", "is no case"),
        ("", "is no"),
    ):
        with pytest.raises(CaseFileError, match=words):
            io.load(tmp_path / name)


def rewritten(path, change):
    """Change the newest manifest as somebody would who knows how to hash it."""
    manifest = max((path / "manifests").iterdir())
    content = json.loads(manifest.read_text())
    change(content)
    content.pop("sha256")
    content["sha256"] = manifests._hash(content)
    manifest.write_text(json.dumps(content))


def test_a_case_of_a_newer_version_is_left_to_that_version(case, path):
    io.save(case, path)
    io.save(case, path)
    rewritten(path, lambda content: content.update(format=manifests.FORMAT + 1))
    with pytest.raises(CaseFileError, match="newer version"):
        io.load(path)


def a_path(content):
    grid = content["case"]["volumes"]["ct"]["values"]
    grid["array"] = "../../../../etc/passwd"


def a_class(content):
    content["case"]["volumes"]["ct"]["type"] = "subprocess.Popen"


def a_field(content):
    content["case"]["patient"]["name"] = "Berta"


def an_object_type(content):
    content["case"]["volumes"]["ct"]["values"]["dtype"] = "object"


def a_huge_shape(content):
    content["case"]["volumes"]["ct"]["values"]["shape"] = [1 << 39, 1 << 39, 1 << 39]


def another_shape(content):
    content["case"]["segments"]["liver"]["mask"]["shape"] = [90, 70, 100]


def a_missing_field(content):
    del content["case"]["segments"]["liver"]["mask"]


def a_word_for_a_number(content):
    content["case"]["plan"]["stents"]["s1"]["at_mm"] = "middle"


def an_infinite_number(content):
    content["case"]["plan"]["stents"]["s1"]["at_mm"] = 1e999


def an_impossible_stent(content):
    content["case"]["plan"]["stents"]["s1"]["design"]["diameter_mm"] = -5.0


def no_objects(content):
    content["objects"] = [1, 2]


@pytest.mark.parametrize(
    "change",
    [
        a_path, a_class, a_field, an_object_type, a_huge_shape, another_shape, a_missing_field,
        a_word_for_a_number, an_infinite_number, an_impossible_stent, no_objects,
    ],
)  # fmt: skip
def test_a_forged_manifest_is_refused_in_one_sentence(case, path, change):
    io.save(case, path)
    rewritten(path, change)
    with pytest.raises(CaseFileError, match=r"plan\.splan is damaged"):
        io.load(path)


def test_json_that_is_nested_without_end_is_refused(case, path):
    io.save(case, path)
    (path / "manifests/00000001.json").write_text("[" * 100_000)
    with pytest.raises(CaseFileError, match="damaged"):
        io.load(path)
