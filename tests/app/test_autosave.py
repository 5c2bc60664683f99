"""Work that was not saved outlives the program, without the window ever waiting for the disk."""

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtTest import QTest

from surgiplan import io
from surgiplan.edits import AddSegments
from surgiplan.errors import CaseFileError
from surgiplan.model import Case
from tests.app.bodies import planned_case


@pytest.fixture
def path(tmp_path: Path) -> Path:
    io.save(planned_case(), tmp_path / "plan.splan")
    return tmp_path / "plan.splan"


def test_the_window_does_not_wait_for_the_disk(program: Any, path: Path, monkeypatch: Any) -> None:
    slow_disk, threads = threading.Event(), []
    autosave = io.autosave

    def slowly(*arguments: Any) -> int:
        threads.append(threading.current_thread())
        assert slow_disk.wait(60)
        return autosave(*arguments)

    one = program()
    one.open(path)
    monkeypatch.setattr(io, "autosave", slowly)
    one.move(41.0)
    one.until(lambda: threads)
    one.move(42.0, 43.0)
    assert one.at_mm == 43.0, "the window works on while the disk does not answer"
    slow_disk.set()
    one.until_kept(3)
    assert threading.main_thread() not in threads
    assert len(io.opened(path).lost.steps) == 3


def test_a_full_disk_is_said_once_and_tried_again(
    program: Any, path: Path, monkeypatch: Any
) -> None:
    tries: list[int] = []
    autosave = io.autosave

    def full(case: Case, place: Path, steps: Any) -> int:
        tries.append(len(steps))
        if len(tries) < 4:
            raise CaseFileError("plan.splan was not saved: the disk is full.")
        return autosave(case, place, steps)

    one = program()
    one.open(path)
    monkeypatch.setattr(io, "autosave", full)
    one.move(41.0)
    one.until_kept(1)
    (said,) = one.said
    assert said.startswith("1 unsaved step could not be kept on disk")
    assert "safe while this window is open" in said
    assert one.at_mm == 41.0
    assert len(tries) == 4


def test_a_save_that_fails_keeps_the_steps_and_the_autosave(
    program: Any, path: Path, monkeypatch: Any
) -> None:
    def full(*_: Any, **__: Any) -> int:
        raise CaseFileError("plan.splan was not saved: the disk is full.")

    one = program()
    one.open(path)
    one.move(41.0)
    one.until_kept(1)
    with monkeypatch.context() as patch:
        patch.setattr(io, "save", full)
        one.documents.save()
        one.until(lambda: one.said)
    assert one.desk.has_changes
    assert io.holds_autosaves(path)
    one.move(42.0)
    one.until_kept(2)


def test_steps_made_while_a_save_runs_are_kept_after_it_and_only_they(
    program: Any, path: Path, monkeypatch: Any
) -> None:
    slow_disk, save = threading.Event(), io.save

    def slowly(*arguments: Any, **options: Any) -> int:
        assert slow_disk.wait(60)
        return save(*arguments, **options)

    one = program()
    one.open(path)
    one.move(41.0)
    monkeypatch.setattr(io, "save", slowly)
    one.documents.save()
    one.move(42.0)
    QTest.qWait(100)
    assert one.autosave.seconds_left is None
    slow_disk.set()
    one.until(lambda: len(one.desk.session.unsaved) == 1)
    one.kept.clear()
    one.until_kept(1)
    lost = io.opened(path).lost
    assert [step.at_mm for step in lost.steps] == [42.0]
    assert lost.case.plan.stents["stent"].at_mm == 42.0


def test_small_steps_are_kept_within_5_s_and_large_ones_within_30(program: Any, path: Path) -> None:
    one = program()
    one.autosave.interval_s, one.autosave.soon_s = 30.0, 5.0
    fresh = type(one.autosave)(one.desk, lambda: None)
    assert (fresh.interval_s, fresh.soon_s) == (30.0, 5.0)
    fresh.close()
    one.open(path)
    assert one.autosave.seconds_left is None
    segment = one.desk.case.segment("liver")
    one.desk.do(AddSegments((segment,)))
    assert 5 < one.autosave.seconds_left <= 30
    one.move(41.0)
    assert one.autosave.seconds_left <= 5
    first = one.autosave.seconds_left
    QTest.qWait(20)
    one.move(42.0)
    assert one.autosave.seconds_left <= first, "a busy hand does not put it off"


SCRIPT = """
    import os, sys
    from pathlib import Path
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QWidget
    from surgiplan.app.desk import Desk
    from surgiplan.app.documents import Documents
    from surgiplan.edits import MoveStent
    application = QApplication([])
    window = QWidget()
    desk = Desk(window)
    documents = Documents(desk, window)
    documents.autosave.interval_s = documents.autosave.soon_s = 0.05
    documents.autosave.kept.connect(lambda steps: print("kept", steps, flush=True))
    def step():
        if desk.case.volumes:
            desk.do(MoveStent("stent", 30 + 0.01 * len(desk.session.unsaved)))
            print("done", len(desk.session.unsaved), flush=True)
    timer = QTimer()
    timer.timeout.connect(step)
    timer.start(5)
    documents.open(Path(sys.argv[1]))
    application.exec()
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_program_loses_no_step_that_it_had_kept(path: Path, seed: int) -> None:
    run = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(path)]
    random = np.random.default_rng(seed)
    with subprocess.Popen(run, stdout=subprocess.PIPE, text=True, cwd=os.getcwd()) as process:
        told = [process.stdout.readline() for _ in range(int(random.integers(60, 300)))]
        process.kill()
        told += process.stdout.read().split("\n")[:-1]
    kept = [int(line.split()[1]) for line in told if line.startswith("kept")]
    done = [int(line.split()[1]) for line in told if line.startswith("done")]
    assert kept
    lost = io.opened(path).lost
    assert kept[-1] <= len(lost.steps) <= done[-1] + 1
    assert lost.case.plan.stents["stent"].at_mm == lost.steps[-1].at_mm
    assert len(lost.steps) == round((lost.steps[-1].at_mm - 30) / 0.01) + 1
    assert io.verify(path) == ()
