"""What all segmentation methods have in common: names, settings, seeds, progress, cancel."""

import numpy as np
import pytest

from surgiplan.errors import Cancelled, SegmentationError
from surgiplan.imaging import METHODS, trilinear
from surgiplan.jobs_report import silent
from surgiplan.model import check, quantities

NAMES = ["threshold", "grow", "body", "bone", "vessel", "liver", "tumour", "torso"]


def torso(canvas):
    """A little of everything, and a seed for each method."""
    body = canvas(shape=(50, 100, 100), spacing=(2.0, 1.1, 1.1), background=-1000.0)
    body.paint(body.tube((0, 0, 0), (0, 0, 1), 50), -100)
    body.paint(body.ellipsoid((-18, -5, 0), (22, 26, 34)), 110)
    body.paint(body.ball((-18, -5, 5), 9), 60)
    body.paint(body.tube((22, 0, 0), (0, 0, 1), 8), 300)
    body.paint(body.tube((10, 35, 0), (0, 0, 1), 9), 900)
    body.paint(body.tube((10, 35, 0), (0, 0, 1), 7), 160)
    seeds = {
        "grow": [(-18, 12, 0)],
        "vessel": [(22, 0, -30), (22, 0, 30)],
        "liver": [(-18, 12, -5)],
        "tumour": [(-18, -5, 5)],
    }
    scan = body.scanned()
    return scan, {name: body.centre + np.array(points) for name, points in seeds.items()}


def run(name, scan, seeds, report=silent, **settings):
    method = METHODS[name]
    return method().run(
        scan, np.asarray(seeds.get(name, [])).reshape(-1, 3), method.Settings(**settings), report
    )


def test_methods_are_listed_by_the_names_of_the_command_line():
    assert set(NAMES) <= set(METHODS)
    assert "scanner" not in METHODS
    with pytest.raises(KeyError):
        METHODS["scanner"]


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_has_a_unit_a_range_and_a_default_within_it(name):
    method = METHODS[name]
    settings = method.Settings()
    check(settings)
    numbers = quantities(method.Settings)
    assert set(numbers) == set(vars(settings))
    for about, _ in numbers.values():
        assert about.unit
        assert about.low < about.high
        assert about.meaning
    assert method.title
    assert method.about.endswith(".")
    assert 0 <= method.seeds[0] <= method.seeds[1]


@pytest.mark.parametrize("name", NAMES)
def test_every_method_reports_progress_and_says_how_it_worked(canvas, name):
    scan, seeds = torso(canvas)
    heard = []
    segments = run(name, scan, seeds, lambda fraction, message: heard.append((fraction, message)))
    fractions = [fraction for fraction, _ in heard]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert all(message for _, message in heard)
    assert segments
    assert {segment.id for segment in segments} <= set(METHODS[name].names)
    for segment in segments:
        assert segment.voxels
        assert segment.made_by.startswith(name) or name == "torso"
        assert segment.volume_id == scan.id
        assert segment.confidence is None or 0 <= segment.confidence <= 1
        assert all(segment.mask.any(axis=(0, 1))[[0, -1]]), "cropped to what is true"
        segment.grid.box_in(scan.grid)


@pytest.mark.parametrize("name", NAMES)
def test_every_method_can_be_cancelled(canvas, name):
    scan, seeds = torso(canvas)
    calls = []

    def report(fraction, message):
        calls.append(message)
        if len(calls) == 2:
            raise Cancelled("No longer wanted.")

    with pytest.raises(Cancelled):
        run(name, scan, seeds, report)


@pytest.mark.parametrize("name", ["grow", "vessel", "liver", "tumour"])
def test_seed_outside_the_scan_is_told_where_the_scan_is(canvas, name):
    scan, _ = torso(canvas)
    with pytest.raises(SegmentationError, match=r"outside the scan.*-75 to 35.*\(LPS\)"):
        run(name, scan, {name: [(500.0, 0.0, 300.0)]})


@pytest.mark.parametrize("name", NAMES)
def test_wrong_number_of_seeds_is_refused(canvas, name):
    scan, _ = torso(canvas)
    point = scan.grid.to_lps((20, 40, 40))
    with pytest.raises(SegmentationError, match="seed"):
        run(name, scan, {name: np.tile(point, (METHODS[name].seeds[1] + 1, 1))})
    if METHODS[name].seeds[0]:
        with pytest.raises(SegmentationError, match="not 0"):
            run(name, scan, {})


@pytest.mark.parametrize("name", ["vessel", "liver", "tumour"])
def test_seed_in_air_is_refused(canvas, name):
    scan, _ = torso(canvas)
    corner = scan.grid.to_lps((25, 2, 2))
    with pytest.raises(SegmentationError, match=r"lies in"):
        run(name, scan, {name: [corner]})


def test_threshold_that_nothing_meets_names_the_range_of_the_scan(canvas):
    scan, _ = torso(canvas)
    with pytest.raises(SegmentationError, match="scan spans"):
        run("threshold", scan, {}, low_hu=3000.0)
    with pytest.raises(SegmentationError, match="swap"):
        run("threshold", scan, {}, low_hu=300.0, high_hu=100.0)


def test_largest_part_of_a_threshold_is_one_part(canvas):
    scan, _ = torso(canvas)
    (every,) = run("threshold", scan, {}, low_hu=200.0)
    (one,) = run("threshold", scan, {}, low_hu=200.0, largest=1.0)
    assert 0 < one.voxels < every.voxels


AXES = [
    ((0, 0, 1), (0, 1, 0), (1, 0, 0)),
    ((0, 0, -1), (0, 1, 0), (-1, 0, 0)),
    ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    ((0, -1, 0), (-1, 0, 0), (0, 0, 1)),
]


@pytest.mark.parametrize("axes", AXES)
def test_organ_on_the_left_stays_on_the_left_however_the_voxels_run(canvas, axes):
    body = canvas(shape=(60, 60, 60), spacing=(1.0, 1.0, 1.0), axes=axes)
    truth = body.paint(body.ellipsoid((15, 0, 4), (9, 6, 12)), 110)
    scan = body.scanned(noise_hu=3)
    (organ,) = METHODS["grow"]().run(
        scan, body.lps((15, 0, 4))[None], METHODS["grow"].Settings(low_hu=20.0), silent
    )
    assert organ.centroid_lps - body.centre == pytest.approx((15, 0, 4), abs=0.2)
    assert organ.volume_ml == pytest.approx(body.ml(truth), rel=0.1)


def test_growing_estimates_its_range_around_the_seed(canvas):
    body = canvas(shape=(40, 60, 60))
    truth = body.paint(body.ball((0, 0, 0), 16), 90)
    body.paint(body.ball((0, 0, 0), 6), 200)
    scan = body.scanned(noise_hu=6)
    (inner,) = METHODS["grow"]().run(
        scan, body.lps((0, 0, 0))[None], METHODS["grow"].Settings(), silent
    )
    assert inner.volume_ml < body.ml(truth) / 4
    with pytest.raises(SegmentationError, match="widen the range"):
        METHODS["grow"]().run(
            scan, body.lps((0, 0, 0))[None], METHODS["grow"].Settings(high_hu=0.0), silent
        )


def test_values_between_voxels_are_linear_and_clamped_outside():
    k, j, i = np.meshgrid(*map(np.arange, (4, 5, 6)), indexing="ij")
    values = (100 * k + 10 * j + i).astype(np.int16)
    points = np.array([[[1.5, 2.25, 3.5], [0, 0, 0]], [[3, 4, 5], [9, 9, 9]]])
    assert trilinear(values, points) == pytest.approx(np.array([[176.0, 0], [345, 345]]))
