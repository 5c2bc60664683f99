"""Numbers of two masks against closed forms and against what two other programs answered."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from masks import ball, box, grid_of, segment, two_ellipsoids

from surgiplan.errors import GeometryError
from surgiplan.model import Segment
from surgiplan.validation import Surface, agreement, surface_distances

PEERS = json.loads((Path(__file__).parent / "peer_answers.json").read_text())
"""Answers of surface-distance 0.1 and MedPy 0.5.2 for the masks that ``two_ellipsoids`` makes."""


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: f"seed{peer['seed']}")
def test_areas_and_distances_are_those_of_surface_distance(peer):
    one, other = (segment(m, peer["spacing_mm"]) for m in two_ellipsoids(peer["seed"]))
    found = agreement(one, other, tolerance_mm=1.0)
    for name in ("dice", "hd_mm", "hd95_mm", "assd_mm", "nsd"):
        assert getattr(found, name) == pytest.approx(peer[name], abs=1e-4), name


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: f"seed{peer['seed']}")
def test_voxel_surfaces_give_the_numbers_of_medpy(peer):
    one, other = (segment(m, peer["spacing_mm"]) for m in two_ellipsoids(peer["seed"]))
    found = agreement(one, other, surface=Surface.VOXELS)
    for name, value in peer["medpy"].items():
        assert getattr(found, name) == pytest.approx(value, abs=1e-4), name


@pytest.mark.parametrize(
    ("step_mm", "hd", "assd", "nsd1", "nsd2"),
    [(1.0, 2.0, 0.688525, 0.721311, 1.0), (2.5, 5.0, 1.454918, 0.647541, 0.688525)],
)
def test_a_cube_shifted_by_two_voxels_has_the_numbers_of_the_clinical_sheet(
    step_mm, hd, assd, nsd1, nsd2
):
    spacing = (step_mm, 1.0, 1.0)
    one = segment(box((30, 30, 30), (5, 5, 5), (15, 15, 15)), spacing)
    other = segment(box((30, 30, 30), (7, 5, 5), (17, 15, 15)), spacing)
    found = agreement(one, other, surface=Surface.VOXELS, tolerance_mm=1.0)
    assert (found.dice, found.hd_mm, found.hd95_mm) == pytest.approx((0.8, hd, hd))
    assert found.assd_mm == pytest.approx(assd, abs=1e-6)
    assert found.nsd == pytest.approx(nsd1, abs=1e-6)
    wider = agreement(one, other, surface=Surface.VOXELS, tolerance_mm=2.0)
    assert wider.nsd == pytest.approx(nsd2, abs=1e-6)
    assert found.centroid_shift_mm == pytest.approx(2 * step_mm)


def test_two_balls_have_the_numbers_of_the_clinical_sheet():
    small, large = (segment(ball(radius, centre=(29.5, 29.5, 29.5))) for radius in (20, 22))
    found = agreement(small, large, surface=Surface.VOXELS)
    assert found.dice == pytest.approx(0.857318, abs=1e-6)
    assert (found.hd_mm, found.hd95_mm) == pytest.approx((2.449490, 2.236068), abs=1e-6)
    assert found.assd_mm == pytest.approx(1.928362, abs=1e-6)
    assert found.nsd == 0.0
    assert found.volume_error_fraction == pytest.approx((22 / 20) ** 3 - 1, rel=0.01)


def test_the_surface_of_a_ball_has_the_area_of_a_ball():
    from surgiplan.validation.surfels import area_weighted

    area = area_weighted(ball(20), (1.0, 1.0, 1.0)).weights.sum()
    assert area == pytest.approx(4 * np.pi * 20**2, rel=0.1)  # corners of voxels add a little


def test_cropped_masks_on_one_lattice_compare_like_whole_ones():
    one, other = ball(20), ball(18, centre=(33, 29, 30))
    whole = agreement(segment(one), segment(other))
    crops = []
    for mask, name in ((one, "a"), (other, "b")):
        places = np.argwhere(mask)
        low, high = places.min(axis=0), places.max(axis=0) + 1
        inside = mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
        crops.append(Segment(name, name, inside, grid_of(mask.shape).cropped(low, high)))
    cropped = agreement(*crops)
    for name in ("dice", "hd_mm", "hd95_mm", "assd_mm", "nsd", "centroid_shift_mm"):
        assert getattr(cropped, name) == pytest.approx(getattr(whole, name)), name


def test_masks_on_different_voxels_or_frames_are_refused():
    one = segment(ball(5, (20, 20, 20), (10, 10, 10)))
    finer = segment(ball(5, (20, 20, 20), (10, 10, 10)), (0.9, 1.0, 1.0))
    with pytest.raises(GeometryError, match="different voxels"):
        agreement(one, finer)
    with pytest.raises(GeometryError, match="frames of reference"):
        agreement(one, replace(one, grid=replace(one.grid, frame_uid="1.2")))


def test_an_empty_mask_is_a_failure_and_two_are_a_correct_rejection():
    empty, full = segment(np.zeros((9, 9, 9), bool)), segment(box((9, 9, 9), (3, 3, 3), (6, 6, 6)))
    missed = agreement(full, empty)
    assert (missed.dice, missed.nsd, missed.hd_mm) == (0.0, 0.0, None)
    assert missed.sensitivity == 0.0
    assert missed.precision is None
    assert "test is empty" in missed.reason
    nothing = agreement(empty, empty)
    assert (nothing.dice, nothing.nsd) == (None, None)
    assert "correct rejection" in nothing.reason


def test_the_sign_says_whether_the_test_is_too_large_or_too_small():
    grown = surface_distances(segment(ball(15)), segment(ball(18)))
    shrunk = surface_distances(segment(ball(18)), segment(ball(15)))
    assert grown.signed_mm.min() > 0
    assert shrunk.signed_mm.max() < 0
    assert np.abs(grown.signed_mm).mean() == pytest.approx(3.0, abs=0.5)  # corners of voxels


def test_an_empty_mask_has_no_surface_to_measure_from():
    empty, full = segment(np.zeros((9, 9, 9), bool)), segment(box((9, 9, 9), (3, 3, 3), (6, 6, 6)))
    with pytest.raises(GeometryError, match="is empty"):
        surface_distances(full, empty)


def test_the_worst_point_is_where_the_surfaces_are_furthest_apart():
    reference = ball(15)
    bump = reference | box((60, 60, 60), (29, 29, 40), (32, 32, 55))
    found = agreement(segment(reference), segment(bump))
    assert found.worst_lps[0] == pytest.approx(54.5, abs=1.0)  # x is i: the bump reaches there
    dented = agreement(segment(bump), segment(reference))
    assert dented.worst_lps == pytest.approx(found.worst_lps)
    assert agreement(segment(reference), segment(reference)).worst_lps is None
