"""Work that a program did not live to save is found again, offered, and never mixed with saves."""

import json
import shutil

import pytest
from plan_to_save import files, replayed, same

from surgiplan import io
from surgiplan.edits import MoveStent
from surgiplan.errors import CaseFileError
from surgiplan.io.case import manifests, store


@pytest.fixture
def begun(edits, path):
    """A plan saved with four steps, and the six that follow."""
    io.save(replayed(edits[:4]), path, journal=edits[:4])
    return path, edits[4:]


def keep(edits, path, count):
    return io.autosave(replayed(edits[: 4 + count]), path, edits[4 : 4 + count])


def test_an_autosave_is_offered_and_leaves_what_was_saved_as_it_is(edits, begun):
    path, rest = begun
    saved = files(path)
    assert keep(edits, path, 2) == 2
    opened = io.opened(path)
    assert same(opened.case, replayed(edits[:4]))
    assert opened.generation == 1
    assert same(opened.lost.case, replayed(edits[:6]))
    assert [type(step) for step in opened.lost.steps] == [type(step) for step in rest[:2]]
    assert "2 steps (last: " in opened.lost.summary
    assert json.loads((path / "manifests/00000002.auto.json").read_text())["autosave"] is True
    now = files(path)
    assert all(now[name] == content for name, content in saved.items())
    assert io.verify(path) == ()


def test_what_was_autosaved_is_replayed_from_the_journal_once_it_is_saved(edits, begun):
    path, rest = begun
    keep(edits, path, 3)
    keep(edits, path, 5)
    io.save(replayed(edits), path, journal=rest)
    assert io.opened(path).lost is None
    assert not list((path / "manifests").glob("*.auto.json"))
    assert same(replayed(io.load_edits(path / "journal.jsonl")), replayed(edits))
    assert io.verify(path) == ()


def test_discarded_work_leaves_no_trace(edits, begun):
    path, _ = begun
    before = files(path)
    for count in range(1, 7):
        keep(edits, path, count)
    io.discard_autosaves(path)
    assert files(path) == before


def test_a_case_that_was_never_saved_is_kept_too_and_goes_when_it_is_discarded(edits, path):
    io.autosave(replayed(edits[:2]), path, edits[:2])
    opened = io.opened(path)
    assert opened.generation == 0
    assert same(opened.lost.case, replayed(edits[:2]))
    with pytest.raises(CaseFileError, match=r"was never saved; .*recover"):
        io.load(path)
    io.discard_autosaves(path)
    assert not path.exists()


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "object"])
def test_a_damaged_newest_autosave_gives_way_to_the_one_before(edits, begun, damage):
    path, _ = begun
    keep(edits, path, 3)
    before = set((path / "objects").iterdir())
    keep(edits, path, 6)
    newest = path / "manifests/00000003.auto.json"
    if damage == "object":
        (new,) = set((path / "objects").iterdir()) - before
        new.write_bytes(bytes(new.stat().st_size))
    else:
        whole = newest.read_bytes()
        cut = {"cut": whole[:300], "flipped": whole.replace(b"25.5", b"25.6"), "empty": b""}
        newest.write_bytes(cut[damage])
    opened = io.opened(path)
    assert opened.lost.generation == 2
    assert same(opened.lost.case, replayed(edits[:7]))
    assert opened.remarks == ()


def test_work_survives_a_damaged_save_and_two_crashes_in_a_row(edits, begun):
    path, _ = begun
    io.save(replayed(edits[:5]), path, journal=edits[4:5])
    io.autosave(replayed(edits[:7]), path, edits[5:7])
    (path / "manifests/00000002.json").write_text("{")
    lost = io.opened(path).lost
    assert same(lost.case, replayed(edits[:7]))
    # The window that took it up dies as well, having gone on a little.
    io.autosave(replayed(edits[:8]), path, edits[5:8])
    opened = io.opened(path)
    assert same(opened.lost.case, replayed(edits[:8]))
    assert "newest saved state (2) is damaged" in opened.remarks[0]


def test_work_is_offered_even_if_no_save_can_be_read(edits, begun):
    path, _ = begun
    keep(edits, path, 4)
    (path / "manifests/00000001.json").write_text("{")
    opened = io.opened(path)
    assert same(opened.lost.case, replayed(edits[:8]))
    assert "No saved state" in opened.remarks[0]


