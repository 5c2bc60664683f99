"""Body, skin, lungs and airways of painted chests and of a real one."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from surgiplan.errors import SegmentationError
from surgiplan.imaging import METHODS
from surgiplan.imaging.morphology import labelled
from surgiplan.jobs_report import silent
from surgiplan.model import Volume, VoxelGrid


class Chest:
    """A chest in the making, z from the liver to the neck: lungs, heart, spine and windpipe."""

    def __init__(self, canvas, spacing=(4.0, 2.0, 2.0)):
        shape = tuple(int(size / step) for size, step in zip((300, 230, 330), spacing, strict=True))
        self.body = body = canvas(shape=shape, spacing=spacing, background=-1000.0)
        x, y, self.z = np.moveaxis(body.x, -1, 0)
        self.trunk = body.paint((x / 145) ** 2 + (y / 95) ** 2 < 1, -90)
        body.paint((x / 138) ** 2 + (y / 88) ** 2 < 1, 45)
        self.left = body.ellipsoid((66, 0, -10), (52, 68, 125)) & (self.z > -90)
        self.right = body.ellipsoid((-66, 0, -10), (52, 68, 125)) & (self.z > -70)
        body.paint(self.left | self.right, -850)
        body.paint(body.ellipsoid((15, -20, -60), (50, 45, 45)), 45)
        for side in (self.left, self.right):
            side &= ~body.ellipsoid((15, -20, -60), (50, 45, 45))
        body.paint(body.tube((0, 60, 0), (0, 0, 1), 18), 400)
        self.pipe = body.tube((0, 5, 0), (0, 0, 1), 9) & (self.z > 20)
        for end in (-60, 60):
            branch = body.tube((0, 5, 24), (end, 0, -40), 6) & (np.abs(x) < abs(end))
            self.pipe |= branch & (x * end > 0) & (self.z < 26)
        body.paint(self._around(self.pipe, 2.0), 30)
        body.paint(self.pipe, -1000)
        for side in (self.left, self.right):
            side &= ~self.pipe

    def _around(self, mask, mm):
        from surgiplan.imaging.morphology import dilated

        return dilated(mask, mm, self.body.grid.spacing_mm)

    def table(self):
        y = self.body.x[..., 1]
        self.body.paint((np.abs(y - 104) < 3) & ~self.trunk, 150)
        return self

    def scanned(self, **how):
        return self.body.scanned(**how)


@pytest.fixture
def chest(canvas):
    return Chest(canvas)


def run(name, scan, **settings):
    method = METHODS[name]
    made = method().run(scan, np.zeros((0, 3)), method.Settings(**settings), silent)
    return {one.id: one for one in made}


def cut(scan, low, high):
    """The scan from voxel ``low`` to ``high``."""
    place = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    return replace(
        scan, values=np.ascontiguousarray(scan.values[place]), grid=scan.grid.cropped(low, high)
    )


def test_body_is_one_solid_without_table_and_without_holes(chest, dice, placed):
    scan = chest.table().scanned()
    body = run("body", scan)["body"]
    assert dice(body, chest.trunk, scan.grid) > 0.99
    whole = placed(body, scan.grid)
    assert len(labelled(whole)[1]) == 2
    assert len(labelled(~np.pad(whole, ((0, 0), (1, 1), (1, 1))))[1]) == 2


def test_skin_is_the_layer_of_the_body_as_thick_as_asked_for(chest, placed):
    found = run("body", chest.scanned(), skin_mm=4.0)
    scan = chest.body.grid
    skin, body = placed(found["skin"], scan), placed(found["body"], scan)
    assert not (skin & ~body).any()
    perimeter_mm = np.pi * (3 * (145 + 95) - np.sqrt((3 * 145 + 95) * (145 + 3 * 95)))
    expected_ml = 4.0 * perimeter_mm * scan.shape[0] * scan.spacing_mm[0] / 1000
    assert found["skin"].volume_ml == pytest.approx(expected_ml, rel=0.1)


def test_air_between_arm_and_trunk_is_outside_though_the_slice_closes_around_it(chest, placed):
    body, (x, y, z) = chest.body, np.moveaxis(chest.body.x, -1, 0)
    waist = (x < -108) & (np.abs(z) < 90)
    body.paint(waist, -1000)
    arm = body.paint(body.tube((-148, 0, 0), (0, 0, 1), 12), 40)
    touching = waist & ~arm & (np.abs(np.abs(y) - 30) < 8) & (np.abs(z) < 40) & (x > -150)
    body.paint(touching, 40)
    window = waist & (x > -132) & (np.abs(y) < 18) & (np.abs(z) < 40)
    found = placed(run("body", body.scanned())["body"], body.grid)
    assert found[window].mean() < 0.05
    assert found[arm & (np.abs(z) < 40)].mean() > 0.9


def test_lungs_and_airways_have_their_place_and_size(chest, dice):
    scan = chest.table().scanned()
    found = run("lungs", scan)
    assert dice(found["lung_left"], chest.left, scan.grid) > 0.97
    assert dice(found["lung_right"], chest.right, scan.grid) > 0.97
    assert dice(found["airways"], chest.pipe, scan.grid) > 0.9
    assert found["lung_left"].centroid_lps[0] > found["lung_right"].centroid_lps[0]
    assert found["lung_left"].confidence > 0.8


def test_left_stays_left_when_the_file_runs_the_other_way(chest):
    scan = chest.scanned()
    affine = scan.grid.affine.copy()
    affine[:3, 3] += affine[:3, 2] * (scan.grid.shape[2] - 1)
    affine[:3, 2] *= -1
    grid = VoxelGrid(scan.grid.shape, affine, scan.grid.frame_uid)
    mirrored = Volume("ct", np.ascontiguousarray(scan.values[:, :, ::-1]), grid)
    straight, other = run("lungs", scan), run("lungs", mirrored)
    for name in ("lung_left", "lung_right"):
        np.testing.assert_allclose(straight[name].centroid_lps, other[name].centroid_lps, atol=0.1)


def test_lungs_that_touch_in_front_and_behind_are_parted_where_they_touch(chest, dice):
    body, x = chest.body, chest.body.x[..., 0]
    joined = body.ellipsoid((5, -55, 10), (30, 12, 50)) | body.ellipsoid((-6, 32, -20), (30, 9, 40))
    body.paint(joined & ~chest.pipe, -850)
    body.paint(joined & (np.abs(x - 2) < 1.5), -500)
    left, right = chest.left | (joined & (x > 2)), chest.right | (joined & (x < 2))
    scan = body.scanned()
    found = run("lungs", scan)
    assert dice(found["lung_left"], left & ~chest.pipe, scan.grid) > 0.96
    assert dice(found["lung_right"], right & ~chest.pipe, scan.grid) > 0.96


def test_vessels_in_the_lung_are_lung(chest, dice):
    body = chest.body
    for z in (-40, 0, 40):
        body.paint(body.tube((66, 0, z), (1, 0.6, 0.1), 4) & chest.left, 40)
    scan = body.scanned()
    assert dice(run("lungs", scan)["lung_left"], chest.left, scan.grid) > 0.97


def test_effusion_is_no_lung_and_is_told(chest, dice):
    body = chest.body
    fluid = chest.right & (body.x[..., 1] > -20)
    body.paint(fluid, 10)
    scan = body.scanned()
    found = run("lungs", scan)
    assert dice(found["lung_right"], chest.right & ~fluid, scan.grid) > 0.93
    assert any("effusion" in remark for remark in found["lung_right"].remarks)
    assert found["lung_right"].confidence < 0.8


def test_bases_of_the_lungs_are_found_and_said_to_be_cut(chest, dice):
    scan = chest.scanned()
    slices, rows, columns = scan.grid.shape
    low = cut(scan, (0, 0, 0), (slices // 3, rows, columns))
    found = run("lungs", low)
    assert set(found) == {"lung_left", "lung_right"}
    assert dice(found["lung_left"], chest.left[: slices // 3], low.grid) > 0.95
    remarks = " ".join(found["lung_left"].remarks)
    assert "top of the scan" in remarks
    assert "windpipe" in remarks


def test_tips_of_the_lungs_in_a_scan_of_the_neck_are_lungs(chest, dice):
    scan = chest.scanned()
    slices, rows, columns = scan.grid.shape
    high = cut(scan, (slices * 2 // 3, 0, 0), (slices, rows, columns))
    found = run("lungs", high)
    assert dice(found["lung_left"], chest.left[slices * 2 // 3 :], high.grid) > 0.95
    assert dice(found["lung_right"], chest.right[slices * 2 // 3 :], high.grid) > 0.95


def test_lungs_beyond_the_sides_of_the_scan_are_still_lungs(chest, dice):
    scan = chest.scanned()
    slices, rows, columns = scan.grid.shape
    narrow = cut(scan, (0, 20, 40), (slices, rows - 20, columns - 40))
    found = run("lungs", narrow)
    left = chest.left[:, 20 : rows - 20, 40 : columns - 40]
    assert dice(found["lung_left"], left, narrow.grid) > 0.95
    assert "sides" in " ".join(found["lung_left"].remarks)


def test_belly_full_of_gas_and_stool_has_no_lungs(canvas):
    belly = canvas(shape=(50, 90, 130), spacing=(4.0, 2.5, 2.5), background=-1000.0)
    belly.paint(belly.ellipsoid((0, 0, 0), (140, 95, np.inf)), 40)
    belly.paint(belly.tube((0, 60, 0), (0, 0, 1), 18), 400)
    belly.paint(belly.ellipsoid((60, -30, 20), (40, 30, 70)), -1000)
    stool = belly.ellipsoid((-75, -10, 40), (30, 30, 70))
    belly.paint(stool, np.random.default_rng(1).uniform(-1000, 60, stool.sum()))
    with pytest.raises(SegmentationError, match="lung"):
        run("lungs", belly.scanned())


def volume_of(image):
    affine = np.eye(4)
    directions = np.array(image.GetDirection()).reshape(3, 3)
    affine[:3, :3] = (directions * image.GetSpacing())[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    values = sitk.GetArrayFromImage(image).astype(np.int16)
    return Volume("ct", values, VoxelGrid(values.shape, affine))


def dissection(shared_data):
    folder = shared_data / "cta-aorta-dissection-totalseg"
    image = sitk.ReadImage(str(folder / "aorta_report/test_result/models" / "ct_cropped.nii.gz"))
    return image, sitk.ReadImage(str(folder / "pulmonary_report/models" / "heart.nii.gz"))


def test_real_body_ends_at_the_skin_and_not_at_the_table(shared_data, placed):
    folder = shared_data / "ct-abdopelvis-multiorgan-totalseg"
    scan = volume_of(sitk.ReadImage(str(folder / "example_ct.nii.gz")))
    body = placed(run("body", scan)["body"], scan.grid)
    assert len(labelled(body)[1]) == 2
    assert (scan.values[body] > -300).mean() > 0.97
    labels = sitk.ReadImage(str(folder / "example_seg_fast_force_split.nii.gz"))
    assert body[sitk.GetArrayFromImage(labels) > 0].mean() > 0.999


def test_real_heart_is_most_of_what_a_network_calls_heart_and_no_more_is_claimed(shared_data, dice):
    image, truth = dissection(shared_data)
    scan = volume_of(image)
    heart = run("heart", scan)["heart"]
    nearest = sitk.Resample(truth, image, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
    assert dice(heart, sitk.GetArrayFromImage(nearest) > 0, scan.grid) > 0.75
    assert heart.confidence <= 0.5


def test_real_lungs_are_whole_and_the_windpipe_branches(shared_data):
    found = run("lungs", volume_of(dissection(shared_data)[0]))
    assert 1350 < found["lung_left"].volume_ml < 1600
    assert 1150 < found["lung_right"].volume_ml < 1400
    tree = found["airways"]
    assert 35 < tree.volume_ml < 75
    # Below the carina there are airways on both sides of the windpipe.
    low = tree.mask[: len(tree.mask) // 3].any(axis=(0, 1))
    pipe = np.argwhere(tree.mask[-5:])[:, 2].mean()
    assert low[: int(pipe) - 10].any()
    assert low[int(pipe) + 10 :].any()


def with_heart(chest, blood_hu=45):
    """A heart in fat between the lungs, on the diaphragm, with blood of ``blood_hu`` in it."""
    body, z = chest.body, chest.z
    lungs = chest.left | chest.right | chest.pipe
    inside = body.ellipsoid((0, 0, -10), (115, 75, 140)) & ~body.tube((0, 60, 0), (0, 0, 1), 20)
    body.paint(inside & ~lungs & (z > -92), -100)
    heart = body.ellipsoid((12, -22, -55), (48, 42, 40)) & ~chest._around(chest.pipe, 3.0)
    body.paint(heart, 60)
    blood = body.paint(body.ellipsoid((12, -22, -55), (34, 28, 28)), blood_hu)
    body.paint(body.tube((25, 35, 0), (0, 0, 1), 11) & (z < 60), max(blood_hu, 45))
    body.paint(chest._around(chest.pipe, 2.0) & ~chest.pipe, 30)
    return heart, blood


def test_heart_lies_between_the_lungs_without_the_aorta_behind_it(chest, dice, placed):
    heart, _ = with_heart(chest)
    scan = chest.scanned()
    found = run("heart", scan)
    assert set(found) == {"heart"}, "without contrast nobody sees the blood"
    assert dice(found["heart"], heart, scan.grid) > 0.9
    assert not placed(found["heart"], scan.grid)[chest.body.x[..., 1] > 40].any()
    assert found["heart"].confidence <= 0.6


def test_contrast_shows_the_blood_in_the_heart(chest, dice):
    heart, blood = with_heart(chest, blood_hu=320)
    scan = chest.scanned()
    found = run("heart", scan)
    assert dice(found["heart"], heart, scan.grid) > 0.9
    assert dice(found["heart_blood_pool"], blood, scan.grid) > 0.9


def test_heart_is_given_up_where_the_windpipe_is_not_in_the_scan(chest):
    with_heart(chest)
    scan = chest.scanned()
    slices, rows, columns = scan.grid.shape
    with pytest.raises(SegmentationError, match="windpipe"):
        run("heart", cut(scan, (0, 0, 0), (slices // 2, rows, columns)))
