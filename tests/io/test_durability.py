"""Whatever happens while a case is saved, a whole state of it is on disk."""

import errno
import os
import subprocess
import sys
import textwrap
from dataclasses import replace

import pytest
from plan_to_save import files, replayed, same

from surgiplan import io
from surgiplan.edits import RecordFinding
from surgiplan.errors import CaseFileError
from surgiplan.io import atomic
from surgiplan.model import Case


def test_a_number_that_is_none_is_not_saved_and_changes_nothing(case, path):
    io.save(case, path)
    before = files(path)
    finding = replace(case.findings["f1"], numbers={"stress_kpa": float("nan")})
    with pytest.raises(CaseFileError, match=r"stress_kpa is not a number"):
        io.save(RecordFinding(finding).apply(case), path)
    assert files(path) == before


@pytest.mark.parametrize("step", ["open", "fsync", "replace", "flush_folder"])
def test_a_save_that_dies_at_any_step_leaves_one_of_two_whole_states(
    edits, case, tmp_path, monkeypatch, step
):
    early = replayed(edits[:1])
    outcomes = []
    for steps in range(100):
        path = tmp_path / f"{steps}.splan"
        io.save(early, path, journal=edits[:1])
        with monkeypatch.context() as patch:
            die_after(steps, step, patch)
            try:
                io.save(case, path, journal=edits[1:])
            except KeyboardInterrupt:
                died = True
            else:
                died = False
        found = io.load(path)
        outcomes.append(same(found, case))
        assert outcomes[-1] or same(found, early)
        assert io.verify(path) == ()
        assert not list(path.rglob(".*"))
        assert io.save(case, path) >= 2
        assert same(io.load(path), case)
        if not died:
            break
    assert len(outcomes) > 5
    assert outcomes == sorted(outcomes), "once it is saved it stays saved"
    assert outcomes[-1]


def die_after(steps, step, patch):
    """Stop the program, as Ctrl-C would, at the call after so many calls of ``step``."""
    owner = {"open": atomic, "flush_folder": atomic}.get(step, os)
    function = open if step == "open" else getattr(owner, step)
    calls = iter(range(steps))

    def dying(*arguments, **options):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return function(*arguments, **options)

    patch.setattr(owner, step, dying, raising=False)


def test_a_killed_save_leaves_the_state_before_and_its_litter_goes(edits, case, path):
    early = replayed(edits[:1])
    io.save(early, path)
    (path / f".manifest.x{atomic.TEMPORARY_SUFFIX}").touch()
    (path / "objects" / f".1234.x{atomic.TEMPORARY_SUFFIX}").write_bytes(bytes(100))
    (path / "objects" / ("ab" * 32)).write_bytes(bytes(100))
    assert same(io.load(path), early)
    io.save(case, path)
    assert not list(path.rglob(".*"))
    assert not (path / "objects" / ("ab" * 32)).exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_full_or_failing_disk_is_said_and_the_state_before_stays(
    edits, case, path, monkeypatch, code
):
    early = replayed(edits[:1])
    io.save(early, path, journal=edits[:1])
    before = files(path)

    def fail(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(CaseFileError, match=r"was not saved: .* what was saved before is intact"):
        io.save(case, path, journal=edits[1:])
    monkeypatch.undo()
    assert files(path) == before


def test_no_room_is_noticed_before_anything_is_written(case, path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(CaseFileError, match="the disk is full"):
        io.save(case, path)
    assert not path.exists()


def test_a_limit_on_file_size_in_a_real_process_leaves_the_state_before(case, path):
    io.save(Case(), path)
    script = """
        import resource, sys
        import numpy as np
        from surgiplan import io
        from surgiplan.errors import CaseFileError
        from surgiplan.model import Case, Volume, VoxelGrid
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        volume = Volume("ct", np.ones((60, 60, 60), np.int16), VoxelGrid((60, 60, 60), np.eye(4)))
        try:
            io.save(Case().with_(volume), sys.argv[1])
        except CaseFileError as error:
            sys.exit(str(error))
    """
    run = [sys.executable, "-c", textwrap.dedent(script), str(path)]
    told = subprocess.run(run, capture_output=True, text=True, cwd=os.getcwd(), check=False)
    assert told.returncode == 1
    assert "the disk is full" in told.stderr
    assert "Traceback" not in told.stderr
    assert same(io.load(path), Case())
    assert not list(path.rglob(".*"))


def test_a_folder_that_cannot_be_written_is_said(case, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CaseFileError, match="was not saved"):
        io.save(case, tmp_path / "file" / "plan.splan")


def test_twenty_states_are_kept_and_no_array_that_only_older_ones_need(edits, case, path):
    io.save(case, path)
    assert len(list((path / "objects").iterdir())) > 5
    for _ in range(25):
        io.save(replayed(edits[:1]), path)
    names = sorted(p.name for p in (path / "manifests").iterdir())
    assert names == [f"{n:08d}.json" for n in range(7, 27)]
    assert len(list((path / "objects").iterdir())) == 1
    assert io.verify(path) == ()


def test_arrays_are_kept_while_a_damaged_state_might_need_them(edits, case, path):
    io.save(case, path)
    objects = set((path / "objects").iterdir())
    (path / "manifests/00000001.json").write_text("{}")
    io.save(replayed(edits[:1]), path)
    assert set((path / "objects").iterdir()) == objects


def test_a_copy_saved_elsewhere_needs_nothing_of_the_first(case, path, tmp_path):
    import shutil

    io.save(case, path)
    io.save(io.load(path), tmp_path / "copy.splan")
    shutil.rmtree(path)
    assert same(io.load(tmp_path / "copy.splan"), case)
