"""Encrypting a case and back: whatever happens meanwhile, one whole case can be opened."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from plan_to_save import files, replayed, same
from test_vault import QUICK, WORDS, flipped

from surgiplan import io
from surgiplan.errors import CaseFileError
from surgiplan.model import Identity


@pytest.fixture
def plain(edits, path):
    io.save(replayed(edits[:5]), path, journal=edits[:5], view={})
    io.save(replayed(edits), path, journal=edits[5:])
    return path


def test_encrypting_and_decrypting_change_the_form_and_nothing_else(plain, case):
    before = files(plain)
    place = io.encrypt(plain, WORDS, cost=QUICK)
    assert not [name for name in files(plain) if not name.startswith(("sealed/", "vault.json"))]
    assert same(io.load(place), case)
    assert io.verify(place) == ()
    io.decrypt(io.unlock(plain, WORDS))
    assert same(io.load(plain), case)
    assert io.verify(plain) == ()
    after = files(plain)
    for name in ("audit.jsonl", "audit.head"):
        before.pop(name), after.pop(name)
    assert after == before
    events = [event["event"] for event in io.audit_events(plain)]
    assert events[-2:] == ["encrypted", "decrypted"]


def test_the_identity_is_encrypted_and_can_be_dropped(plain, case):
    from dataclasses import replace

    who = Identity.of({"name": "Beispiel^Berta", "patient_id": "4711", "birth_date": ""}, [])
    io.save(replace(case, identity=who), plain)
    place = io.encrypt(plain, WORDS, cost=QUICK)
    assert not [name for name, content in files(plain).items() if b"Berta" in content]
    assert io.load(place).identity.name == "Beispiel^Berta"
    count = len(list((place.files / "objects").iterdir()))
    io.save(replace(case, identity=None), place)
    assert len(list((place.files / "objects").iterdir())) == count - 1
    assert io.verify(place) == ()


STEPS = ("os.fsync", "os.replace", "os.unlink", "os.rmdir", "os.mkdir", "pathlib.Path.unlink")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("way", ["encrypt", "decrypt"])
def test_a_change_of_form_that_dies_at_any_step_leaves_one_whole_case(
    case, plain, tmp_path, monkeypatch, way, step
):
    if way == "decrypt":
        io.encrypt(plain, WORDS, cost=QUICK)
    forms = []
    for steps in range(0, 400, 4 if step == "os.fsync" else 2):
        path = shutil.copytree(plain, tmp_path / f"{steps}.splan")
        with monkeypatch.context() as patch:
            place = io.unlock(path, WORDS) if way == "decrypt" else path
            die_after(steps, step, patch)
            try:
                io.decrypt(place) if way == "decrypt" else io.encrypt(path, WORDS, cost=QUICK)
                died = False
            except Died:
                died = True
        forms.append(io.is_encrypted(path))
        found = io.unlock(path, WORDS) if forms[-1] else path
        assert same(io.load(found), case)
        damage = io.verify(found)
        assert damage == () or [("unencrypted" in sentence) for sentence in damage] == [True]
        io.save(case, found)
        assert io.verify(found) == ()
        named = {name.split("/")[0] for name in files(path)}
        assert named <= ({"sealed", "vault.json"} if forms[-1] else
                         {"objects", "manifests", "journal.jsonl", "view.json", "audit.jsonl",
                          "audit.head"})  # fmt: skip
        shutil.rmtree(path)
        if not died:
            break
    assert not died
    assert forms[-1] == (way == "encrypt")
    assert forms == sorted(forms, reverse=way == "decrypt"), "once it is changed it stays changed"


class Died(BaseException):
    """The computer went off."""


def die_after(steps, step, patch):
    """Stop the program for good at the call after so many calls of ``step``."""
    owner, name = (os, step[3:]) if step.startswith("os.") else (type(Path()), "unlink")
    function, calls = getattr(owner, name), iter(range(steps))

    def dying(*arguments, **options):
        if next(calls, None) is None:
            # Whoever tidies up on the way out is dead as well.
            patch.setattr(shutil, "rmtree", dead)
            for place, what in ((os, "unlink"), (type(Path()), "unlink"), (os, "rmdir")):
                patch.setattr(place, what, dead)
            raise Died
        return function(*arguments, **options)

    patch.setattr(owner, name, dying)


def dead(*_, **__):
    raise Died


def test_a_change_of_form_without_room_is_said_and_changes_nothing(plain, monkeypatch):
    before = files(plain)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(CaseFileError, match=r"stays as it is: the disk is full"):
        io.encrypt(plain, WORDS, cost=QUICK)
    assert files(plain) == before


def test_a_full_disk_on_the_way_is_said_and_changes_nothing(plain, monkeypatch):
    before = files(plain)
    calls, fsync = iter(range(6)), os.fsync

    def full(handle):
        if next(calls, None) is None:
            raise OSError(28, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CaseFileError, match=r"stays as it is: No space"):
        io.encrypt(plain, WORDS, cost=QUICK)
    assert files(plain) == before


def test_a_damaged_case_is_not_encrypted_over(plain):
    victim = sorted((plain / "objects").iterdir())[0]
    victim.write_bytes(flipped(victim.read_bytes(), np.random.default_rng(1)))
    before = files(plain)
    with pytest.raises(CaseFileError, match=r"is damaged .* stays as it is"):
        io.encrypt(plain, WORDS, cost=QUICK)
    assert files(plain) == before
