"""What happened to a case is on record, and no hand can change that record unnoticed."""

import errno
import json
import os
import shutil

import numpy as np
import pytest
from plan_to_save import replayed

from surgiplan import io
from surgiplan.edits import MoveStent
from surgiplan.errors import CaseFileError
from surgiplan.io import atomic
from surgiplan.io.case import manifests
from surgiplan.model import Case


@pytest.fixture(scope="module")
def long_lived(edits, tmp_path_factory):
    """A case that was saved four times, opened and exported, as a template to copy."""
    path = tmp_path_factory.mktemp("audit") / "plan.splan"
    io.save(replayed(edits[:2]), path, journal=edits[:2])
    io.save(replayed(edits[:4]), path, journal=[*edits[2:4], MoveStent("s1", 9.0), None])
    io.log_opening(path, io.opened(path))
    io.save(replayed(edits[:8]), path, journal=edits[4:8])
    io.save(replayed(edits), path, journal=edits[8:], view={})
    paper = path.parent / "Berta_Beispiel.pdf"
    paper.write_bytes(b"%PDF")
    io.log_export(path, paper)
    io.log_opening(path, io.opened(path))
    return path


@pytest.fixture
def copy(long_lived, tmp_path):
    return shutil.copytree(long_lived, tmp_path / "plan.splan")


def lines_of(path):
    return (path / "audit.jsonl").read_bytes().splitlines(keepends=True)


def test_the_log_tells_what_happened_in_order(long_lived):
    events = io.audit_events(long_lived)
    assert [event["event"] for event in events] == [
        "created", "imported", "saved", "saved", "opened for writing", "saved", "saved",
        "exported", "opened for writing",
    ]  # fmt: skip
    first = events[2]
    assert first["labels"] == ["Import scan", "Segment"]
    assert events[3]["labels"][-2:] == ["Move stent", "Undo"]
    assert (first["generation"], first["edits"]) == (1, 2)
    assert (events[7]["format"], events[7]["bytes"]) == ("pdf", 4)
    assert all(event["software"].startswith("surgiplan ") for event in events)
    assert all(event["time"].endswith("+00:00") for event in events)
    assert io.verify(long_lived) == ()


def test_the_log_names_no_person_no_place_and_no_computer(long_lived):
    text = b"".join(lines_of(long_lived)).decode()
    for word in ("Berta", "P-1", "Leber", os.uname().nodename, str(long_lived.parent)):
        assert word not in text


def test_the_head_that_a_manifest_keeps_is_a_line_of_the_log(long_lived):
    import hashlib

    manifest = json.loads((long_lived / "manifests/00000004.json").read_text())
    line = lines_of(long_lived)[manifest["audit"]["lines"] - 1].rstrip(b"\n")
    assert hashlib.sha256(line).hexdigest() == manifest["audit"]["sha256"]
    assert json.loads(line)["generation"] == 4


def deleted(lines, random):
    del lines[random.integers(len(lines))]
    return lines


def edited(lines, random):
    at = random.integers(len(lines))
    content = bytearray(lines[at])
    content[random.integers(len(content) - 1)] ^= 1 << random.integers(7)
    lines[at] = bytes(content)
    return lines


def moved(lines, random):
    one, other = random.choice(len(lines), 2, replace=False)
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def repeated(lines, random):
    at = random.integers(len(lines))
    return [*lines[: at + 1], *lines[at:]]


def cut_off(lines, random):
    whole = b"".join(lines)
    return [whole[: random.integers(len(whole))]]


def forged(lines, random):
    """A line changed by somebody who mends the chain behind it, as far as the file itself goes."""
    import hashlib

    at = random.integers(len(lines))
    contents = [json.loads(line) for line in lines]
    contents[at]["time"] = "2001-01-01T00:00:00+00:00"
    before, made = "0" * 64, []
    for content in contents:
        made.append(json.dumps({**content, "previous": before}, ensure_ascii=False).encode())
        before = hashlib.sha256(made[-1]).hexdigest()
    return [line + b"\n" for line in made]


@pytest.mark.parametrize("hand", [deleted, edited, moved, repeated, cut_off, forged])
def test_every_manipulation_of_the_log_is_found(copy, hand):
    whole = lines_of(copy)
    for seed in range(40):
        changed = hand(list(whole), np.random.default_rng(seed))
        (copy / "audit.jsonl").write_bytes(b"".join(changed))
        assert io.verify(copy), seed
    (copy / "audit.jsonl").write_bytes(b"".join(whole))
    assert io.verify(copy) == ()


@pytest.mark.parametrize(
    "lost",
    ["audit.jsonl", "audit.head", "manifests/00000004.json",
     "manifests/00000002.json"],
)  # fmt: skip
def test_a_file_that_is_gone_is_missed(copy, lost):
    (copy / lost).unlink()
    assert io.verify(copy)


def test_an_older_copy_of_the_whole_log_is_not_taken_for_it(copy):
    lines = lines_of(copy)
    (copy / "audit.jsonl").write_bytes(b"".join(lines[:4]))
    head = json.loads((copy / "manifests/00000002.json").read_text())["audit"]
    (copy / "audit.head").write_text(json.dumps(head))
    assert io.verify(copy)


