"""Long work can be watched, cancelled, replaced, and may crash without harm."""

import os
import queue
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pydicom
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
import jobs_work as work
from series_on_disk import body, slices, write

from surgiplan import io, mapped
from surgiplan.app.work import imported
from surgiplan.errors import PlanError, SurgiplanError
from surgiplan.jobs import Jobs

BAD = [sys.executable, str(Path(__file__).parents[1] / "io" / "bad_decoder.py")]
linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is mapped on Linux only")


class Desk:
    """The main thread of a program: posted calls wait here until they are taken."""

    def __init__(self):
        self.posted = queue.Queue()
        self.heard = []
        self.jobs = Jobs(self.posted.put)

    def start(self, name, task, **options):
        return self.jobs.start(
            name,
            task,
            done=lambda value: self.heard.append((name, "done", value)),
            failed=lambda error: self.heard.append((name, "failed", error)),
            cancelled=lambda why: self.heard.append((name, "cancelled", why)),
            progress=lambda fraction, text: self.heard.append((name, "progress", text)),
            **options,
        )

    def wait_for(self, name, kind, timeout_s=60):
        deadline = time.monotonic() + timeout_s
        while not any(h[:2] == (name, kind) for h in self.heard):
            self.posted.get(timeout=max(deadline - time.monotonic(), 0.01))()
        return next(h[2] for h in self.heard if h[:2] == (name, kind))


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.jobs.close()


def test_a_large_array_goes_there_and_comes_back(desk):
    array = np.arange(2_000_000, dtype=np.int64)
    desk.start("double", partial(work.doubled, array))
    assert np.array_equal(desk.wait_for("double", "done"), array * 2)
    assert ("double", "progress", "doubling") in desk.heard


def test_a_large_array_travels_where_no_memory_can_be_mapped(desk, monkeypatch):
    monkeypatch.setattr(mapped, "empty", np.empty)
    test_a_large_array_goes_there_and_comes_back(desk)


@linux
def test_mapped_memory_is_shared_and_not_copied(desk):
    heard = []
    desk.start("fill", work.filled_while_watched, partial=heard.append)
    value = desk.wait_for("fill", "done")
    (early,) = heard
    assert np.shares_memory(early, value)
    assert not early.flags.writeable
    assert np.all(early == 2), "what is written there later is seen here"
    desk.start("double", partial(work.doubled, value))
    assert np.all(desk.wait_for("double", "done") == 4)


@linux
def test_jobs_leave_no_file_open(desk):
    array = mapped.empty((2_000_000,), np.int16)
    array[:] = 3
    descriptors = []
    for n in range(4):
        desk.start(str(n), partial(work.doubled, array))
        assert np.all(desk.wait_for(str(n), "done") == 6)
        desk.heard.clear()
        descriptors.append(len(os.listdir("/proc/self/fd")))
    assert descriptors[1] == descriptors[-1]


@linux
def test_a_thousand_masks_of_a_session_keep_no_file_open(desk):
    before = len(os.listdir("/proc/self/fd"))
    kept = []
    for n in range(3):
        desk.start(str(n), work.large)
        kept.append(desk.wait_for(str(n), "done"))
    assert len(os.listdir("/proc/self/fd")) <= before + 4


@linux
def test_the_first_slices_show_while_the_rest_are_decoded(desk, tmp_path):
    series = packed_series(tmp_path)
    heard = []
    desk.start("import", partial(imported, series, "ct", {}), partial=heard.append)
    volume = desk.wait_for("import", "done").volume
    early = heard[0]
    assert early.ready.tolist() == [True, *[False] * 7, True]
    assert np.shares_memory(early.values, volume.values)
    assert np.array_equal(early.grid.affine, volume.grid.affine)
    assert np.array_equal(volume.values, body())


@linux
def test_a_cancelled_import_takes_its_decoders_with_it(desk, tmp_path):
    series = packed_series(tmp_path, PatientName="hang")
    work_there = partial(work.hanging_import, series.headers[0].path.parent, BAD)
    job = desk.start("import", work_there)
    desk.wait_for("import", "progress")
    worker = desk.jobs._lanes[False]._runner._worker._process.pid
    while not (decoders := children(worker)):
        time.sleep(0.05)
    desk.jobs.cancel(job)
    desk.wait_for("import", "cancelled")
    deadline = time.monotonic() + 20
    while any(map(runs, [worker, *decoders])):
        assert time.monotonic() < deadline, "an orphan"
        time.sleep(0.02)


def packed_series(folder, **tags):
    for path in write(folder, slices(), **tags).iterdir():
        dataset = pydicom.dcmread(path)
        dataset.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
        dataset.save_as(path)
    return io.scan(folder).series[0]


def children(pid):
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").glob("*/children")
        for child in task.read_text().split()
    ]


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_work_runs_in_another_process(desk):
    desk.start("pid", work.process_id)
    assert desk.wait_for("pid", "done") != os.getpid()


def test_a_refusal_arrives_as_the_same_error(desk):
    desk.start("refuse", work.refuse)
    error = desk.wait_for("refuse", "failed")
    assert isinstance(error, PlanError)
    assert "misses" in str(error)


def test_a_cancelled_job_is_gone_told_once_and_the_next_one_runs(desk):
    job = desk.start("endless", work.endless)
    desk.wait_for("endless", "progress")
    process = desk.jobs._lanes[False]._runner._worker._process
    desk.jobs.cancel(job)
    assert not process.is_alive()
    desk.wait_for("endless", "cancelled")
    desk.start("pid", work.process_id)
    desk.wait_for("pid", "done")
    told = [h[1] for h in desk.heard if h[0] == "endless" and h[1] != "progress"]
    assert told == ["cancelled"]


def test_a_waiting_job_gives_way_to_a_newer_one_of_its_kind(desk):
    blocker = desk.start("endless", work.endless)
    desk.wait_for("endless", "progress")
    desk.start("simulate", work.process_id)
    desk.start("simulate", partial(work.doubled, np.ones(3)))
    assert "newer" in desk.wait_for("simulate", "cancelled")
    desk.jobs.cancel(blocker)
    assert desk.wait_for("simulate", "done") == pytest.approx([2, 2, 2])


def test_a_crash_of_the_worker_is_a_sentence_and_not_the_end(desk):
    desk.start("crash", work.crash)
    error = desk.wait_for("crash", "failed")
    assert isinstance(error, SurgiplanError)
    assert "nothing was changed" in str(error)
    desk.start("large", work.large)
    assert desk.wait_for("large", "done").sum() == pytest.approx(3_000_000 * 2_999_999 / 2)


def test_short_work_runs_on_a_thread_of_this_process(desk):
    desk.start("pid", work.process_id, quick=True)
    assert desk.wait_for("pid", "done") == os.getpid()
