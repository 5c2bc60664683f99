"""Phases of one series are told apart however the scanner tells them, or the series is refused."""

import numpy as np
import pydicom
import pytest
from series_on_disk import Slice, body, slices, write

from surgiplan import io
from surgiplan.errors import DicomError


def only_series(folder):
    (found,) = io.scan(folder).series
    return found


def kinds(found):
    return [problem.kind for problem in found.problems]


def series_of(phases, tags_of):
    """Images of several phases, 60 HU apart; ``tags_of(phase, slice)`` are their tags."""
    images = []
    for phase in range(phases):
        for k, image in enumerate(slices()):
            image.pixels = image.pixels + np.int16(60 * phase)
            image.tags |= tags_of(phase, k) | {"InstanceNumber": phase + 1 + phases * k}
            images.append(image)
    return images


def values_of(phase):
    return io.load_series(phase, kinds(phase))[0].values


ONE_TAG = {
    "time point 2": lambda p, k: {"TemporalPositionIdentifier": p + 1},
    "trigger time 35 ms": lambda p, k: {"TriggerTime": 35 * p},
    "50 % of the heart cycle": lambda p, k: {"NominalPercentageOfCardiacPhase": 50.0 * p},
    "echo 2": lambda p, k: {"EchoNumbers": p + 1},
    "b value 800 s/mm²": lambda p, k: {"DiffusionBValue": 800.0 * p},
    "acquisition 12": lambda p, k: {
        "AcquisitionNumber": 9 + 3 * p,
        "ContentTime": f"1{p}00{k:02d}",
    },
    "kernel B70f, 3": lambda p, k: {"ConvolutionKernel": ["B30f", ["B70f", "3"]][p]},
    "image type ORIGINAL, PRIMARY, P": lambda p, k: {"ImageType": ["ORIGINAL", "PRIMARY", "MP"[p]]},
    "acquired at 101500": lambda p, k: {"AcquisitionTime": f"10{15 * p:02d}00"},
}


@pytest.mark.parametrize("label", ONE_TAG)
def test_one_tag_tells_phases_apart_even_where_some_slices_are_alike(tmp_path, label):
    images = series_of(2, ONE_TAG[label])
    for k in (0, 4):
        images[9 + k].pixels = images[k].pixels
    found = only_series(write(tmp_path, images, seed=8))
    assert kinds(found) == ["several_phases"]
    first, second = io.phases(found)
    assert second.phase_label == label
    assert kinds(first) == kinds(second) == []
    assert np.array_equal(values_of(first), body())
    others = [1, 2, 3, 5, 6, 7, 8]
    assert np.array_equal(values_of(second)[others], body()[others] + 60)


def test_trigger_times_that_differ_a_little_between_slices_count_by_their_order(tmp_path):
    def tags(phase, k):
        return {"TriggerTime": round(33.2 * phase + 0.4 * phase * np.sin(k), 2)}

    found = only_series(write(tmp_path, series_of(5, tags)))
    phases = io.phases(found)
    assert [np.array_equal(values_of(one), body() + 60 * n) for n, one in enumerate(phases)] == [
        True
    ] * 5
    assert phases[2].phase_label.startswith("trigger time about 66")


def test_an_early_trigger_at_one_place_does_not_mix_phases(tmp_path):
    """An irregular heart: the same time is phase 3 at one place and phase 2 at another."""

    def tags(phase, k):
        return {"TriggerTime": 30.0 * phase + (20.0 * phase if k == 4 else 0.0)}

    phases = io.phases(only_series(write(tmp_path, series_of(4, tags))))
    assert len(phases) == 4
    for n, one in enumerate(phases):
        assert np.array_equal(values_of(one), body() + 60 * n)


