"""Liver, spleen and kidneys without a click: with and without contrast, cut, missing, real."""

import numpy as np
import pytest

from surgiplan.imaging import METHODS
from surgiplan.jobs_report import silent
from tests.imaging.organs.abdomens import ARTERIAL, FATTY, NATIVE, PORTAL, abdomen

NO_SEED = np.zeros((0, 3))


def run(name, scan, **settings):
    method = METHODS[name]
    found = method().run(scan, NO_SEED, method.Settings(**settings), silent)
    return {segment.id: segment for segment in found}


def every_organ(scan):
    return {**run("liver", scan), **run("spleen", scan), **run("kidneys", scan)}


@pytest.mark.parametrize("phase", [NATIVE, FATTY, ARTERIAL, PORTAL])
def test_organs_are_found_in_every_phase(phase, dice):
    scan, truth = abdomen(phase)
    found = every_organ(scan)
    assert sorted(found) == sorted(truth)
    for name, segment in found.items():
        assert dice(segment, truth[name], scan.grid) > (0.93 if name == "liver" else 0.85), name
        assert segment.confidence > 0.5, name


def test_no_voxel_belongs_to_two_organs(placed):
    scan, _ = abdomen(PORTAL)
    masks = [placed(segment, scan.grid) for segment in every_organ(scan).values()]
    assert np.sum(masks, axis=0).max() == 1
