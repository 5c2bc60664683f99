"""What lies in a folder is named for what it is, and nothing in it can stop the scan."""

import os
import socket

import numpy as np
import pytest
from series_on_disk import CT, SHAPE, Slice, header, oblique, slices, write

from surgiplan import io
from surgiplan.errors import DicomError

DEFLATED, IMPLICIT = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2"
PT = "1.2.840.10008.5.1.4.1.1.128"


def kinds(found):
    return [problem.kind for problem in found.problems]


def only_series(folder):
    found = io.scan(folder)
    assert len(found.series) == 1
    return found.series[0]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "Mañana 테스트"


def test_a_sound_series_is_a_volume_without_problems(folder):
    write(folder, slices(directions=oblique()))
    found = only_series(folder)
    assert found.is_volume
    assert found.problems == ()
    assert (found.modality, found.description, found.study_date) == ("CT", "Portal", "2024-03-02")
    assert (found.images, found.shape_kji) == (9, SHAPE)
    assert found.spacing_mm == pytest.approx((1.3, 0.7, 0.4), abs=1e-6)
    assert found.window_level == (400, 40)


def test_slices_come_in_the_order_of_their_places_whatever_their_names_and_numbers(folder):
    images = slices()
    numbers = np.random.default_rng(5).permutation(len(images))
    for image, number in zip(images, numbers, strict=True):
        image.tags["InstanceNumber"] = int(number)
    write(folder, images, seed=3)
    heights = [header.position[2] for header in only_series(folder).headers]
    assert heights == sorted(heights)


def test_no_name_or_number_of_the_patient_leaves_the_scan(folder):
    write(folder, slices())
    first, second = only_series(folder), only_series(folder)
    assert "CANARY" not in repr((first, first.headers))
    assert "4711" not in repr((first, first.headers))
    assert first.patient != second.patient, "the key of one scan tells nothing in another"


def drop(images):
    del images[4]


def copy(images):
    images.append(Slice(images[2].pixels, images[2].position, dict(images[2].tags)))


def tilt(images):
    for k, image in enumerate(images):
        image.position = image.position + [0, 0.3 * k, 0]


def stretch(images):
    for k, image in enumerate(images):
        image.position = image.position + [0, 0, 0.1 * k * k]


def turn_one(images):
    images[3].tags["ImageOrientationPatient"] = [1, 0, 0, 0, 0, -1]


def zoom_one(images):
    images[3].tags["PixelSpacing"] = [0.8, 0.4]


def crop_one(images):
    images[3].pixels = images[3].pixels[:-1]


def move_frame(images):
    images[5].tags["FrameOfReferenceUID"] = "1.2.3.4"


def second_phase(images):
    for image in slices():
        image.pixels = image.pixels + np.int16(60)
        images.append(image)


def forget_place(images):
    images[0].tags["ImagePositionPatient"] = None


def forget_direction(images):
    images[0].tags["ImageOrientationPatient"] = [0, 0, 0, 0, 0, 0]


def forget_size(images):
    images[0].tags["PixelSpacing"] = None


def keep_one(images):
    del images[1:]


def scout(images):
    for image in images:
        image.tags["ImageType"] = ["ORIGINAL", "PRIMARY", "LOCALIZER"]


def capture(images):
    for image in images:
        image.tags["SOPClassUID"] = "1.2.840.10008.5.1.4.1.1.7"


def enhance(images):
    for image in images:
        image.tags["SOPClassUID"] = "1.2.840.10008.5.1.4.1.1.2.1"


def swap_patient(images):
    images[6].tags["PatientID"] = "somebody else"


DEFECTS = [
    (drop, ["missing_slice"], "Slices 4 and 5 are 2.6 mm apart, most others 1.3 mm. A slice is"),
    (copy, ["duplicate_slice"], "Copies of other slices among the 10 images: 1"),
    (tilt, ["gantry_tilt"], "tilted by 13.0 degrees"),
    (stretch, ["uneven_spacing"], "1.40 to 2.80 mm apart"),
    (turn_one, ["mixed_orientation", "missing_slice"], "not parallel"),
    (zoom_one, ["mixed_spacing", "missing_slice"], "differ in size"),
    (crop_one, ["mixed_spacing", "missing_slice"], "differ in size"),
    (move_frame, ["foreign_frame", "missing_slice"], "frames of reference"),
    (second_phase, ["several_phases"], "up to 2 different images"),
    (forget_place, ["no_position"], "1 of 9 images"),
    (forget_direction, ["no_position"], "1 of 9 images"),
    (forget_size, ["no_spacing"], "1 of 9 images"),
    (keep_one, ["single_image"], "one slice"),
    (scout, ["not_a_volume"], "a scout"),
    (capture, ["not_a_volume"], "a secondary capture"),
    (enhance, ["no_position"], "9 of 9 images"),
    (swap_patient, ["mixed_patients"], "several patients"),
]
"""What is done to a sound series, what the scan calls it, and how it explains it."""
NEVER_A_VOLUME = {"no_position", "no_spacing", "single_image", "not_a_volume"}


