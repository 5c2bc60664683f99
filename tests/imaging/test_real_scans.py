"""Real scans: a torso without contrast, and a dissected aorta with a stent graft in it."""

import numpy as np
import pytest
import SimpleITK as sitk

from surgiplan.imaging import METHODS
from surgiplan.jobs_report import silent
from surgiplan.model import Volume, VoxelGrid


def volume_of(image):
    affine = np.eye(4)
    directions = np.array(image.GetDirection()).reshape(3, 3)
    affine[:3, :3] = (directions * image.GetSpacing())[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    values = sitk.GetArrayFromImage(image).astype(np.int16)
    return Volume(id="ct", values=values, grid=VoxelGrid(shape=values.shape, affine=affine))


def run(name, scan, seeds=(), **settings):
    method = METHODS[name]
    (segment,) = method().run(
        scan, np.asarray(seeds, float).reshape(-1, 3), method.Settings(**settings), silent
    )
    return segment


@pytest.fixture(scope="module")
def torso(shared_data):
    reader = sitk.ImageSeriesReader()
    folder = str(shared_data / "ct-torso-dicom-acrin042" / "ct")
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
    return volume_of(reader.Execute())


def test_liver_without_contrast_is_found_from_any_of_three_seeds(torso):
    volumes = [
        run("liver", torso, [seed]).volume_ml
        for seed in [(-74, -105, -245.7), (-110, -80, -260), (-60, -130, -230)]
    ]
    assert min(volumes) > 1300
    assert max(volumes) < 1750
    assert max(volumes) / min(volumes) < 1.05


@pytest.fixture(scope="module")
def dissection(shared_data):
    folder = shared_data / "cta-aorta-dissection-totalseg" / "aorta_report/test_result/models"

    def mask(name):
        return sitk.GetArrayFromImage(sitk.ReadImage(str(folder / f"{name}.nii.gz"))) > 0

    scan = volume_of(sitk.ReadImage(str(folder / "ct_cropped.nii.gz")))
    return scan, mask("aorta_true_lumen"), mask("aorta_false_lumen")


def test_true_lumen_of_a_dissection_is_kept_from_the_false_one(dissection):
    scan, true_lumen, false_lumen = dissection
    seeds = [(15.3, -128.2, 630.2), (18.3, -120.7, 720.2)]
    vessel = run("vessel", scan, seeds, reach_mm=10.0)
    found = np.zeros(scan.grid.shape, bool)
    found[vessel.grid.box_in(scan.grid)] = vessel.mask
    between = np.zeros_like(found)
    between[60:121, 60:] = True  # the descending aorta between the two seeds
    truth = true_lumen & between
    overlap = (
        2
        * np.count_nonzero(found & truth)
        / (np.count_nonzero(found & between) + np.count_nonzero(truth))
    )
    assert overlap > 0.88
    assert np.count_nonzero(found & false_lumen) < 0.02 * vessel.voxels
