"""What a scan is said to be good for is what a radiologist would say of it."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from surgiplan import io
from surgiplan.imaging.suitability import Suits, Task, Topic, by_task, suitability, summary
from surgiplan.model import Source, Volume, VoxelGrid
from tests.imaging.trunk import SHAPE, trunk


@cache
def judged(**body):
    return suitability(trunk(**body))


def verdicts(statements, topic):
    return {one.task: one.verdict for one in statements if one.topic is topic}


def sentence(statements, topic, task=None):
    (found,) = (s.sentence for s in statements if s.topic is topic and s.task is task)
    return found


def number(statements, topic, name):
    return next(s.numbers[name] for s in statements if s.topic is topic and name in s.numbers)


@pytest.mark.parametrize(
    ("blood", "liver", "words", "aorta", "liver_verdict"),
    [
        (42, 55, "No contrast seen", Suits.UNFIT, Suits.LIMITED),
        (340, 62, "Arterial phase:", Suits.GOOD, Suits.LIMITED),
        (300, 110, "Arterial phase with an enhanced liver", Suits.GOOD, Suits.GOOD),
        (150, 112, "Portal venous phase", Suits.LIMITED, Suits.GOOD),
        (120, 62, "Weak or late contrast", Suits.LIMITED, Suits.UNKNOWN),
    ],
)
def test_the_phase_is_told_from_vessel_and_liver(blood, liver, words, aorta, liver_verdict):
    found = judged(blood_hu=blood, liver_hu=liver)
    assert sentence(found, Topic.CONTRAST, Task.AORTA).startswith(words)
    assert verdicts(found, Topic.CONTRAST)[Task.AORTA] is aorta
    assert verdicts(found, Topic.CONTRAST)[Task.LIVER] is liver_verdict
    if blood > 100:
        assert number(found, Topic.CONTRAST, "vessel_hu") == pytest.approx(blood, abs=6)
        assert number(found, Topic.CONTRAST, "liver_hu") == pytest.approx(liver, abs=3)


def test_an_enhanced_liver_without_a_vessel_is_left_unjudged():
    found = judged(blood_hu=50, liver_hu=115)
    assert "cannot be judged" in sentence(found, Topic.CONTRAST, Task.AORTA)
    assert set(verdicts(found, Topic.CONTRAST).values()) == {Suits.UNKNOWN}


@pytest.mark.parametrize("noise", [5.0, 25.0])
def test_noise_is_measured_as_it_is(noise):
    found = judged(blood_hu=340, noise_hu=noise)
    assert number(found, Topic.NOISE, "noise_hu") == pytest.approx(noise, rel=0.1)
    expected = Suits.GOOD if noise < 15 else Suits.LIMITED
    assert verdicts(found, Topic.NOISE)[Task.LIVER] is expected


@pytest.mark.parametrize(
    ("slice_mm", "aorta", "annulus", "liver", "lung"),
    [
        (1.0, Suits.GOOD, Suits.GOOD, Suits.GOOD, Suits.GOOD),
        (3.0, Suits.LIMITED, Suits.UNFIT, Suits.GOOD, Suits.LIMITED),
        (5.0, Suits.UNFIT, Suits.UNFIT, Suits.LIMITED, Suits.LIMITED),
    ],
)
def test_slices_limit_what_can_be_known(slice_mm, aorta, annulus, liver, lung):
    grid = VoxelGrid((12, 40, 40), np.diag([slice_mm, 0.8, 0.8, 1.0])[[2, 1, 0, 3]])
    found = suitability(Volume("ct", np.full(grid.shape, 40, np.int16), grid))
    told = verdicts(found, Topic.RESOLUTION)
    assert [told[t] for t in (Task.AORTA, Task.ANNULUS, Task.LIVER, Task.LUNG)] == [
        aorta, annulus, liver, lung
    ]  # fmt: skip
    said = sentence(found, Topic.RESOLUTION, Task.AORTA)
    assert said.startswith(
        f"{slice_mm:g} mm slices: aortic neck length known to about {slice_mm:g} mm"
    )
    assert all(one.source for one in found if one.topic is Topic.RESOLUTION)


def test_what_lies_between_first_and_last_slice_is_told_from_the_lungs():
    whole = trunk(blood_hu=340)
    told = verdicts(judged(blood_hu=340), Topic.COVERAGE)
    assert told[Task.LIVER] is Suits.GOOD
    assert told[Task.ANNULUS] is Suits.GOOD
    assert told[Task.LUNG] is Suits.LIMITED  # the apex is cut
    low = replace(
        whole,
        values=whole.values[:40].copy(),
        grid=whole.grid.cropped((0, 0, 0), (40, *SHAPE[1:])),
    )
    told = verdicts(suitability(low), Topic.COVERAGE)
    assert told[Task.LUNG] is told[Task.ANNULUS] is Suits.UNFIT
    assert told[Task.AORTA] is Suits.UNKNOWN


def test_metal_is_found_and_bone_is_not_taken_for_it():
    assert verdicts(judged(blood_hu=340), Topic.METAL) == {None: Suits.GOOD}
    found = judged(blood_hu=340, metal=True)
    assert verdicts(found, Topic.METAL) == {None: Suits.LIMITED}
    ml = 4 / 3 * np.pi * 6 * 6 * 25 / 1000
    assert number(found, Topic.METAL, "metal_ml") == pytest.approx(ml, rel=0.4)
    assert number(found, Topic.METAL, "metal_slices") == pytest.approx(12, abs=2)


def test_metal_in_every_slice_is_found_though_none_is_left_to_compare_with():
    whole = trunk(blood_hu=340)
    values = whole.values.copy()
    values[:, 60:64, 60:64] = 3000
    found = suitability(replace(whole, values=values))
    assert number(found, Topic.METAL, "metal_slices") == len(values)


def test_a_body_that_runs_out_of_the_picture_is_told():
    whole = trunk(blood_hu=340)
    assert verdicts(judged(blood_hu=340), Topic.FIELD) == {None: Suits.GOOD}
    low, high = (0, 20, 24), (SHAPE[0], 82, 118)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    narrow = replace(whole, values=whole.values[box].copy(), grid=whole.grid.cropped(low, high))
    found = suitability(narrow)
    assert verdicts(found, Topic.FIELD) == {None: Suits.LIMITED}
    assert number(found, Topic.FIELD, "cut_fraction") > 0.9
    assert sentence(found, Topic.CONTRAST, Task.AORTA).startswith("Arterial phase")


def test_the_same_body_scanned_in_coronal_slices_is_judged_alike():
    axial = trunk(blood_hu=340)
    affine = axial.grid.affine[:, [1, 0, 2, 3]] * [1, 1, -1, 1]
    affine[:3, 3] += axial.grid.affine[:3, 2] * (SHAPE[2] - 1)
    values = np.ascontiguousarray(axial.values.transpose(1, 0, 2)[:, :, ::-1])
    coronal = Volume("ct", values, VoxelGrid(values.shape, affine))
    assert np.linalg.det(affine[:3, :3]) < 0
    assert suitability(coronal) == judged(blood_hu=340)


def test_of_other_scans_only_spacing_and_extent_are_told():
    grid = VoxelGrid((10, 20, 30), np.diag([3.0, 1.0, 1.0, 1.0])[[2, 1, 0, 3]])
    scan = Volume("mr", np.ones(grid.shape, np.int16), grid, "1", "MR", Source(modality="MR"))
    found = suitability(scan)
    assert {one.topic for one in found} == {Topic.RESOLUTION, Topic.COVERAGE, Topic.UNIT}
    assert all(one.verdict is Suits.UNKNOWN for one in found)
    assert "3 mm slices" in found[0].sentence
    assert by_task(found) == {}


def test_missing_slices_are_part_of_the_judgement():
    scan = trunk(blood_hu=340)
    gapped = replace(scan, source=Source(interpolated_k=((30, 33),)))
    said = [one.sentence for one in suitability(gapped)]
    assert "3 slices are missing and were interpolated; nothing is measured there." in said


def test_the_summary_gives_the_worst_verdict_for_each_use_and_why():
    rows = {title: (verdict, why) for title, verdict, why in summary(suitability(
        trunk(blood_hu=42, noise_hu=8.0)
    ))}  # fmt: skip
    assert rows["Aortic sizing"][0] is Suits.UNFIT
    assert "No contrast seen" in rows["Aortic sizing"][1]
    assert rows["Liver volumetry"][0] is Suits.LIMITED
    assert "Metal" not in rows  # none, so nothing to read


def phase_of(found):
    return sentence(found, Topic.CONTRAST, Task.AORTA).split(":")[0]


def test_a_dissected_aorta_with_a_stent_graft_is_arterial_with_metal(shared_data):
    models = shared_data / "cta-aorta-dissection-totalseg/aorta_report/test_result/models"
    found = suitability(io.load_volume_file(models / "ct_cropped.nii.gz")[0])
    assert phase_of(found) == "Arterial phase"
    assert number(found, Topic.CONTRAST, "vessel_hu") == pytest.approx(487, abs=20)
    assert verdicts(found, Topic.METAL) == {None: Suits.LIMITED}
    assert verdicts(found, Topic.RESOLUTION)[Task.AORTA] is Suits.GOOD


def test_a_scan_without_contrast_but_with_a_hip_nail_is_told_as_such(shared_data):
    file = shared_data / "ct-abdopelvis-multiorgan-totalseg/example_ct.nii.gz"
    found = suitability(io.load_volume_file(file)[0])
    assert phase_of(found) == "No contrast seen"
    assert "streaks" in sentence(found, Topic.METAL)
    assert "neck length known to about 3 mm" in sentence(found, Topic.RESOLUTION, Task.AORTA)
    assert by_task(found)[Task.AORTA][0] is Suits.UNFIT


def test_a_slab_of_the_upper_abdomen_is_portal_and_too_short(shared_data):
    series = io.scan([shared_data / "ct-abdomen-dicom-totalseg"]).series[0]
    found = suitability(io.load_series(series)[0])
    assert phase_of(found) == "Portal venous phase"
    assert number(found, Topic.CONTRAST, "liver_hu") == pytest.approx(89, abs=5)
    assert verdicts(found, Topic.COVERAGE)[Task.AORTA] is Suits.UNFIT


@pytest.mark.slow
def test_a_low_dose_torso_without_contrast_is_told_as_such(shared_data):
    series = io.scan([shared_data / "ct-torso-dicom-acrin042" / "ct"]).series[0]
    found = suitability(io.load_series(series)[0])
    assert phase_of(found) == "No contrast seen"
    assert number(found, Topic.NOISE, "noise_hu") > 15
    assert verdicts(found, Topic.COVERAGE)[Task.LUNG] is Suits.GOOD
    assert verdicts(found, Topic.COVERAGE)[Task.AORTA] is Suits.LIMITED


@pytest.mark.slow
def test_a_head_is_not_taken_for_a_trunk(shared_data):
    (series,) = io.scan([shared_data / "dicom-edge/gantry-tilt-varying-gaps-GE"]).series
    kinds = [problem.kind for problem in series.problems]
    found = suitability(io.load_series(series, accept=kinds)[0])
    assert "does not look like a trunk" in sentence(found, Topic.COVERAGE, Task.AORTA)
    assert set(verdicts(found, Topic.CONTRAST).values()) == {Suits.UNKNOWN}