@pytest.mark.parametrize(("defect", "expected", "words"), DEFECTS)
def test_a_defect_is_named(folder, defect, expected, words):
    images = slices()
    defect(images)
    found = only_series(write(folder, images))
    assert kinds(found) == expected
    assert words in found.problems[0].detail
    assert found.is_volume == (expected[0] not in NEVER_A_VOLUME)


@pytest.mark.parametrize(("defect", "expected", "words"), DEFECTS)
def test_a_defect_stops_the_import_with_one_sentence(folder, defect, expected, words):
    images = slices()
    defect(images)
    found = only_series(write(folder, images))
    with pytest.raises(DicomError, match=expected[0]) as refusal:
        io.load_series(found)
    text = str(refusal.value)
    assert text.endswith(".")
    assert ";" in text, "it says what to do"
    can_be_mended = bool(found.problems[0].action)
    assert ("--accept" in text) == can_be_mended
    if not can_be_mended:
        with pytest.raises(DicomError, match=expected[0]):
            io.load_series(found, [expected[0]])


@pytest.mark.parametrize("seed", range(20))
def test_missing_slices_are_always_noticed(tmp_path, seed):
    random = np.random.default_rng(seed)
    images = slices(np.zeros((20, 2, 2), np.int16))
    gone = set(random.choice(np.arange(1, 19), size=random.integers(1, 6), replace=False).tolist())
    write(tmp_path, [image for n, image in enumerate(images) if n not in gone], seed)
    (problem,) = only_series(tmp_path).problems
    assert problem.kind == "missing_slice"
    assert f"{len(gone)} slices are" in problem.detail or len(gone) == 1


def test_steps_that_differ_by_a_hundredth_of_a_millimetre_are_even(folder):
    images = slices()
    for k, image in enumerate(images):
        image.position = image.position + [0, 0, 0.02 * (k % 2)]
    assert only_series(write(folder, images)).problems == ()


def test_a_slice_that_ends_early_is_truncated(folder):
    write(folder, slices())
    cut = sorted(folder.iterdir())[3]
    cut.write_bytes(cut.read_bytes()[:-20])
    found = only_series(folder)
    assert "truncated" in kinds(found)
    with pytest.raises(DicomError, match=f"{cut.name} ends before its pixels do"):
        io.load_series(found)


def test_pixels_without_a_decoder_are_undecodable(folder):
    write(folder, slices())
    for path in folder.iterdir():
        path.write_bytes(
            path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.9.9\0")
        )
    assert "undecodable" in kinds(only_series(folder))


@pytest.mark.parametrize("text", [b"--1 ", b"1\\-1", b"nan ", b"inf ", b"0   "])
def test_values_whose_meaning_cannot_be_read_are_not_taken_for_hounsfield_units(folder, text):
    write(folder, slices(), RescaleSlope="1234")
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes().replace(b"1234", text))
    found = only_series(folder)
    assert kinds(found) == ["undecodable"]
    assert "slope" in found.problems[0].detail


@pytest.mark.parametrize("syntax", [DEFLATED, IMPLICIT])
def test_copies_and_phases_are_told_apart_however_the_files_are_written(tmp_path, syntax):
    images = slices()
    sound = only_series(write(tmp_path / "a", images, syntax=syntax))
    assert sound.problems == ()
    assert np.array_equal(io.load_series(sound)[0].values, [image.pixels for image in images])
    second_phase(images)
    folder = write(tmp_path / "b", images, syntax=syntax)
    assert kinds(only_series(folder)) == ["several_phases"]
    write(tmp_path / "c", slices(), syntax=syntax)
    victim = min((tmp_path / "c").iterdir())
    (tmp_path / "c" / "again").write_bytes(victim.read_bytes())
    assert kinds(only_series(tmp_path / "c")) == ["duplicate_slice"]


def test_two_series_in_one_folder_stay_apart(folder):
    write(folder, slices())
    write(folder / "b", slices(), SeriesInstanceUID="1.2.9", SeriesDescription="other")
    found = io.scan([folder])
    assert {series.description for series in found.series} == {"Portal", "other"}
    assert all(series.is_volume for series in found.series)


