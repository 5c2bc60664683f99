"""A case travels as one file and arrives as it was, or not at all."""

import errno
import os
import zipfile

import pytest
from plan_to_save import files, replayed, same

from surgiplan import io
from surgiplan.errors import Cancelled, CaseFileError


@pytest.fixture
def sent(edits, path, tmp_path):
    """A case with two saved states, sent as a file."""
    io.save(replayed(edits[:6]), path, journal=edits[:6])
    io.save(replayed(edits), path, journal=edits[6:], view={"window": [400, 40]})
    assert io.pack(path, tmp_path / "plan.splanz") == 2
    return tmp_path / "plan.splanz"


def test_a_case_arrives_as_it_was_sent(edits, case, path, sent, tmp_path):
    copy = tmp_path / "copy.splan"
    io.unpack(sent, copy)
    opened = io.opened(copy)
    assert same(opened.case, case)
    assert (opened.generation, opened.remarks) == (2, ())
    assert opened.view == {"window": [400, 40]}
    assert same(replayed(io.load_edits(copy / "journal.jsonl")), case)
    assert io.verify(copy) == ()
    there = files(copy)
    assert there == {n: c for n, c in files(path).items() if n != "manifests/00000001.json"}
    assert io.save(case, copy) == 3
    assert not list(tmp_path.glob(".*"))


def test_what_was_removed_from_the_plan_but_stands_in_the_journal_travels_too(
    edits, path, tmp_path
):
    io.save(replayed(edits[:2]), path, journal=edits[:2])
    io.save(replayed(edits[:1]), path, journal=[None])
    io.pack(path, tmp_path / "plan.splanz")
    io.unpack(tmp_path / "plan.splanz", tmp_path / "copy.splan")
    journal = io.load_edits(tmp_path / "copy.splan/journal.jsonl")
    assert journal[1].segments[0].voxels > 0
    assert journal[2] is None


def test_every_member_is_stored_so_that_none_can_grow(sent):
    with zipfile.ZipFile(sent) as archive:
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
    assert oct(sent.stat().st_mode & 0o777) == "0o600"


def test_work_that_was_never_saved_is_not_sent(edits, path, sent, tmp_path):
    io.autosave(replayed(edits[:3]), path, [])
    io.pack(path, tmp_path / "again.splanz")
    assert (tmp_path / "again.splanz").read_bytes() == sent.read_bytes()


def test_a_damaged_case_is_not_sent(path, sent, tmp_path):
    before = sent.read_bytes()
    for file in (path / "objects").iterdir():
        file.write_bytes(bytes(file.stat().st_size))
    with pytest.raises(CaseFileError, match="damaged"):
        io.pack(path, sent)
    assert sent.read_bytes() == before


@pytest.mark.parametrize("part", range(12))
def test_a_bit_that_flipped_on_the_way_is_found(sent, tmp_path, part):
    whole = bytearray(sent.read_bytes())
    place = len(whole) * part // 12 + 97
    whole[place] ^= 4
    sent.write_bytes(whole)
    with pytest.raises(CaseFileError):
        io.unpack(sent, tmp_path / "copy.splan")
    assert not (tmp_path / "copy.splan").exists()
    assert not list(tmp_path.glob(".*"))


def test_a_file_that_was_cut_off_is_refused(sent, tmp_path):
    whole = sent.read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 30, len(whole) - 1):
        sent.write_bytes(whole[:length])
        with pytest.raises(CaseFileError, match=r"no case of surgiplan|damaged"):
            io.unpack(sent, tmp_path / "copy.splan")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_leaves_neither_half_a_file_nor_half_a_case(
    path, sent, tmp_path, monkeypatch, code
):
    before = sent.read_bytes()

    def fail(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(CaseFileError, match=r"plan\.splanz was not written"):
        io.pack(path, sent)
    with pytest.raises(CaseFileError, match=r"plan\.splanz was not unpacked"):
        io.unpack(sent, tmp_path / "copy.splan")
    assert sent.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["plan.splan", "plan.splanz"]


def test_one_who_stops_it_finds_nothing_half_done(path, sent, tmp_path):
    def stop(fraction, _):
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        io.unpack(sent, tmp_path / "copy.splan", stop)
    with pytest.raises(Cancelled):
        io.pack(path, tmp_path / "other.splanz", stop)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["plan.splan", "plan.splanz"]


def test_what_exists_already_is_left_alone(path, sent):
    before = files(path)
    with pytest.raises(CaseFileError, match="exists already"):
        io.unpack(sent, path)
    assert files(path) == before
