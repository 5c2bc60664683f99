"""The spine and the bones of a painted trunk, and of real scans."""

import numpy as np
import pytest

from surgiplan.imaging.organs import survey_of
from surgiplan.model import Volume

from .skeletons import painted


@pytest.fixture(scope="module")
def patient():
    return painted()


def test_spinal_canal_is_followed_from_the_sacrum_to_the_neck(patient):
    survey = survey_of(patient[0])
    spine = survey.spine
    index = np.column_stack([np.arange(len(spine.seen)), spine.canal_ji])
    x, y, z = survey.grid.to_lps(index)[spine.seen].T
    assert z.min() < -75
    assert z.max() > 180
    assert np.abs(x).max() < 3
    assert np.abs(y - 52).max() < 6


def test_no_spine_is_seen_in_a_body_without_one(patient):
    scan, _ = patient
    flesh = Volume("ct", np.minimum(scan.values, 60), scan.grid)
    assert survey_of(flesh).spine is None