def test_the_time_of_a_file_means_nothing(edits, begun):
    import os

    path, _ = begun
    keep(edits, path, 2)
    for file in (path / "manifests").iterdir():
        os.utime(file, (0, 0) if file.name.endswith("auto.json") else None)
    assert io.opened(path).lost.generation == 2
    # An autosave older than the save was in it, whatever its file's time says.
    old = (path / "manifests/00000002.auto.json").read_bytes()
    io.save(replayed(edits), path, journal=edits[4:])
    (path / "manifests/00000002.auto.json").write_bytes(old)
    assert io.opened(path).lost is None


def test_an_autosave_under_another_name_is_no_save(edits, begun):
    path, _ = begun
    keep(edits, path, 2)
    folder = path / "manifests"
    shutil.copy(folder / "00000002.auto.json", folder / "00000002.json")
    shutil.copy(folder / "00000001.json", folder / "00000003.json")
    opened = io.opened(path)
    assert opened.generation == 1
    assert "bears the name of another" in opened.remarks[0]


def test_few_autosaves_are_kept_and_never_at_the_cost_of_saves(edits, begun):
    path, _ = begun
    for at_mm in range(20, 40):
        move = MoveStent("s1", float(at_mm))
        io.autosave(move.apply(replayed(edits[:4])), path, [move])
    names = sorted(p.name for p in (path / "manifests").iterdir())
    assert names == ["00000001.json", *(f"{n:08d}.auto.json" for n in (19, 20, 21))]


def test_lines_that_a_crash_kept_from_the_journal_are_added_by_the_next_save(
    edits, begun, monkeypatch
):
    path, rest = begun

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store._journal, "append", die)
        with pytest.raises(KeyboardInterrupt):
            io.save(replayed(edits[:6]), path, journal=rest[:2])
    assert same(io.load(path), replayed(edits[:6]))
    assert len(io.load_edits(path / "journal.jsonl")) == 4
    assert io.verify(path) == ()
    io.save(replayed(edits), path, journal=rest[2:])
    assert same(replayed(io.load_edits(path / "journal.jsonl")), replayed(edits))
    assert io.verify(path) == ()


@pytest.mark.parametrize("later", [[4, 5], [None, 7], [4, None, None, 7], [None, None]])
def test_steps_of_a_state_that_rotted_are_taken_back_in_the_journal(edits, begun, later):
    path, rest = begun
    done = list(edits[:4])
    for step in later:
        if step is None:
            done.pop()
        else:
            done.append(edits[step])
    io.save(replayed(done), path, journal=[None if n is None else edits[n] for n in later])
    (path / "manifests/00000002.json").write_text("{")
    assert same(io.load(path), replayed(edits[:4]))
    io.save(replayed(edits), path, journal=rest)
    in_force = []
    for edit in io.load_edits(path / "journal.jsonl"):
        if edit is None:
            in_force.pop()
        else:
            in_force.append(edit)
    assert same(replayed(in_force), replayed(edits))
    assert all("journal" not in sentence for sentence in io.verify(path))


@pytest.mark.parametrize("torn", [b"\0" * 90 + b"\n", b'{"type": "Mo\0\0"}\n[1]\n', b"[]\n"])
def test_lines_that_a_power_cut_spoiled_are_cut_off(edits, begun, torn):
    path, rest = begun
    with (path / "journal.jsonl").open("ab") as file:
        file.write(torn)
    io.save(replayed(edits), path, journal=rest)
    assert same(replayed(io.load_edits(path / "journal.jsonl")), replayed(edits))
    assert io.verify(path) == ()


def test_a_journal_or_a_chain_that_was_tampered_with_is_reported(edits, begun):
    path, _ = begun
    for step in range(5, 11):
        io.save(replayed(edits[:step]), path, journal=edits[step - 1 : step])
    assert io.verify(path) == ()
    journal = path / "journal.jsonl"
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    for forged in (
        whole.replace(b"25.5", b"25.6"),
        b"".join(lines[:6]),
        b"".join(lines[:3] + lines[4:]),
        b"".join([lines[1], lines[0], *lines[2:]]),
    ):
        journal.write_bytes(forged)
        assert any("journal" in sentence for sentence in io.verify(path))
    journal.write_bytes(whole)
    manifests.path_of(path / "manifests", 4).unlink()
    assert any("state before manifest 5" in sentence for sentence in io.verify(path))
