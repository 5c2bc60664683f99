"""Sizes of sections whose area and perimeter are known."""

import numpy as np
import pytest

from surgiplan.model import Branch
from surgiplan.planning import sections


def test_an_ellipse_of_26_by_20_has_the_sizes_of_the_textbook(bodies):
    found = sections(bodies.tube(bodies.line(30.0), 13.0, 10.0))
    assert found.area_mm2 == pytest.approx(np.full(31, 408.40704), rel=1e-3)
    assert found.perimeter_mm == pytest.approx(np.full(31, 72.564289), rel=1e-3)
    assert found.d_area_mm == pytest.approx(np.full(31, 22.803509), rel=1e-3)
    assert found.d_perimeter_mm == pytest.approx(np.full(31, 23.097931), rel=1e-3)
    assert found.d_min_mm == pytest.approx(np.full(31, 20.0), rel=1e-3)
    assert found.d_max_mm == pytest.approx(np.full(31, 26.0), rel=1e-3)


def test_a_section_that_could_not_be_measured_has_no_size_and_is_bridged_when_asked(bodies):
    s = np.arange(31.0)
    whole = bodies.tube(bodies.line(30.0), 10.0 + 0.1 * s)
    contours = whole.contours_lps.copy()
    contours[10:13] = np.nan
    found = sections(Branch(whole.points_lps, whole.tangents, contours))
    assert list(np.flatnonzero(~found.is_measured)) == [10, 11, 12]
    assert found.at("d_area_mm", [11.0]) == pytest.approx(22.2, abs=0.01)