def test_echo_and_time_point_together_tell_phases_apart(tmp_path):
    def tags(phase, k):
        return {"EchoTime": [2.3, 4.6][phase % 2], "TemporalPositionIdentifier": phase // 2 + 1}

    phases = io.phases(only_series(write(tmp_path, series_of(4, tags))))
    assert [one.phase_label for one in phases] == [
        "time point 1, echo time 2.3 ms", "time point 1, echo time 4.6 ms",
        "time point 2, echo time 2.3 ms", "time point 2, echo time 4.6 ms",
    ]  # fmt: skip
    for n, one in enumerate(phases):
        assert np.array_equal(values_of(one), body() + 60 * n)


def test_a_slice_that_one_phase_lacks_is_missing_there_and_nowhere_else(tmp_path):
    images = series_of(2, ONE_TAG["time point 2"])
    del images[9 + 4]
    first, second = io.phases(only_series(write(tmp_path, images)))
    assert (kinds(first), kinds(second)) == ([], ["missing_slice"])


def test_a_copy_within_a_phase_is_named_there(tmp_path):
    images = series_of(2, ONE_TAG["time point 2"])
    images.append(Slice(images[12].pixels, images[12].position, dict(images[12].tags)))
    first, second = io.phases(only_series(write(tmp_path, images)))
    assert (kinds(first), kinds(second)) == ([], ["duplicate_slice"])
    assert np.array_equal(values_of(second), body() + 60)


def test_a_scout_among_phases_has_to_be_accepted_with_each_of_them(tmp_path):
    images = series_of(2, ONE_TAG["time point 2"])
    (scout,) = slices(np.zeros((1, 12, 10), np.int16))
    scout.tags["ImageType"] = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    found = only_series(write(tmp_path, [*images, scout]))
    assert kinds(found) == ["not_a_volume", "several_phases"]
    for one in io.phases(found):
        assert kinds(one) == ["not_a_volume"]
        with pytest.raises(DicomError, match="not_a_volume"):
            io.load_series(one)


NOTHING_TELLS = {
    "no tag differs": lambda p, k: {},
    "each image has its own time": lambda p, k: {"ContentTime": f"10{(7 * k + 3 * p) % 60:02d}00"},
    "a tag swaps halfway": lambda p, k: {"AcquisitionNumber": p if k < 5 else 2 + p},
}


@pytest.mark.parametrize("why", NOTHING_TELLS)
def test_phases_that_nothing_tells_apart_are_refused_in_words(tmp_path, why):
    images = series_of(2, NOTHING_TELLS[why])
    if why == "each image has its own time":
        del images[3]
    found = only_series(write(tmp_path, images))
    assert io.phases(found) == (found,)
    with pytest.raises(DicomError, match="nothing in the headers tells them apart"):
        io.load_series(found, list(io.ACCEPTABLE))


def test_a_series_with_phases_is_refused_with_the_list_to_choose_from(tmp_path):
    found = only_series(write(tmp_path, series_of(2, ONE_TAG["trigger time 35 ms"])))
    with pytest.raises(DicomError, match="2 is trigger time 35 ms, 9 images"):
        io.load_series(found)


def test_the_25_phases_of_a_real_heart_are_told_apart(shared_data):
    heart = max(io.scan(shared_data / "mr-heart-cine-bivme").series, key=lambda s: s.images)
    phases = io.phases(heart)
    assert len(phases) == 25
    assert phases[1].phase_label == "trigger time 33.16 ms"
    times = [pydicom.dcmread(one.files[0]).TriggerTime for one in phases]
    assert times == sorted(times)


def test_real_short_axis_slices_of_unequal_beats_make_two_volumes(shared_data, tmp_path):
    """Six places, each with two phases at its own trigger times, as some scanners send them."""
    for series in io.scan(shared_data / "mr-heart-cine-bivme").series:
        if series.shape_kji[1:] != (208, 256):
            continue
        for one in (series.headers[0], series.headers[min(9, series.images - 1)]):
            dataset = pydicom.dcmread(one.path)
            dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = "1.2.9", "1.2.8"
            dataset.save_as(tmp_path / f"{series.uid}-{one.instance}")
    found = only_series(tmp_path)
    early, late = io.phases(found)
    assert early.shape_kji[0] == late.shape_kji[0] >= 5
    assert {pydicom.dcmread(path).TriggerTime for path in early.files} == {0}
    assert min(pydicom.dcmread(path).TriggerTime for path in late.files) > 250


@pytest.mark.parametrize("apart_mm", [0.3, -0.5, 0.65, 0.13])
def test_phases_whose_tables_stood_a_little_apart_are_not_mixed(tmp_path, apart_mm):
    """Arterial slices between portal ones: interpolated together they would show neither."""
    images = series_of(2, ONE_TAG["kernel B70f, 3"])
    for image in images[9:]:
        image.position = image.position + [0, 0, apart_mm]
    found = only_series(write(tmp_path, images))
    assert "several_phases" in kinds(found)
    with pytest.raises(DicomError, match="choose one phase"):
        io.load_series(found, io.ACCEPTABLE)
    for n, one in enumerate(io.phases(found)):
        assert kinds(one) == []
        assert np.array_equal(values_of(one), body() + 60 * n)


def test_odd_and_even_slices_taken_in_turns_are_one_volume(tmp_path):
    images = slices()
    for k, image in enumerate(images):
        image.tags["AcquisitionNumber"] = 1 + k % 2
    assert kinds(only_series(write(tmp_path, images))) == []


@pytest.mark.parametrize("defect", ["uneven_spacing", "missing_slice"])
def test_a_defect_of_one_scan_taken_in_two_parts_is_no_second_phase(tmp_path, defect):
    images = slices()
    for k, image in enumerate(images):
        image.tags["AcquisitionNumber"] = 1 + k // 5
        if defect == "uneven_spacing":
            image.position = image.position + [0, 0, 0.1 * k * k]
    if defect == "missing_slice":
        del images[5]
    assert kinds(only_series(write(tmp_path, images))) == [defect]