def test_a_series_whose_uid_was_removed_is_still_one_series(folder):
    write(folder, slices(), SeriesInstanceUID="", StudyInstanceUID="")
    found = only_series(folder)
    assert found.is_volume
    assert found.uid.startswith("folder-")


def test_an_empty_folder_holds_nothing(tmp_path):
    found = io.scan(tmp_path)
    assert (found.series, found.ignored) == ((), ())


def test_texts_are_no_series(tmp_path):
    for n in range(3):
        (tmp_path / f"note{n}.txt").write_text("not a scan")
    found = io.scan(tmp_path)
    assert found.series == ()
    assert [reason for _, reason in found.ignored] == ["no DICOM header"] * 3


def test_a_path_that_is_not_there_says_so(tmp_path):
    with pytest.raises(DicomError, match="no file or folder"):
        io.scan(tmp_path / "nowhere")


def test_strange_files_are_left_alone_with_a_reason(folder, tmp_path):
    write(folder, slices())
    (folder / "empty").touch()
    (folder / "archive.zip").write_bytes(b"PK\3\4" + bytes(100))
    (folder / "brain.nii.gz").write_bytes(b"\x1f\x8b")
    (folder / "broken").write_bytes(bytes(128) + b"DICM" + os.urandom(300))
    (folder / "old.splan").mkdir()
    (folder / "gone").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        (folder / "socket").symlink_to(tmp_path / "socket")
        found = io.scan(folder)
    reasons = {path.name: reason for path, reason in found.ignored}
    assert len(found.series) == 1
    assert found.series[0].problems == ()
    assert reasons.keys() == {
        "empty", "archive.zip", "brain.nii.gz", "broken", "old.splan", "gone", "pipe", "socket"
    }  # fmt: skip
    assert "ZIP" in reasons["archive.zip"]
    assert reasons["pipe"] == "not a plain file"


@pytest.mark.parametrize("seed", range(40))
def test_a_header_damaged_anywhere_never_stops_the_scan(tmp_path, caplog, seed):
    write(tmp_path, slices()[:2])
    random = np.random.default_rng(seed)
    victim = sorted(tmp_path.iterdir())[0]
    content = bytearray(victim.read_bytes())
    for at in random.integers(132, len(content), 12):
        content[at] = random.integers(256)
    victim.write_bytes(content[: random.integers(140, len(content))])
    found = io.scan(tmp_path)
    assert sum(series.images for series in found.series) + len(found.ignored) == 2
    assert caplog.text == "", "a log that quotes values may quote the patient's name"


def test_a_deflated_bomb_is_not_inflated(tmp_path):
    import zlib

    dataset = header(0)
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    dataset.file_meta.MediaStorageSOPClassUID = CT
    dataset.Rows = dataset.Columns = 4
    dataset.save_as(tmp_path / "bomb", enforce_file_format=True)
    content = (tmp_path / "bomb").read_bytes()
    start = 144 + int.from_bytes(content[140:144], "little")
    packed = zlib.compressobj(9, wbits=-15)
    bomb = b"".join(packed.compress(bytes(1 << 24)) for _ in range(17)) + packed.flush()
    (tmp_path / "bomb").write_bytes(content[:start] + bomb)
    found = io.scan(tmp_path)
    assert found.series == ()
    assert "256 MiB" in found.ignored[0][1]


def test_progress_is_told_and_a_scan_can_be_cancelled(folder):
    from surgiplan.errors import Cancelled

    write(folder, slices())
    fractions = []
    io.scan(folder, lambda fraction, _: fractions.append(fraction))
    assert fractions == sorted(fractions)
    assert len(fractions) >= 9

    def stop(fraction, message):
        raise Cancelled(message)

    with pytest.raises(Cancelled):
        io.scan(folder, stop)


def test_phases_are_told_apart_by_their_tags(folder):
    images = slices()
    for image in images:
        image.tags["TemporalPositionIdentifier"] = 1
    for image in slices():
        image.pixels = image.pixels + np.int16(60)
        image.tags["TemporalPositionIdentifier"] = 2
        images.append(image)
    found = only_series(write(folder, images))
    assert kinds(found) == ["several_phases"]
    early, _ = io.phases(found)
    assert (early.images, early.problems) == (9, ())
    first, second = (io.load_series(io.phase_of(found, n))[0] for n in (1, 2))
    assert np.all(second.values.astype(int) - first.values == 60)
    with pytest.raises(DicomError, match="choose 1 to 2"):
        io.phase_of(found, 3)
