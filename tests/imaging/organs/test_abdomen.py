"""Liver, spleen and kidneys without a click: with and without contrast, cut, missing, real."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from surgiplan.errors import SegmentationError
from surgiplan.imaging import METHODS
from surgiplan.jobs_report import silent
from surgiplan.model import Volume, VoxelGrid
from tests.imaging.organs.abdomens import ARTERIAL, FATTY, NATIVE, PORTAL, abdomen

NO_SEED = np.zeros((0, 3))


def run(name, scan, seeds=NO_SEED):
    method = METHODS[name]
    found = method().run(scan, np.asarray(seeds, float), method.Settings(), silent)
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


def test_liver_from_a_seed_is_the_one_that_is_found_without(dice, placed):
    scan, _ = abdomen(PORTAL)
    found = run("liver", scan)["liver"]
    grown = run("liver", scan, [found.centroid_lps])["liver"]
    assert dice(grown, placed(found, scan.grid), scan.grid) > 0.96


def test_removed_spleen_is_not_found_and_a_kidney_alone_is_doubted():
    scan, _ = abdomen(PORTAL, without=("spleen", "kidney_left"))
    with pytest.raises(SegmentationError, match="removed"):
        run("spleen", scan)
    found = run("kidneys", scan)
    assert list(found) == ["kidney_right"]
    assert found["kidney_right"].confidence <= 0.5
    assert any("other kidney" in remark for remark in found["kidney_right"].remarks)


def test_scan_without_these_organs_has_none_of_them():
    scan, _ = abdomen(NATIVE, only=(0, 16))
    for name in ("liver", "spleen", "kidneys"):
        with pytest.raises(SegmentationError):
            run(name, scan)


def test_liver_that_the_scan_cuts_says_so(dice):
    scan, truth = abdomen(PORTAL, only=(0, 46))
    liver = run("liver", scan)["liver"]
    assert dice(liver, truth["liver"], scan.grid) > 0.9
    assert liver.confidence <= 0.5
    assert any("border of the scan" in remark for remark in liver.remarks)


def read(image):
    affine = np.eye(4)
    directions = np.array(image.GetDirection()).reshape(3, 3)
    affine[:3, :3] = (directions * image.GetSpacing())[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    values = sitk.GetArrayFromImage(image).astype(np.int16)
    return Volume("ct", values, VoxelGrid(values.shape, affine))


def labels_of(folder, name, like):
    image = sitk.Resample(
        sitk.ReadImage(str(folder / name)), like, sitk.Transform(), sitk.sitkNearestNeighbor
    )
    names = json.loads((folder / "labels_total.json").read_text())
    labels = sitk.GetArrayFromImage(image)
    return {organ: labels == int(number) for number, organ in names.items()}


def test_organs_of_a_real_scan_without_contrast(shared_data, dice):
    folder = shared_data / "ct-abdopelvis-multiorgan-totalseg"
    image = sitk.ReadImage(str(folder / "example_ct.nii.gz"))
    scan, truth = read(image), labels_of(folder, "example_seg_fast_force_split.nii.gz", image)
    found = every_organ(scan)
    for name in ("kidney_left", "kidney_right", "liver", "spleen"):
        assert dice(found[name], truth[name], scan.grid) > 0.85, name
    # The scan cuts these two at the top.
    assert found["liver"].confidence <= 0.5
    assert found["spleen"].confidence <= 0.5


def test_organs_of_a_real_slab_with_contrast_and_no_kidneys(shared_data, dice):
    folder = shared_data / "ct-abdomen-dicom-totalseg"
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder / "example_ct_dicom")))
    image = reader.Execute()
    scan, truth = read(image), labels_of(folder, "example_seg_dicom.nii.gz", image)
    for name in ("liver", "spleen"):
        segment = run(name, scan)[name]
        assert dice(segment, truth[name], scan.grid) > 0.8, name
        assert segment.confidence <= 0.5
    with pytest.raises(SegmentationError, match="kidney"):
        run("kidneys", scan)
