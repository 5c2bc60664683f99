"""What fuzzing once found: damage that gave another volume silently, made again by code."""

import struct

import pytest
from hostile_images import changed, image, written

from surgiplan import io
from surgiplan.errors import DicomError


def without(keyword):
    def spoil(dataset):
        del dataset[keyword]

    return spoil


def with_value(keyword, value):
    return lambda dataset: setattr(dataset, keyword, value)


SPOILT = {
    "fewer rows than pixels": (with_value("Rows", 15), "undecodable"),
    "fewer columns than pixels": (with_value("Columns", 63), "undecodable"),
    "no bits stored": (without("BitsStored"), "undecodable"),
    "more bits stored than allocated": (with_value("BitsStored", 17), "undecodable"),
    "a sign that is neither": (with_value("PixelRepresentation", 63), "undecodable"),
    "another highest bit": (with_value("HighBit", 3), "undecodable"),
    "no sign": (without("PixelRepresentation"), "undecodable"),
    "bits that no file has": (with_value("BitsAllocated", 12), "not_a_volume"),
    "no samples": (without("SamplesPerPixel"), "not_a_volume"),
    "a slope of nothing": (with_value("RescaleSlope", 0), "undecodable"),
    "two intercepts": (with_value("RescaleIntercept", [-1024, 0]), "undecodable"),
    "directions that are too long": (
        with_value("ImageOrientationPatient", [1.008, 0, 0, 0, 1, 0]), "no_position"
    ),
    "a place beyond the building": (
        with_value("ImagePositionPatient", ["99999999999999", 0, 0]), "no_position"
    ),
}  # fmt: skip


OF_ANOTHER_SIZE = {
    "fewer rows than pixels": ["mixed_spacing"],
    "fewer columns than pixels": ["mixed_spacing"],
}
"""One such slice among others says first that it differs from them."""


@pytest.mark.parametrize("what", SPOILT)
@pytest.mark.parametrize("alike", [False, True], ids=["in one slice", "in all"])
def test_a_header_that_cannot_be_believed_is_named(tmp_path, what, alike):
    spoil, kind = SPOILT[what]
    for number in range(4):
        dataset = image(number)
        if alike or number == 1:
            spoil(dataset)
        written(dataset, tmp_path)
    assert_named(tmp_path, kind, *OF_ANOTHER_SIZE.get(what, ()))


def assert_named(folder, *kinds):
    (series,) = io.scan(folder).series
    assert {problem.kind for problem in series.problems} & set(kinds)
    with pytest.raises(DicomError):
        io.load_series(series)


def test_an_mr_that_calls_itself_a_ct_is_not_cut_off_at_air(tmp_path):
    for number in range(4):
        dataset = image(number)
        dataset.SOPClassUID, dataset.PixelRepresentation = "1.2.840.10008.5.1.4.1.1.4", 1
        dataset.PixelData = b"\x00\xf0" * (len(dataset.PixelData) // 2)
        written(dataset, tmp_path)
    (series,) = io.scan(tmp_path).series
    assert series.modality == "MR"
    assert io.load_series(series)[0].values.max() == -4096


def test_zeros_behind_the_pixels_are_padding_and_anything_else_is_not(tmp_path):
    for number in range(4):
        dataset = image(number)
        dataset.PixelData += bytes(128)
        written(dataset, tmp_path / "padded")
        dataset.PixelData = dataset.PixelData[:-1] + b"\1"
        written(dataset, tmp_path / "more")
    (padded,) = io.scan(tmp_path / "padded").series
    assert padded.problems == ()
    assert_named(tmp_path / "more", "undecodable")


def test_pixels_of_a_type_that_holds_no_pixels_are_none(tmp_path):
    paths = [written(image(number), tmp_path) for number in range(4)]
    start = b"\xe0\x7f\x10\x00OW"
    changed(paths[2], start, b"\xe0\x7f\x10\x00DT")
    assert_named(tmp_path, "truncated")


def test_a_transfer_syntax_behind_a_damaged_element_is_not_believed(tmp_path):
    paths = [written(image(number), tmp_path) for number in range(4)]
    changed(paths[2], struct.pack("<HH2s", 2, 3, b"UI"), struct.pack("<HH2s", 0x12, 3, b"UI"))
    assert_named(tmp_path, "undecodable")
