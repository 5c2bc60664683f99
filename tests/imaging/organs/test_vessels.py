"""Arteries and veins that are found without a click."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.ndimage import gaussian_filter

from surgiplan.errors import SegmentationError
from surgiplan.imaging import METHODS
from surgiplan.imaging.crop import cropped_segment
from surgiplan.imaging.organs import survey_of
from surgiplan.imaging.organs.liver_veins import LiverVeins
from surgiplan.jobs_report import silent
from surgiplan.model import Volume, VoxelGrid
from tests.imaging.trunk import trunk

NO_SEEDS = np.zeros((0, 3))
STEPS_MM = (3.0, 1.5, 1.5)
SHAPE = (60, 90, 110)


def found_in(volume, method="aorta"):
    """Segments of a method by id."""
    made = METHODS[method]().run(volume, NO_SEEDS, METHODS[method].Settings(), silent)
    return {one.id: one for one in made}


def dice(segment, truth):
    full = np.zeros(truth.shape, bool)
    full[segment.grid.box_in(truth_grid(truth.shape))] = segment.mask
    return 2 * np.count_nonzero(full & truth) / (full.sum() + truth.sum())


def truth_grid(shape, steps_mm=STEPS_MM):
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, ::-1] * steps_mm
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return VoxelGrid(shape, affine)


@cache
def belly(blood_hu=250.0, cava_hu=60.0, *, has_sac=False):
    """Spine, vena cava, and an aorta that parts 60 mm above the lower end; truth by name."""
    z, y, x = (
        (n - (count - 1) / 2) * step
        for n, count, step in zip(np.ogrid[tuple(map(slice, SHAPE))], SHAPE, STEPS_MM, strict=True)
    )
    values = np.full(SHAPE, -1000.0, np.float32)
    truth = {}

    def tube(name, hu, cx, cy, radius, where):
        inside = np.broadcast_to((np.hypot(x - cx, y - cy) < radius) & where, SHAPE)
        values[inside] = hu
        truth[name] = inside

    values[np.broadcast_to((x / 80) ** 2 + (y / 62) ** 2 < 1, SHAPE)] = 40
    values[np.broadcast_to((x / 70) ** 2 + (y / 52) ** 2 < 1, SHAPE)] = -100
    tube("cortex", 500, 0, 32, 18, z < 1000)
    tube("marrow", 150, 0, 32, 15, z < 1000)
    tube("cava", cava_hu, -20, -2, 9, z < 1000)
    upper = z > -30
    if has_sac:
        tube("sac", 45, 12, -7, 18.5, (z > 10) & (z < 60))
        tube("aorta_thrombus", 40, 12, -7, 17, (z > 10) & (z < 60))
    tube("wall", 45, 8, -2, 11.5, upper)
    spread = 6 + 0.45 * np.clip(-30 - z, 0, None)
    for side, sign in (("left", 1), ("right", -1)):
        tube(f"wall {side}", 45, 8 + sign * spread, -4, 6.8, ~upper)
    for side, sign in (("left", 1), ("right", -1)):
        tube(f"iliac_artery_{side}", blood_hu, 8 + sign * spread, -4, 5.3, ~upper)
    tube("aorta_lumen", blood_hu, 8, -2, 10, upper)
    if has_sac:
        tube("aorta_calcium", 800, 27, -7, 1.8, (z > 25) & (z < 40))
        truth["aorta_thrombus"] = truth["aorta_thrombus"] & (np.hypot(x - 8, y + 2) > 11.5)
        truth["aorta_thrombus"] = truth["aorta_thrombus"] & ~truth["aorta_calcium"]
    values = gaussian_filter(values, [0.6 / step for step in STEPS_MM])
    values += 10 * np.random.default_rng(1).standard_normal(SHAPE, np.float32)
    return Volume("ct", np.rint(values).astype(np.int16), truth_grid(SHAPE)), truth


@pytest.mark.parametrize(("blood_hu", "cava_hu"), [(300.0, 60.0), (150.0, 150.0)])
def test_the_aorta_is_found_and_parts_into_its_iliac_arteries(blood_hu, cava_hu):
    volume, truth = belly(blood_hu, cava_hu)
    found = found_in(volume)
    assert dice(found["aorta_lumen"], truth["aorta_lumen"]) > 0.95
    for side in ("left", "right"):
        assert dice(found[f"iliac_artery_{side}"], truth[f"iliac_artery_{side}"]) > 0.85
    assert found["iliac_artery_left"].centroid_lps[0] > found["iliac_artery_right"].centroid_lps[0]


def test_an_aneurysm_shows_its_thrombus_and_the_calcium_in_its_wall():
    volume, truth = belly(300.0, has_sac=True)
    found = found_in(volume)
    assert dice(found["aorta_lumen"], truth["aorta_lumen"]) > 0.95
    assert dice(found["aorta_thrombus"], truth["aorta_thrombus"]) > 0.85
    assert dice(found["aorta_calcium"], truth["aorta_calcium"]) > 0.7
    shared = found["aorta_thrombus"].grid.box_in(volume.grid)
    lumen = np.zeros(volume.values.shape, bool)
    lumen[found["aorta_lumen"].grid.box_in(volume.grid)] = found["aorta_lumen"].mask
    assert not (lumen[shared] & found["aorta_thrombus"].mask).any()


def test_a_healthy_aorta_has_neither_thrombus_nor_calcium():
    found = found_in(belly(300.0, 60.0)[0])
    assert not {"aorta_thrombus", "aorta_calcium"} & set(found)


def test_the_aorta_runs_through_a_trunk_that_ends_above_its_fork():
    found = found_in(trunk(blood_hu=250.0))
    assert set(found) == {"aorta_lumen"}
    assert found["aorta_lumen"].volume_ml == pytest.approx(np.pi * 1.1**2 * 42, rel=0.05)
    assert found["aorta_lumen"].confidence > 0.8


def test_without_contrast_it_says_that_nothing_was_found():
    with pytest.raises(SegmentationError, match="contrast"):
        found_in(trunk(blood_hu=45.0))


class _LiverScan:
    """A survey of a painted upper belly, of which the liver is known already."""

    def __init__(self, volume, liver):
        self._survey = survey_of(volume)
        self._liver = liver

    def __getattr__(self, name):
        return getattr(self._survey, name)

    def organ(self, name):
        return self._liver if name == "liver" else None


def upper_belly(vein_hu):
    """A liver with a hepatic vein to the vena cava and a portal vein from below; truth by name."""
    shape = (56, 110, 130)
    grid = truth_grid(shape, (3.0, 2.0, 2.0))
    z, y, x = np.meshgrid(
        *[(np.arange(n) - (n - 1) / 2) * step for n, step in zip(shape, (3, 2, 2), strict=True)],
        indexing="ij",
    )
    values = np.full(shape, -1000.0, np.float32)
    values[(x / 125) ** 2 + (y / 100) ** 2 < 1] = -100
    # A spine with its canal.
    values[np.hypot(x, y - 40) < 19] = 500
    values[np.hypot(x, y - 40) < 15] = 160
    values[(np.hypot(x, y - 66) < 14)] = 500
    values[(np.hypot(x, y - 66) < 9)] = 30
    liver = ((x + 45) / 62) ** 2 + ((y + 20) / 60) ** 2 + ((z - 15) / 60) ** 2 < 1
    cava = np.hypot(x + 22, y - 12) < 10
    liver &= ~(np.hypot(x + 22, y - 12) < 12)
    values[liver] = 110
    truth = {}

    def vein(name, points, radius):
        steps = [np.linspace(a, b, 60) for a, b in pairwise(points)]
        tube = np.zeros(shape, bool)
        for px, py, pz in np.concatenate(steps):
            tube |= (x - px) ** 2 + (y - py) ** 2 + (z - pz) ** 2 < radius**2
        truth[name] = truth.get(name, np.zeros(shape, bool)) | tube

    vein("hepatic_veins", [(-22, 0, 52), (-55, -25, 42), (-80, -35, 15)], 4.5)
    vein("portal_vein", [(5, -32, -60), (-35, -22, 0), (-70, -5, 0)], 6.0)
    truth["hepatic_veins"] &= liver
    for tube in truth.values():
        values[tube] = vein_hu
    values[cava] = vein_hu
    values = gaussian_filter(values, [0.3, 0.4, 0.4])
    values += 8 * np.random.default_rng(2).standard_normal(shape, np.float32)
    volume = Volume("ct", np.rint(values).astype(np.int16), grid)
    segment = cropped_segment(liver | (truth["hepatic_veins"] & liver), grid, segment_id="liver")
    return _LiverScan(volume, segment), truth


def test_portal_and_hepatic_veins_are_told_apart_by_the_trunk_they_lead_to():
    survey, truth = upper_belly(vein_hu=170.0)
    found = {one.id: one for one in LiverVeins().on(survey, LiverVeins.Settings(), silent)}
    for name, other in (("portal_vein", "hepatic_veins"), ("hepatic_veins", "portal_vein")):
        full = np.zeros(truth[name].shape, bool)
        full[found[name].grid.box_in(survey.scan.grid)] = found[name].mask
        assert 2 * np.count_nonzero(full & truth[name]) / (full.sum() + truth[name].sum()) > 0.8
        assert np.count_nonzero(full & truth[other]) < 0.03 * full.sum()


def test_veins_that_are_not_brighter_than_the_liver_are_not_guessed():
    survey, _ = upper_belly(vein_hu=108.0)
    with pytest.raises(SegmentationError, match="portal phase"):
        LiverVeins().on(survey, LiverVeins.Settings(), silent)


def volume_of(image):
    affine = np.eye(4)
    directions = np.array(image.GetDirection()).reshape(3, 3)
    affine[:3, :3] = (directions * image.GetSpacing())[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    values = sitk.GetArrayFromImage(image).astype(np.int16)
    return Volume("ct", values, VoxelGrid(values.shape, affine))


def overlap(segment, grid, truth):
    full = np.zeros(truth.shape, bool)
    full[segment.grid.box_in(grid)] = segment.mask
    return 2 * np.count_nonzero(full & truth) / (full.sum() + truth.sum())


def test_aorta_of_a_real_slab_with_contrast(shared_data):
    folder = shared_data / "ct-abdomen-dicom-totalseg"
    reader = sitk.ImageSeriesReader()
    names = reader.GetGDCMSeriesFileNames(str(folder / "example_ct_dicom"))
    reader.SetFileNames(names)
    image = reader.Execute()
    labels = sitk.ReadImage(str(folder / "example_seg_dicom.nii.gz"))
    labels = sitk.Resample(labels, image, sitk.Transform(), sitk.sitkNearestNeighbor)
    volume = volume_of(image)
    found = found_in(volume)
    assert overlap(found["aorta_lumen"], volume.grid, sitk.GetArrayFromImage(labels) == 52) > 0.8


def test_a_real_dissection_is_not_claimed_to_be_found_whole(shared_data):
    folder = shared_data / "cta-aorta-dissection-totalseg" / "aorta_report/test_result/models"
    volume = volume_of(sitk.ReadImage(str(folder / "ct_cropped.nii.gz")))
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "aorta.nii.gz"))) > 0
    found = found_in(volume)
    lumen = found["aorta_lumen"]
    assert lumen.confidence < 0.5 or overlap(lumen, volume.grid, truth) > 0.75
    assert any("dissected" in remark for remark in lumen.remarks)
    assert not {"iliac_artery_left", "iliac_artery_right"} & set(found)
