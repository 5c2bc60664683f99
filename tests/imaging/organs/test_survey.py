"""The survey of a trunk: what every automatic method stands on."""

from dataclasses import replace

import numpy as np
import pytest

from surgiplan.errors import SegmentationError
from surgiplan.imaging import METHODS
from surgiplan.imaging.organs import survey_of
from surgiplan.imaging.organs.torso import organ_methods
from surgiplan.jobs_report import silent
from surgiplan.model import Volume, VoxelGrid


@pytest.fixture
def trunk(canvas):
    """A trunk on a table, with two lungs and bowel gas."""
    body = canvas(shape=(60, 80, 110), spacing=(5.0, 3.0, 3.0), background=-1000.0)
    inside = np.linalg.norm(body.x[..., :2] / (140, 95), axis=-1) < 1
    body.paint(inside, 40)
    for side in (-65, 65):
        body.paint(body.ellipsoid((side, 0, 60), (45, 60, 80)), -850)
    body.paint(body.ball((20, -20, -90), 15), -1000)
    body.paint((np.abs(body.x[..., 1] - 110) < 3) & (np.abs(body.x[..., 0]) < 160), 100)
    return body, inside


def run(name, scan):
    method = METHODS[name]
    return method().run(scan, np.zeros((0, 3)), method.Settings(), silent)


def test_body_is_without_table_and_lungs_without_bowel_gas(trunk):
    body, inside = trunk
    scan = body.scanned()
    survey = survey_of(scan)
    volume_ml = np.prod(survey.spacing_mm) / 1000
    assert survey.body.sum() * volume_ml == pytest.approx(body.ml(inside), rel=0.03)
    expected_ml = 2 * 4 / 3 * np.pi * 45 * 60 * 80 / 1000
    assert survey.lungs.sum() * volume_ml == pytest.approx(expected_ml, rel=0.12)


def test_order_of_the_axes_in_the_file_changes_nothing(trunk):
    body, _ = trunk
    scan = body.scanned()
    straight, _ = run("body", scan)
    turned = np.ascontiguousarray(scan.values.transpose(2, 0, 1)[::-1])
    affine = scan.grid.affine[:, [2, 0, 1, 3]].copy()
    affine[:3, 3] += affine[:3, 0] * (turned.shape[0] - 1)
    affine[:3, 0] *= -1
    grid = VoxelGrid(shape=turned.shape, affine=affine, frame_uid=scan.grid.frame_uid)
    other, _ = run("body", Volume(id="ct", values=turned, grid=grid))
    other.grid.box_in(grid)
    assert other.voxels == straight.voxels
    np.testing.assert_allclose(other.centroid_lps, straight.centroid_lps, atol=1e-6)


def test_one_scan_is_surveyed_once_and_another_one_anew(trunk):
    body, _ = trunk
    scan = body.scanned()
    assert survey_of(scan) is survey_of(scan)
    assert survey_of(replace(scan, id="again")) is not survey_of(scan)


def test_air_has_no_body(canvas):
    air = canvas(shape=(10, 20, 20), background=-1000.0).scanned()
    with pytest.raises(SegmentationError, match="air"):
        run("body", air)


def test_torso_finds_what_the_single_methods_find(trunk):
    body, _ = trunk
    scan = body.scanned()
    found = {one.id: one for one in run("torso", scan)}
    alone, _ = run("body", scan)
    assert np.array_equal(found["body"].mask, alone.mask)
    assert all(set(method.names) for _, method in organ_methods())
