"""Two programs cannot write one case, and a crashed one does not keep it."""

import json
import multiprocessing
import os

import pytest

from surgiplan import io
from surgiplan.errors import CaseFileError
from surgiplan.model import Case


@pytest.fixture
def path(tmp_path):
    io.save(Case(), tmp_path / "plan.splan")
    return tmp_path / "plan.splan"


def test_a_locked_case_cannot_be_locked_again_but_can_be_read(path):
    with io.CaseLock(path):
        with pytest.raises(CaseFileError, match=r"plan.splan is open in this program"):
            io.CaseLock(path).acquire()
        assert io.load(path).digest == Case().digest
    with io.CaseLock(path):
        pass
    assert not (path / "lock").exists()


def test_a_case_open_in_another_program_says_in_which(path):
    process = multiprocessing.get_context("spawn").Process(target=hold, args=(str(path),))
    process.start()
    try:
        while not (path / "lock").exists():
            process.join(0.05)
            assert process.is_alive()
        with pytest.raises(CaseFileError, match=f"another program .process {process.pid}.; close"):
            io.CaseLock(path).acquire()
    finally:
        process.kill()
        process.join()
    assert (path / "lock").exists(), "killed, it could not clean up"
    with io.CaseLock(path):
        assert json.loads((path / "lock").read_text())["pid"] == os.getpid()


def hold(path):
    import time

    from surgiplan import io

    with io.CaseLock(path):
        time.sleep(60)


@pytest.mark.parametrize(
    "stale",
    [
        {"boot": "another start of this computer"},
        {"pid": 1 << 30},
        {"started": "a process with this number that ended long ago"},
    ],
)
def test_the_lock_of_a_program_that_is_gone_is_taken_over(path, stale):
    with io.CaseLock(path):
        about = json.loads((path / "lock").read_text())
    (path / "lock").write_text(json.dumps({**about, **stale}))
    with io.CaseLock(path):
        assert json.loads((path / "lock").read_text())["token"] != about["token"]


@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_a_lock_that_says_nothing_is_taken_over(path, content):
    (path / "lock").write_text(content)
    with io.CaseLock(path):
        assert json.loads((path / "lock").read_text())["token"]


def test_a_lock_from_another_computer_is_respected(path):
    with io.CaseLock(path):
        about = json.loads((path / "lock").read_text())
    (path / "lock").write_text(json.dumps({**about, "host": "theatre-3"}))
    with pytest.raises(CaseFileError, match=r"on the computer theatre-3.*remove the file lock"):
        io.CaseLock(path).acquire()


def test_a_lock_on_a_case_that_was_never_saved_leaves_nothing(tmp_path):
    with io.CaseLock(tmp_path / "new.splan"):
        assert (tmp_path / "new.splan/lock").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_released_lock_is_not_taken_from_its_next_owner(path):
    first = io.CaseLock(path)
    first.acquire()
    (path / "lock").unlink()
    with io.CaseLock(path):
        first.release()
        assert (path / "lock").exists()
