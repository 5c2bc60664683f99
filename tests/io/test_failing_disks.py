"""A disk that is full, fails or rots: what was saved stays, and nobody is told otherwise."""

import errno
import io as _io
import json
import os
import shutil

import pytest
from plan_to_save import files, replayed, same

from surgiplan import io
from surgiplan.errors import CaseFileError
from surgiplan.io import atomic, plain

POINTS = 50


class _Filling(_io.FileIO):
    """A file on a disk that has room for so many bytes more."""

    room: list[int]

    def write(self, content):
        size = memoryview(content).nbytes
        fits = min(size, self.room[0])
        self.room[0] -= fits
        if fits < size:
            if fits:
                return super().write(memoryview(content).cast("B")[:fits])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(content)


def fill_after(room, patch):
    """Let the disk be full after so many bytes more."""

    def opened(handle, mode):
        if not set(mode) & set("wa+"):
            return os_fdopen(handle, mode)
        raw = _Filling(handle, "r+b")
        raw.room = left
        return _io.BufferedRandom(raw)

    os_fdopen, left = os.fdopen, [room]
    patch.setattr(atomic, "open", opened, raising=False)
    patch.setattr(plain.os, "fdopen", opened)
    return left


def outcome(action, sentence):
    """Whether an action was done, or refused with a sentence that has these words."""
    try:
        action()
    except CaseFileError as error:
        return "refused" if sentence in str(error) else str(error)
    return "done"


@pytest.fixture(scope="module")
def early(edits, tmp_path_factory):
    path = tmp_path_factory.mktemp("early") / "plan.splan"
    io.save(replayed(edits[:5]), path, journal=edits[:5])
    return path


@pytest.mark.parametrize("way", ["save", "autosave"])
def test_a_disk_that_is_full_at_any_of_50_points_keeps_what_was_saved(
    edits, early, tmp_path, monkeypatch, way
):
    def write(path):
        if way == "save":
            io.save(replayed(edits), path, journal=edits[5:])
        else:
            io.autosave(replayed(edits), path, edits[5:])

    whole = shutil.copytree(early, tmp_path / "whole.splan")
    with monkeypatch.context() as patch:
        left = fill_after(1 << 30, patch)
        write(whole)
        needed = (1 << 30) - left[0]
    outcomes = []
    for point in range(POINTS):
        path = shutil.copytree(early, tmp_path / f"{point}.splan")
        before = files(path)
        with monkeypatch.context() as patch:
            fill_after(needed * point // (POINTS - 1), patch)
            outcomes.append(outcome(lambda path=path: write(path), "the disk is full"))
        opened = io.opened(path)
        newest = opened.lost.case if opened.lost else opened.case
        assert same(newest, replayed(edits if outcomes[-1] == "done" else edits[:5]))
        assert io.verify(path) == ()
        assert not list(path.rglob(".*"))
        if outcomes[-1] == "refused":
            assert files(path) == before
        io.save(replayed(edits), path, journal=edits[5:] if outcomes[-1] == "refused" else ())
        assert io.verify(path) == ()
    assert outcomes == sorted(outcomes, reverse=True), "with more room it never fails again"
    assert {outcomes[0], outcomes[-1]} == {"refused", "done"}


@pytest.mark.parametrize("step", ["fsync", "replace", "mkdir"])
def test_a_disk_that_fails_at_any_step_keeps_what_was_saved(
    edits, early, tmp_path, monkeypatch, step
):
    real, outcomes = getattr(os, step), []
    for steps in range(60):
        path = shutil.copytree(early, tmp_path / f"{steps}.splan")
        calls = iter(range(steps))

        def failing(*arguments, calls=calls, **options):
            if next(calls, None) is None:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real(*arguments, **options)

        with monkeypatch.context() as patch:
            patch.setattr(os, step, failing)
            outcomes.append(
                outcome(
                    lambda path=path: io.save(replayed(edits), path, journal=edits[5:]),
                    "what was saved before is intact",
                )
            )
        assert same(io.load(path), replayed(edits if outcomes[-1] == "done" else edits[:5]))
        io.save(replayed(edits), path, journal=edits[5:] if outcomes[-1] == "refused" else ())
        assert same(replayed(io.load_edits(path / "journal.jsonl")), replayed(edits))
        assert io.verify(path) == ()
        if next(calls, None) is not None:
            break
    assert outcomes == sorted(outcomes, reverse=True)
    assert outcomes[-1] == "done"


@pytest.mark.parametrize("bit", [0, 7])
def test_a_bit_that_flips_in_any_64_kib_of_a_case_is_found(edits, tmp_path, bit):
    path = tmp_path / "plan.splan"
    io.save(replayed(edits[:5]), path, journal=edits[:5])
    io.save(replayed(edits), path, journal=edits[5:], view={"window": [400, 40]})
    assert io.verify(path) == ()
    flipped = 0
    for name, content in files(path).items():
        for start in range(0, len(content), 1 << 16):
            place = start + min(len(content) - start, 1 << 16) // 2
            rotten = bytearray(content)
            rotten[place] ^= 1 << bit
            (path / name).write_bytes(rotten)
            assert io.verify(path), f"{name}, byte {place}"
            try:
                opened = io.opened(path)
            except CaseFileError:
                pass
            else:
                expected = edits[:5] if opened.remarks else edits
                assert same(opened.case, replayed(expected)), f"{name}, byte {place}"
            flipped += 1
        (path / name).write_bytes(content)
    assert flipped > 30
    assert io.verify(path) == ()


def test_fifty_saves_and_loads_change_nothing(edits, tmp_path):
    path = tmp_path / "plan.splan"

    def kept():
        manifest = json.loads(max((path / "manifests").iterdir()).read_text())
        objects = {name: one for name, one in files(path).items() if name.startswith("objects/")}
        return manifest["case"], manifest["objects"], objects

    io.save(replayed(edits), path)
    first = kept()
    for _ in range(50):
        io.save(io.load(path), path)
    assert kept() == first
