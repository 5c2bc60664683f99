"""The spine and the bones of a painted trunk, and of real scans."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from surgiplan.errors import SegmentationError
from surgiplan.imaging import METHODS
from surgiplan.imaging.organs import survey_of
from surgiplan.jobs_report import silent
from surgiplan.model import Volume, VoxelGrid

from .skeletons import painted


@pytest.fixture(scope="module")
def patient():
    return painted()


def bones(scan, **settings):
    """Masks on the whole scan by part, their union as ``bone``, and the segments."""
    method = METHODS["bone"]
    made = method().run(scan, np.zeros((0, 3)), method.Settings(**settings), silent)
    masks = {"bone": np.zeros(scan.grid.shape, bool)}
    for one in made:
        masks[one.id] = np.zeros(scan.grid.shape, bool)
        masks[one.id][one.grid.box_in(scan.grid)] = one.mask
        masks["bone"] |= masks[one.id]
    return masks, made


def dice(a, b):
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def slab(scan, low, high):
    grid = scan.grid.cropped((low, 0, 0), (high, *scan.grid.shape[1:]))
    return Volume("ct", scan.values[low:high], grid)


def test_spinal_canal_is_followed_from_the_sacrum_to_the_neck(patient):
    survey = survey_of(patient[0])
    spine = survey.spine
    index = np.column_stack([np.arange(len(spine.seen)), spine.canal_ji])
    x, y, z = survey.grid.to_lps(index)[spine.seen].T
    assert z.min() < -75
    assert z.max() > 180
    assert np.abs(x).max() < 3
    assert np.median(np.abs(y - 52)) < 2
    assert np.abs(y - 52).max() < 12


def test_no_spine_is_seen_in_a_body_without_one(patient):
    scan, _ = patient
    flesh = Volume("ct", np.minimum(scan.values, 60), scan.grid)
    assert survey_of(flesh).spine is None


@pytest.mark.parametrize("aorta_hu", [45.0, 320.0])
def test_each_bone_is_found_and_no_contrast(aorta_hu):
    scan, truth = painted(aorta_hu=aorta_hu)
    found, made = bones(scan)
    assert set(found) == {*truth, "bone"}
    for part, mask in truth.items():
        assert dice(found[part], mask) > 0.93, part
    whole = np.any(list(truth.values()), axis=0)
    assert dice(found["bone"], whole) > 0.97
    assert np.count_nonzero(found["bone"]) == pytest.approx(np.count_nonzero(whole), rel=0.03)
    x, y, _ = scan.grid.to_lps(np.argwhere(found["bone"])).T
    assert not np.any((x - 12) ** 2 + (y + 8) ** 2 < 9**2)
    assert all(one.confidence > (0.65 if one.id == "sternum" else 0.8) for one in made)


def test_thigh_bones_end_at_their_joint_space(patient):
    scan, truth = patient
    found, _ = bones(slab(scan, 0, 45))
    assert dice(found["long_bones"], truth["long_bones"][:45]) > 0.95
    stray = np.count_nonzero(found["pelvis"] & truth["long_bones"][:45])
    assert stray < 0.005 * np.count_nonzero(truth["long_bones"][:45])


def test_chest_alone_has_ribs_and_spine_and_no_pelvis(patient):
    scan, truth = patient
    found, _ = bones(slab(scan, 75, 130))
    assert set(found) == {"bone", "spine", "ribs", "sternum"}
    assert dice(found["ribs"], truth["ribs"][75:]) > 0.93


def test_thin_slab_of_the_waist_is_spine(patient):
    scan, truth = patient
    found, _ = bones(slab(scan, 48, 62))
    assert dice(found["spine"], truth["spine"][48:62]) > 0.9


def test_scan_without_bone_has_none(patient):
    scan, _ = patient
    with pytest.raises(SegmentationError, match="no bone"):
        bones(Volume("ct", np.minimum(scan.values, 60), scan.grid))


def test_bones_without_a_spine_say_how_unsure_they_are(canvas):
    body = canvas(shape=(40, 80, 80), spacing=(3.0, 2.0, 2.0), background=-1000.0)
    body.paint(body.tube((0, 0, 0), (0, 0, 1), 60), 50)
    shaft = body.paint(body.tube((5, 0, 0), (0, 0, 1), 15), 1100)
    body.paint(body.tube((5, 0, 0), (0, 0, 1), 9), -60)
    scan = body.scanned()
    found, made = bones(scan)
    assert dice(found["bone"], shaft) > 0.95
    assert made[0].confidence <= 0.5
    assert "No spine" in made[0].remarks[0]


def test_bones_of_a_real_trunk_without_contrast(shared_data):
    folder = shared_data / "ct-abdopelvis-multiorgan-totalseg"
    image = sitk.ReadImage(str(folder / "example_ct.nii.gz"))
    labels = sitk.ReadImage(str(folder / "example_seg_fast_force_split.nii.gz"))
    affine = np.eye(4)
    directions = np.array(image.GetDirection()).reshape(3, 3)
    affine[:3, :3] = (directions * image.GetSpacing())[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    values = sitk.GetArrayFromImage(image).astype(np.int16)
    found, _ = bones(Volume("ct", values, VoxelGrid(values.shape, affine)))
    names = json.loads((folder / "labels_total.json").read_text())
    array = sitk.GetArrayFromImage(labels)

    def truth(*starts):
        return np.isin(array, [int(n) for n, name in names.items() if name.startswith(starts)])

    spine, pelvis = truth("vertebrae", "sacrum"), truth("hip_")
    everything = spine | pelvis | truth("rib_", "femur")
    assert dice(found["bone"], everything) > 0.88
    assert dice(found["spine"], spine) > 0.8
    assert dice(found["pelvis"], pelvis) > 0.8
