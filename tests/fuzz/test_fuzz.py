"""No damaged file crashes the program, hangs it, or gives another volume without a word."""

from dataclasses import replace

import numpy as np
import pytest

from fuzz.judge import Referee, complaint
from fuzz.runner import FAILURES, run
from fuzz.worker import files_of, tried
from surgiplan import io

COUNT = 2000


@pytest.fixture
def root(shared_data):
    return shared_data / "dicom-edge"


def test_2000_damaged_series_crash_nothing_hang_nothing_and_mislead_nobody(root):
    summary = run(root, range(COUNT))
    assert summary.failures == []
    assert summary.unjudged == []
    assert summary.outcomes.total() == COUNT
    assert summary.outcomes["accepted"] > COUNT / 10, "harmless damage is accepted, and compared"
    assert summary.outcomes["flagged"] > COUNT / 4


def test_the_same_number_always_makes_the_same_mutant(root):
    assert files_of(root, 1, 77)[1:] == files_of(root, 1, 77)[1:]
    assert files_of(root, 1, 77)[1:] != files_of(root, 2, 77)[1:]


@pytest.fixture
def referee(tmp_path):
    one = Referee(tmp_path)
    yield one
    one.close()


@pytest.fixture
def judged(root, referee):
    """A sound series, its volume, and what the second decoder says of it."""
    folder = root / "geometry-traps-dicom2nifti/generic/compressed_jpegls/001"
    (series,) = io.scan(folder).series
    frames = referee.frames(series.files)
    assert not isinstance(frames, str)
    return series, io.load_series(series)[0], frames


def test_the_judge_is_content_with_a_sound_volume(judged):
    assert complaint(*judged) == ""


def test_the_judge_sees_a_single_grey_level(judged):
    series, volume, frames = judged
    values = volume.values.copy()
    values[2, 100, 30] += 1
    assert "1 other values, by up to 1" in complaint(series, replace(volume, values=values), frames)


def test_the_judge_sees_a_shift_of_a_thousandth_of_a_millimetre(judged):
    series, volume, frames = judged
    affine = volume.grid.affine.copy()
    affine[0, 3] += 1e-3
    moved = replace(volume, grid=replace(volume.grid, affine=affine))
    assert "0.001000 mm away" in complaint(series, moved, frames)


def test_the_judge_sees_slices_in_another_order(judged):
    series, volume, frames = judged
    turned = replace(volume, values=np.ascontiguousarray(volume.values[::-1]))
    assert "other values" in complaint(series, turned, frames)


def test_a_program_that_raises_anything_but_a_refusal_is_caught(
    tmp_path, root, referee, monkeypatch
):
    monkeypatch.setattr(io, "load_series", lambda *_: 1 / 0)
    for n, content in enumerate(files_of(root, 1, 0)[0].files):
        (tmp_path / f"image{n}").write_bytes(content)
    outcome, detail = tried(tmp_path, referee)
    assert outcome in FAILURES
    assert "ZeroDivisionError" in detail