def test_a_damaged_log_stops_no_save_and_is_never_forgotten(copy, case):
    log = copy / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"edits": 2', b'"edits": 3', 1))
    for _ in range(25):
        io.save(case, copy)
    found = [event for event in io.audit_events(copy) if event["event"] == "damage found"]
    assert len(found) == 1
    assert io.verify(copy)


@pytest.mark.parametrize("step", ["open", "fsync", "replace", "flush_folder"])
def test_a_save_that_dies_leaves_a_log_that_is_believed(edits, tmp_path, monkeypatch, step):
    from test_durability import die_after

    for steps in range(40):
        path = tmp_path / f"{steps}.splan"
        with monkeypatch.context() as patch:
            die_after(steps, step, patch)
            try:
                io.save(replayed(edits[:1]), path, journal=edits[:1])
                io.save(replayed(edits[:2]), path, journal=edits[1:2])
                died = False
            except KeyboardInterrupt:
                died = True
        if (path / "manifests").is_dir() and any((path / "manifests").iterdir()):
            assert io.verify(path) == (), steps
        generation = io.save(replayed(edits[:2]), path, journal=edits[1:2])
        assert io.verify(path) == (), steps
        assert io.audit_events(path)[-1]["generation"] == generation
        if not died:
            break
    assert steps > 3


def test_a_program_killed_between_the_log_and_the_manifest_is_no_manipulation(
    edits, path, monkeypatch
):
    io.save(replayed(edits[:1]), path, journal=edits[:1])

    def killed(*_, **__):
        os._exit(9)

    child = os.fork()
    if not child:
        monkeypatch.setattr("surgiplan.io.case.manifests.Place.write", killed)
        io.save(replayed(edits[:2]), path, journal=edits[1:2])
        os._exit(0)
    assert os.waitpid(child, 0)[1] >> 8 == 9
    assert len(io.audit_events(path)) == 4
    assert io.verify(path) == ()
    assert io.save(replayed(edits[:2]), path, journal=edits[1:2]) == 2
    assert [event["event"] for event in io.audit_events(path)[-3:]] == [
        "saved", "save interrupted", "saved"
    ]  # fmt: skip
    assert io.verify(path) == ()


def test_a_line_that_a_crash_cut_off_is_left_out_and_written_over(copy, case):
    with (copy / "audit.jsonl").open("ab") as log:
        log.write(b'{"n": 10, "time": "20')
    assert io.verify(copy) == ()
    io.save(case, copy)
    assert io.audit_events(copy)[-1]["event"] == "saved"
    assert io.verify(copy) == ()


def test_a_case_saved_before_there_were_logs_gets_one_and_is_sound(case, path):
    io.save(case, path)
    manifest = path / "manifests/00000001.json"
    content = json.loads(manifest.read_text())
    del content["audit"], content["sha256"]
    content["sha256"] = manifests._hash(content)
    manifest.write_text(json.dumps(content))
    for name in ("audit.jsonl", "audit.head"):
        (path / name).unlink()
    assert io.verify(path) == ()
    io.save(case, path)
    assert [event["event"] for event in io.audit_events(path)] == ["saved"]
    assert io.verify(path) == ()


def test_two_programs_that_log_at_once_lose_nothing(copy):
    children = []
    for _ in range(3):
        child = os.fork()
        if not child:
            for n in range(15):
                io.log_event(copy, io.AuditEvent.EXPORTED, number=n)
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    numbers = [event.get("number") for event in io.audit_events(copy)]
    assert sorted(n for n in numbers if n is not None) == sorted([*range(15)] * 3)
    assert io.verify(copy) == ()


def test_an_export_from_a_case_that_may_not_be_written_is_just_not_logged(copy, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "open", refuse)
    io.log_event(copy, io.AuditEvent.EXPORTED)
    monkeypatch.undo()
    assert len(io.audit_events(copy)) == 9


def test_a_full_disk_is_said_when_an_export_cannot_be_logged(copy, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space")))
    with pytest.raises(CaseFileError, match=r"audit log of plan.splan could not be written"):
        io.log_event(copy, io.AuditEvent.EXPORTED)
    monkeypatch.undo()
    assert io.verify(copy) == ()


def test_every_file_and_folder_of_a_case_is_its_owners_alone(long_lived):
    assert (long_lived / "view.json").exists()
    for place in (long_lived, *long_lived.rglob("*")):
        wanted = 0o700 if place.is_dir() else 0o600
        assert place.stat().st_mode & 0o777 == wanted, place.name


def test_the_lock_too_is_its_owners_alone(tmp_path):
    with io.CaseLock(tmp_path / "plan.splan"):
        assert (tmp_path / "plan.splan/lock").stat().st_mode & 0o777 == 0o600


def test_no_litter_stays_beside_the_log(copy, case):
    io.save(case, copy)
    io.log_event(copy, io.AuditEvent.IDENTITY_SHOWN)
    assert not list(copy.rglob(f"*{atomic.TEMPORARY_SUFFIX}"))
    assert isinstance(io.load(copy), Case)
