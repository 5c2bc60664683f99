"""After a power cut at any moment of a save, a whole state is on disk, and none before the last."""

import os
import shutil

import numpy as np
import pytest
from plan_to_save import replayed
from power_loss import MODELS, Recorder, disk_after

from surgiplan import io
from surgiplan.edits import MoveStent, RecordFinding
from surgiplan.errors import CaseFileError
from surgiplan.io import atomic

pytestmark = pytest.mark.skipif(
    not os.path.exists("/proc/self/fd"), reason="needs a system that tells a file's name"
)


def a_day_of_work(edits, path, note):
    """Saves and autosaves; returns the digests of the states in their order."""
    states, saved = [], 0

    def promised(what, case):
        states.append(case.digest)
        note((what, len(states) - 1))

    for count in (3, 5, 8):
        io.save(replayed(edits[:count]), path, journal=edits[saved:count], view={"n": count})
        promised("saved", replayed(edits[:count]))
        saved = count
    case, steps = replayed(edits[:8]), []
    for at_mm in (21.0, 22.0):
        steps.append(MoveStent("s1", at_mm))
        case = steps[-1].apply(case)
        io.autosave(case, path, steps)
        promised("kept", case)
    io.save(case, path, journal=steps)
    promised("saved", case)
    other = MoveStent("s1", 23.0)
    io.autosave(other.apply(case), path, [other])
    promised("kept", other.apply(case))
    note(("forgotten", 5))
    io.discard_autosaves(path)
    finding = edits[8]
    assert isinstance(finding, RecordFinding)
    io.save(finding.apply(case), path, journal=[finding])
    promised("saved", finding.apply(case))
    return states


def recorded(edits, tmp_path, monkeypatch, forget):
    recorder = Recorder(tmp_path)
    with monkeypatch.context() as patch:
        recorder.watch(patch)
        forget(patch)
        states = a_day_of_work(edits, tmp_path / "plan.splan", recorder.note)
    return recorder.events, states


def wrong_after(events, states, model, seed, tmp_path):
    """What is wrong with the case after a power cut behind these events; empty if nothing is."""
    target = tmp_path / "after"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    random = np.random.default_rng(seed)
    disk_after(events, model, random, tmp_path, target)
    promises = [event[1] for event in events if event[0] == "promise"]
    saved = max((number for what, number in promises if what == "saved"), default=-1)
    path = target / "plan.splan"
    try:
        opened = io.opened(path)
    except CaseFileError as error:
        return f"{error}" if promises else ""
    if opened.generation == 0:
        return "a save is lost" if saved >= 0 else ""
    if opened.case.digest not in states[max(saved, 0) :]:
        return "an acknowledged save is lost"
    kept = promises[-1][1] if promises and promises[-1][0] == "kept" else -1
    newest = opened.lost.case.digest if opened.lost else opened.case.digest
    if kept > saved and newest not in states[kept:]:
        return "kept steps are lost"
    damaged = [one for one in io.verify(path) if "Manifest" in one or "Object" in one]
    if damaged and opened.remarks:
        damaged = []  # of a state that was never promised
    io.save(opened.case, path)
    return " ".join((*damaged, *io.verify(path)))


def judged(edits, tmp_path, monkeypatch, cuts, forget=lambda _: None):
    events, states = recorded(edits, tmp_path, monkeypatch, forget)
    random = np.random.default_rng(1)
    wrong = {}
    for model in MODELS:
        for end in random.integers(1, len(events) + 1, cuts):
            found = wrong_after(
                events[:end], states, model, int(random.integers(1 << 30)), tmp_path
            )
            if found:
                wrong[model, int(end), events[end - 1][0]] = found
    return wrong


@pytest.mark.parametrize("cuts", [pytest.param(100), pytest.param(600, marks=pytest.mark.slow)])
def test_no_power_cut_loses_what_was_saved(edits, tmp_path, monkeypatch, cuts):
    assert judged(edits, tmp_path, monkeypatch, cuts) == {}


def no_file(patch):
    fsync = os.fsync
    patch.setattr(
        os, "fsync", lambda fd: fsync(fd) if os.path.isdir(f"/proc/self/fd/{fd}") else None
    )


def no_folder(patch):
    patch.setattr(atomic, "flush_folder", lambda _: None)


@pytest.mark.parametrize("forget", [no_file, no_folder])
def test_the_simulation_finds_a_program_that_forgets_to_flush(edits, tmp_path, monkeypatch, forget):
    """The same judge on the same program without its flushes: so it can fail."""
    assert len(judged(edits, tmp_path, monkeypatch, 40, forget)) > 5
