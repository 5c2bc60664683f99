"""What looks alike may mean something else, in values and in names, and the other way round."""

import numpy as np
import pydicom
import pytest
from series_on_disk import body, slices, write

from surgiplan import io


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "scan"


def kinds(folder):
    (found,) = io.scan(folder).series
    return [problem.kind for problem in found.problems]


def rewritten(folder, change):
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        change(dataset)
        dataset.save_as(path)


def forget_intercept(dataset):
    del dataset.RescaleIntercept


def look_up(dataset):
    table = pydicom.Dataset()
    table.LUTDescriptor, table.ModalityLUTType = [2, 0, 16], "HU"
    table.LUTData = b"\0\0\1\0"
    dataset.ModalityLUTSequence = [table]


SYNTAXES = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_table_for_the_values_of_a_ct_is_not_guessed(folder, syntax):
    rewritten(write(folder, slices(), syntax=syntax), look_up)
    assert kinds(folder) == ["undecodable"]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_ct_without_an_intercept_has_no_hounsfield_units(folder, syntax):
    rewritten(write(folder, slices(), syntax=syntax), forget_intercept)
    (series,) = io.scan(folder).series
    volume, _ = io.load_series(series)
    assert volume.unit == "1"
    assert np.array_equal(volume.values, body() + 1024)
    assert "Hounsfield" in " ".join(volume.source.remarks)


def test_a_slice_of_a_ct_that_lacks_what_the_others_say_is_left_out_once_accepted(folder):
    write(folder, slices())
    one = min(folder.iterdir())
    dataset = pydicom.dcmread(one)
    forget_intercept(dataset)
    dataset.save_as(one)
    (series,) = io.scan(folder).series
    assert series.problems[0].kind == "undecodable"
    assert "different units (HU and no unit)" in series.problems[0].detail
    assert series.problems[0].action


@pytest.mark.parametrize(
    ("about", "unit"),
    [
        ({"Modality": "MR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"}, "1"),
        (
            {"Modality": "PT", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.128", "Units": "BQML"},
            "Bq/mL",
        ),
        ({}, "1"),
    ],
    ids=["MR", "PET", "CT"],
)
def test_greys_to_be_shown_inverted_are_the_same_values(folder, about, unit):
    write(folder, slices(), PhotometricInterpretation="MONOCHROME1", **about)
    (series,) = io.scan(folder).series
    assert not series.problems
    volume, _ = io.load_series(series)
    assert volume.unit == unit
    assert np.array_equal(volume.values, body())
    assert "MONOCHROME1" in " ".join(volume.source.remarks)


def test_equal_pixels_that_mean_other_values_are_no_copies(folder):
    images = slices()
    write(folder, images)
    twin = pydicom.dcmread(min(folder.iterdir()))
    twin.SOPInstanceUID, twin.RescaleSlope = "1.2.826.0.1.5.4.99", 3
    twin.save_as(folder / "twin")
    assert kinds(folder) == ["several_phases"]


@pytest.mark.parametrize("other", range(1, 6))
def test_slices_of_another_unit_never_pass_for_the_unit_of_the_scan(folder, other):
    images = slices()
    for k, image in enumerate(images):
        image.tags["RescaleType"] = "MGML" if k < other else "HU"
    assert "undecodable" in kinds(write(folder, images))


def test_what_says_nothing_of_its_unit_is_in_hounsfield_units_like_the_others(folder):
    images = slices()
    for image, stated in zip(images, ["HU", "US", "", None] * 3, strict=False):
        if stated is not None:
            image.tags["RescaleType"] = stated
    assert kinds(write(folder, images)) == []


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("zzcanary^BERTA", []),
        ("ZZCANARY^Berta^^^", []),
        ("ZZCANARY^Bert", ["mixed_patients"]),
        ("ZZCANARY^^Berta", ["mixed_patients"]),
    ],
)
def test_one_name_written_in_two_ways_is_one_patient(folder, other, expected):
    images = slices()
    images[3].tags["PatientName"] = other
    assert kinds(write(folder, images)) == expected
