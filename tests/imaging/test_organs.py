"""Liver, tumour and vessel in painted bodies whose truth is known."""

import numpy as np
import pytest

from surgiplan.errors import SegmentationError
from surgiplan.imaging import METHODS
from surgiplan.jobs_report import silent


def run(name, scan, seeds=(), **settings):
    method = METHODS[name]
    (segment,) = method().run(
        scan, np.asarray(seeds, float).reshape(-1, 3), method.Settings(**settings), silent
    )
    return segment


def abdomen(canvas, spacing=(2.0, 1.0, 1.0)):
    """A liver with a vessel and a tumour, a kidney on it and a spleen-like body near it."""
    body = canvas(shape=(int(130 / spacing[0]), 140, 150), spacing=spacing)
    liver = body.paint(body.ellipsoid((-15, 0, 0), (52, 44, 48)), 110)
    body.paint(body.ellipsoid((52, 20, 0), (14, 26, 30)), 125)
    body.paint(body.ellipsoid((-25, 56, -10), (22, 16, 30)) & ~liver, 195)
    body.paint(body.tube((-15, -5, 0), (1, 0.2, 0.5), 5) & liver, 170)
    body.paint(body.ball((-35, -8, -12), 14), 62)
    return body, liver


@pytest.mark.parametrize("noise_hu", [8, 18])
@pytest.mark.parametrize("seed", [(-5, 20, 10), (-40, 5, 20)])
def test_liver_counts_its_vessels_and_tumour_and_leaves_its_neighbours(
    canvas, dice, noise_hu, seed
):
    body, truth = abdomen(canvas)
    scan = body.scanned(noise_hu)
    liver = run("liver", scan, [body.lps(seed)])
    assert liver.volume_ml == pytest.approx(body.ml(truth), rel=0.05)
    assert dice(liver, truth, scan.grid) > 0.95


def test_liver_that_runs_into_its_neighbour_says_so(canvas):
    body, _ = abdomen(canvas)
    body.paint(body.x[..., 0] > -10, 112)
    liver = run("liver", body.scanned(), [body.lps((-40, 5, 20))])
    assert liver.confidence <= 0.4
    assert any("scan" in remark or "leak" in remark for remark in liver.remarks)


def test_thin_bridge_to_the_spleen_is_cut(canvas, dice):
    body, truth = abdomen(canvas)
    body.paint(body.tube((40, 10, 0), (1, 0.2, 0), 3) & (body.x[..., 0] > 20), 115)
    body.paint(body.ellipsoid((52, 20, 0), (14, 26, 30)), 112)
    scan = body.scanned()
    liver = run("liver", scan, [body.lps((-5, 20, 10))])
    assert dice(liver, truth, scan.grid) > 0.95


def test_seed_in_fat_finds_no_liver(canvas):
    body, _ = abdomen(canvas)
    with pytest.raises(SegmentationError, match="fat"):
        run("liver", body.scanned(), [body.lps((35, -40, 0))])


@pytest.mark.parametrize(("radius", "hu"), [(7, 60), (15, 60), (15, 170), (30, 40)])
@pytest.mark.parametrize("spacing", [(2.5, 0.85, 0.85), (1.0, 1.0, 1.0)])
def test_tumour_has_the_volume_of_its_ball(canvas, dice, radius, hu, spacing):
    size = 2 * radius + 50
    body = canvas(
        shape=tuple(int(size / step) for step in spacing), spacing=spacing, background=110.0
    )
    truth = body.paint(body.ball((1, -2, 0.7), radius), hu)
    body.paint(body.tube((radius + 6, 0, 0), (0, 1, 0.3), 4), 180)
    scan = body.scanned(11)
    tumour = run("tumour", scan, [body.lps((radius / 3, 0, radius / 4))])
    ball_ml = 4 / 3 * np.pi * radius**3 / 1000
    assert tumour.volume_ml == pytest.approx(ball_ml, rel=0.12 if radius < 10 else 0.05)
    assert dice(tumour, truth, scan.grid) > (0.88 if radius < 10 else 0.93)
    assert tumour.confidence > 0.5


def test_nothing_stands_out_in_even_tissue(canvas):
    body = canvas(shape=(40, 60, 60), background=110.0)
    with pytest.raises(SegmentationError, match="stands out"):
        run("tumour", body.scanned(2), [body.centre])


