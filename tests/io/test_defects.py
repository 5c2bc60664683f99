"""A spoilt series is named for what is wrong with it, and what is mended lies in its place."""

import numpy as np
import pytest
from defects import (
    AIR_HU,
    GREY_HU,
    HARMLESS,
    REPORTED,
    SLOPE_HU_MM,
    foreign_frame,
    foreign_patient,
    mixed_orientation,
    mixed_spacing,
    sound,
    tilt,
    two_phases,
)
from series_on_disk import slices, write

from surgiplan import io
from surgiplan.errors import DicomError

QUICK, LONG = range(20), range(20, 200)
STRANGERS = {foreign_frame, mixed_spacing, mixed_orientation}
"""Slices that are not the others' kin are left out once accepted, which leaves a gap."""
GAP = {"missing_slice"}
NEVER_MENDED = {two_phases, foreign_patient}
SEEDS = [*QUICK, *(pytest.param(seed, marks=pytest.mark.slow) for seed in LONG)]


def name(defect):
    return defect.__name__ if callable(defect) else str(defect)


def found_in(folder):
    (series,) = io.scan(folder).series
    return series


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("defect", REPORTED, ids=name)
def test_a_defect_is_reported_by_its_kind_and_mended_only_when_accepted(tmp_path, defect, seed):
    body = sound(seed)
    defect(body)
    series = found_in(write(tmp_path, body.images, seed))
    kinds = {problem.kind for problem in series.problems}
    assert kinds - (GAP if defect in STRANGERS else set()) == REPORTED[defect]
    with pytest.raises(DicomError) as refusal:
        io.load_series(series)
    assert any(kind in str(refusal.value) for kind in kinds)
    assert all(problem.action for problem in series.problems) == (defect not in NEVER_MENDED)
    if defect not in NEVER_MENDED:
        volume, _ = io.load_series(series, kinds)
        assert_lies_in_place(body, volume)
        assert set(volume.source.accepted) == kinds


def assert_lies_in_place(body, volume):
    """Every voxel that the slices reach holds the field, and the ends are where they were."""
    places = volume.grid.to_lps(np.moveaxis(np.indices(volume.grid.shape), 0, -1))
    seen = volume.values > AIR_HU
    assert seen.sum() >= 0.7 * len(volume.values) * np.prod(body.shape[1:])
    stray_hu = np.abs(volume.values - body.hu(places))[seen].max()
    assert stray_hu <= GREY_HU, f"{stray_hu / np.linalg.norm(SLOPE_HU_MM):.3f} mm astray"
    normal = volume.grid.affine[:3, 0] / volume.grid.spacing_mm[0]
    ends = [image.position @ normal for image in body.images]
    last = volume.grid.to_lps([volume.grid.shape[0] - 1, 0, 0]) @ normal
    assert volume.grid.affine[:3, 3] @ normal == pytest.approx(min(ends), abs=1e-4)
    assert last == pytest.approx(max(ends), abs=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("change", HARMLESS, ids=name)
def test_names_and_numbers_of_files_change_not_one_voxel(tmp_path, change, seed):
    body = sound(seed)
    before, _ = io.load_series(found_in(write(tmp_path / "before", body.images)))
    change(body)
    after, _ = io.load_series(found_in(write(tmp_path / "after", body.images, seed + 1)))
    assert after.sha256 == before.sha256
    assert np.array_equal(after.grid.affine, before.grid.affine)
    places = after.grid.to_lps(np.moveaxis(np.indices(after.grid.shape), 0, -1))
    assert np.abs(after.values - body.hu(places)).max() <= GREY_HU / 2 + 1e-3
    corners = sorted(image.position @ after.grid.affine[:3, 0] for image in body.images)
    origin, end = (after.grid.to_lps([k, 0, 0]) for k in (0, len(corners) - 1))
    assert origin @ after.grid.affine[:3, 0] == pytest.approx(corners[0], abs=1e-4)
    assert end @ after.grid.affine[:3, 0] == pytest.approx(corners[-1], abs=1e-4)


@pytest.mark.parametrize("angle", [18.5, -18.5, 0, None])
def test_the_tilt_tag_and_the_spacing_tag_move_nothing(tmp_path, angle):
    body = sound(3)
    tilt(body)
    tags = {"SpacingBetweenSlices": -7.3, "SliceThickness": 0.1}
    if angle is not None:
        tags["GantryDetectorTilt"] = angle
    volume, _ = io.load_series(
        found_in(write(tmp_path / "a", body.images, **tags)), ["gantry_tilt"]
    )
    plain, _ = io.load_series(
        found_in(write(tmp_path / "b", body.images, SpacingBetweenSlices=None)), ["gantry_tilt"]
    )
    assert volume.sha256 == plain.sha256
    assert np.array_equal(volume.grid.affine, plain.grid.affine)


def test_a_box_is_as_tall_and_as_wide_as_it_was_although_pixels_are_not_square(tmp_path):
    """PixelSpacing is the distance of rows, then of columns; square pixels would hide a swap."""
    values = np.full((4, 40, 60), -1000, np.int16)
    values[:, 10:30, 10:50] = 40
    images = slices(values, step_mm=2.0)
    (series,) = io.scan(write(tmp_path, images, PixelSpacing=[0.9, 0.3])).series
    volume, _ = io.load_series(series)
    places = volume.grid.to_lps(np.argwhere(volume.values == 40))
    right_left_mm, front_back_mm, head_foot_mm = np.ptp(places, axis=0)
    assert right_left_mm == pytest.approx(39 * 0.3)
    assert front_back_mm == pytest.approx(19 * 0.9)
    assert head_foot_mm == pytest.approx(3 * 2.0)


def test_spacing_between_slices_of_the_wrong_sign_turns_nobody_upside_down(tmp_path):
    images = slices()
    sound_one, _ = io.load_series(found_in(write(tmp_path / "a", images, SpacingBetweenSlices=1.3)))
    turned, _ = io.load_series(found_in(write(tmp_path / "b", images, SpacingBetweenSlices=-1.3)))
    assert turned.sha256 == sound_one.sha256
    assert np.array_equal(turned.grid.affine, sound_one.grid.affine)
    assert turned.grid.affine[2, 0] > 0