def aorta(canvas):
    """A lumen with thrombus on one side, calcium in its wall and a vertebra against it."""
    body = canvas(shape=(60, 90, 90), spacing=(2.0, 0.85, 0.85), background=-90.0)
    vertebra = body.tube((0, 30, 0), (0, 0, 1), 18)
    body.paint(vertebra, 900)
    body.paint(body.tube((0, 30, 0), (0, 0, 1), 16), 160)
    body.paint(body.tube((-5, -1, 0), (0.1, 0, 1), 16), 40)
    lumen = body.paint(body.tube((0, 1, 0), (0.1, 0, 1), 10), 300)
    calcium = body.paint(body.ball((-11, 1, 0), 3) & ~lumen, 900)
    return body, lumen, calcium, vertebra


@pytest.mark.parametrize("noise_hu", [8, 20])
def test_lumen_has_its_volume_beside_thrombus_calcium_and_bone(canvas, dice, placed, noise_hu):
    body, lumen, calcium, vertebra = aorta(canvas)
    scan = body.scanned(noise_hu)
    seeds = [body.lps((0.1 * z, 1, z)) for z in (-45, 45)]
    vessel = run("vessel", scan, seeds)
    assert vessel.volume_ml == pytest.approx(body.ml(lumen), rel=0.05)
    assert dice(vessel, lumen, scan.grid) > 0.95
    found = placed(vessel, scan.grid)
    assert np.count_nonzero(found & calcium) < 0.2 * np.count_nonzero(calcium)
    assert np.count_nonzero(found & vertebra & ~lumen) < 0.02 * vessel.voxels


def test_true_lumen_is_kept_from_a_fainter_false_lumen_with_struts_in_it(canvas, dice):
    body = canvas(shape=(60, 70, 70), spacing=(1.5, 1.0, 1.0), background=-90.0)
    both = body.paint(body.tube((0, 0, 0), (0, 0.1, 1), 16), 212)
    flap = body.x[..., 0] > 2
    true = body.paint(both & flap, 487)
    body.paint(both & (np.abs(body.x[..., 0] - 2) < 1), 60)
    body.paint(body.ball((9, 0, 0), 1.6) | body.ball((10, 4, 12), 1.6), 2500)
    scan = body.scanned(25)
    vessel = run("vessel", scan, [body.lps((9, -3.5, -35))])
    assert dice(vessel, true & (body.x[..., 0] > 3), scan.grid) > 0.93


def test_lumen_ends_where_the_reach_ends(canvas):
    body, *_ = aorta(canvas)
    seeds = [body.lps((0.1 * z, 1, z)) for z in (-10, 10)]
    near = run("vessel", body.scanned(), seeds, reach_mm=10.0)
    low, high = near.grid.corners_lps()[[0, -1], 2] - body.centre[2]
    assert (low, high) == pytest.approx((-20, 20), abs=5)
    assert any("goes on" in remark for remark in near.remarks)


def test_seeds_of_two_vessels_are_not_one_lumen(canvas):
    body = canvas(shape=(40, 80, 80))
    body.paint(body.tube((-15, 0, 0), (0, 0, 1), 7), 300)
    body.paint(body.tube((15, 0, 0), (0, 0, 1), 7), 300)
    with pytest.raises(SegmentationError, match="continuous"):
        run("vessel", body.scanned(), [body.lps((-15, 0, 0)), body.lps((15, 0, 0))])
    with pytest.raises(SegmentationError, match="contrast"):
        run("vessel", body.scanned(), [body.lps((0, 30, 0))])


@pytest.mark.parametrize("seed", [(0, 0, 0), (5, -4, 3)])
def test_faint_lesion_with_a_fainter_rim_is_found_to_the_end_of_its_rim(canvas, dice, seed):
    body = canvas(shape=(36, 90, 90), spacing=(2.5, 1.0, 1.0), background=66.0)
    truth = body.paint(body.ball((0, 0, 0), 15), 61)
    body.paint(body.ball((0, 0, 0), 12.5), 50)
    scan = body.scanned(14)
    tumour = run("tumour", scan, [body.lps(seed)])
    assert dice(tumour, truth, scan.grid) > 0.88
    assert tumour.confidence < 0.6
    assert any("hardly differs" in remark for remark in tumour.remarks)
