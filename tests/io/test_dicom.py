"""A voxel lies where its own header says, and holds the value that its own header means."""

import numpy as np
import pydicom
import pytest
from series_on_disk import COLUMNS_MM, ROWS_MM, SERIES, body, oblique, slices, write

from surgiplan import io
from surgiplan.errors import Cancelled, DicomError
from surgiplan.io.dicom.loading import vendor_of

PT = "1.2.840.10008.5.1.4.1.1.128"
MR = "1.2.840.10008.5.1.4.1.1.4"


def load(folder, *accept, report=lambda *_: None):
    (found,) = io.scan(folder).series
    return io.load_series(found, accept, report)


@pytest.mark.parametrize("directions", [np.eye(3)[:, ::-1], oblique()], ids=["axial", "oblique"])
@pytest.mark.parametrize("seed", [0, 1])
def test_every_voxel_lies_where_its_header_says(tmp_path, directions, seed):
    images = slices(directions=directions)
    numbers = np.random.default_rng(seed).permutation(len(images))
    for image, number in zip(images, numbers, strict=True):
        image.tags["InstanceNumber"] = int(number)
    volume, _ = load(write(tmp_path, images, seed))
    k, j, i = np.meshgrid(*(np.arange(n) for n in volume.grid.shape), indexing="ij")
    true = np.array([image.position for image in images])[k] + (
        (j * ROWS_MM)[..., None] * directions[:, 1] + (i * COLUMNS_MM)[..., None] * directions[:, 2]
    )
    found = volume.grid.to_lps(np.stack([k, j, i], -1))
    assert np.abs(found - true).max() < 1e-4
    assert np.array_equal(volume.values, body())
    assert np.linalg.det(volume.grid.affine[:3, :3]) < 0


def test_slices_written_from_head_to_foot_give_the_same_volume(tmp_path):
    images = slices()
    upwards, _ = load(write(tmp_path / "a", images))
    downwards, _ = load(write(tmp_path / "b", images[::-1], seed=4))
    assert upwards.sha256 == downwards.sha256
    assert np.array_equal(upwards.grid.affine, downwards.grid.affine)


def test_a_volume_knows_its_source_and_its_patient_by_pseudonym_only(tmp_path):
    volume, patient = load(write(tmp_path, slices()))
    assert volume.values.dtype == np.int16
    assert (volume.id, volume.name, volume.unit) == ("ct", "CT", "HU")
    assert volume.grid.frame_uid == "1.2.826.0.1.5.3"
    source = volume.source
    assert (source.series_uid, source.study_date, source.files) == (SERIES, "2024-03-02", 9)
    assert source.window_level == (400, 40)
    assert source.remarks == source.accepted == ()
    assert (patient.sex, patient.age_years) == ("F", 64.0)
    again = load(write(tmp_path, slices(), PatientName="Another", PatientID="42"))[1]
    assert patient.pseudonym == again.pseudonym
    assert patient.pseudonym.startswith("P-")
    assert "CANARY" not in repr((volume, patient, source))


@pytest.mark.parametrize(
    ("age", "years"), [("042Y", 42.0), ("018M", 1.5), ("003D", 0.01), ("000Y", 64.0), ("", 64.0)]
)
def test_an_age_comes_from_its_tag_or_from_the_date_of_birth(tmp_path, age, years):
    _, patient = load(write(tmp_path, slices(), PatientAge=age))
    assert patient.age_years == pytest.approx(years, abs=0.01)


def test_each_slice_has_its_own_slope_and_intercept(tmp_path):
    images = slices()
    for k, image in enumerate(images):
        image.pixels = np.full((12, 10), 100 + k)
        image.tags |= {"RescaleIntercept": 0, "RescaleSlope": k + 0.5, "Units": "BQML"}
        image.tags |= {"SOPClassUID": PT, "Modality": "PT"}
    volume, _ = load(write(tmp_path, images))
    assert (volume.id, volume.name, volume.unit) == ("pet", "PET", "Bq/mL")
    assert volume.values.dtype == np.float32
    expected = [(100 + k) * (k + 0.5) for k in range(9)]
    assert volume.values[:, 3, 3].tolist() == pytest.approx(expected)


def test_values_beyond_16_bits_are_kept_and_do_not_wrap(tmp_path):
    images = slices()
    for image in images:
        image.pixels = image.pixels + 1024
        image.tags |= {"SOPClassUID": MR, "Modality": "MR", "RescaleIntercept": -1}
    images[7].pixels = np.full((12, 10), 64000)
    images[0].pixels = np.zeros((12, 10))
    volume, _ = load(write(tmp_path, images))
    assert (volume.values.dtype, volume.unit) == (np.float32, "1")
    assert volume.values.max() == 64000
    assert np.array_equal(volume.values[3], images[3].pixels)


def test_what_the_scanner_did_not_see_is_air(tmp_path):
    images = slices()
    for image in images:
        image.tags |= {"PixelRepresentation": 1, "RescaleIntercept": 0, "PixelPaddingValue": -2000}
        image.pixels[0, :4] = [-2000, -3024, -1025, -1024]
    volume, _ = load(write(tmp_path, images))
    assert np.all(volume.values[:, 0, :4] == -1024)
    assert np.array_equal(volume.values[:, 1:], body()[:, 1:])
    assert "27 voxels" in volume.source.remarks[0]


def test_a_padding_tag_that_means_tissue_hides_nothing(tmp_path):
    images = slices()
    for image in images:
        image.pixels[2, 2] = 0
    volume, _ = load(write(tmp_path, images, PixelPaddingValue=1024))
    assert np.all(volume.values[:, 2, 2] == 0)


def test_a_high_padding_value_becomes_air(tmp_path):
    images = slices()
    for image in images:
        image.pixels[2, 2] = 31000
    volume, _ = load(write(tmp_path, images, PixelPaddingValue=32024))
    assert np.all(volume.values[:, 2, 2] == -1024)


def test_a_gap_is_filled_between_its_neighbours_and_remembered(tmp_path):
    images = slices()
    del images[4]
    volume, _ = load(write(tmp_path, images), "missing_slice")
    expected = body().astype(float)
    expected[4] = np.rint((expected[3] + expected[5]) / 2)
    assert np.array_equal(volume.values, expected)
    assert volume.grid.to_lps([8, 0, 0]) == pytest.approx(images[-1].position, abs=1e-9)
    assert volume.source.accepted == ("missing_slice",)
    (remark,) = volume.source.remarks
    assert "2.60 mm" in remark
    assert "do not measure there" in remark


def test_a_scan_that_is_mostly_gap_is_refused_even_if_accepted(tmp_path):
    images = slices(np.zeros((30, 4, 4), np.int16))
    folder = write(tmp_path, [*images[:6], images[-1]])
    with pytest.raises(DicomError, match="Of 30 slices only 7 are there"):
        load(folder, "missing_slice")


def test_a_copied_slice_is_used_once(tmp_path):
    images = slices()
    volume, _ = load(write(tmp_path, [*images, images[2]]), "duplicate_slice")
    assert np.array_equal(volume.values, body())
    assert volume.source.remarks == ("Copies of slices that were left out: 1.",)


def sloping(values_at):
    """HU that grow evenly along all three patient axes, so that interpolation is exact."""
    return np.rint(values_at @ [20.0, -10.0, 30.0])


def test_uneven_steps_become_even_and_tissue_stays_in_its_place(tmp_path):
    heights = np.array([0, 1.1, 2.5, 3.4, 4.9, 6.0, 7.7])
    assert_tissue_stays(tmp_path, heights, np.zeros((7, 2)), "uneven_spacing")


def test_a_tilted_stack_becomes_upright_and_tissue_stays_in_its_place(tmp_path):
    heights = 1.5 * np.arange(7)
    sideways = np.outer(heights, [np.tan(np.radians(-18.5)), 0.1])
    assert_tissue_stays(tmp_path, heights, sideways, "gantry_tilt")


def test_tilt_gap_and_uneven_steps_together_leave_tissue_in_its_place(tmp_path):
    heights = np.array([0, 1.2, 2.1, 3.0, 5.5, 6.1, 7.7])
    sideways = np.outer(heights, [0.3, 0.0])
    assert_tissue_stays(tmp_path, heights, sideways, "gantry_tilt", "uneven_spacing")


def assert_tissue_stays(folder, heights, sideways, *accept):
    """Load slices of an even slope at these heights and shifts (row, column) [mm]."""
    directions = oblique()
    images = slices(np.zeros((7, 12, 10), np.int16), directions, (5, -3, 8))
    j, i = np.meshgrid(np.arange(12), np.arange(10), indexing="ij")
    for image, height, (down, right) in zip(images, heights, sideways, strict=True):
        image.position = np.array([5, -3, 8]) + directions @ [height, down, right]
        places = (
            image.position
            + (j * ROWS_MM)[..., None] * directions[:, 1]
            + (i * COLUMNS_MM)[..., None] * directions[:, 2]
        )
        image.pixels = sloping(places)
    volume, _ = load(write(folder, images), *accept)
    grid = volume.grid
    upright = grid.affine[:3, :3] / grid.spacing_mm
    assert np.allclose(upright.T @ upright, np.eye(3), atol=1e-9)
    places = grid.to_lps(np.moveaxis(np.indices(grid.shape), 0, -1))
    seen = volume.values > -1024
    assert seen.sum() > 0.7 * 7 * 12 * 10
    assert np.abs(volume.values - sloping(places))[seen].max() <= 1.5
    assert grid.to_lps([grid.shape[0] - 1, 0, 0]) @ directions[:, 0] == pytest.approx(
        images[-1].position @ directions[:, 0], abs=0.05
    )
    assert set(volume.source.accepted) == set(accept)
    assert len(volume.source.remarks) >= len(accept)


@pytest.mark.parametrize("kind", ["mixed_patients", "no_position", "nonsense"])
def test_what_cannot_be_accepted_is_refused_by_name(tmp_path, kind):
    write(tmp_path, slices())
    with pytest.raises(DicomError, match=f"{kind} .* can be accepted are duplicate_slice"):
        load(tmp_path, kind)


def test_a_file_that_changed_since_the_scan_is_refused(tmp_path):
    write(tmp_path, slices())
    (found,) = io.scan(tmp_path).series
    other = write(tmp_path / "other", slices(), SOPInstanceUID="9.9")
    (next(iter(other.iterdir()))).replace(found.files[4])
    with pytest.raises(DicomError, match="has changed since"):
        io.load_series(found)
    found.files[4].unlink()
    with pytest.raises(DicomError, match="cannot be read any more"):
        io.load_series(found)


def test_an_enormous_header_is_refused_before_memory_is_taken(tmp_path):
    write(tmp_path, slices())
    (found,) = io.scan(tmp_path).series
    from dataclasses import replace

    huge = tuple(replace(header, rows=40000, columns=40000) for header in found.headers)
    with pytest.raises(DicomError, match="more than 8 GiB"):
        io.load_series(replace(found, headers=huge))


def test_loading_tells_its_progress_and_can_be_cancelled(tmp_path):
    folder = write(tmp_path, slices())
    told = []
    load(folder, report=lambda fraction, message: told.append((fraction, message)))
    assert len(told) >= 9
    assert [f for f, _ in told] == sorted(f for f, _ in told)

    def stop(fraction, message):
        if fraction > 0.4:
            raise Cancelled(message)

    with pytest.raises(Cancelled):
        load(folder, report=stop)


def test_a_thumbnail_shows_the_middle_slice_with_square_pixels(tmp_path):
    images = slices()
    for image in images:
        image.pixels = np.full((12, 10), -1000)
        image.pixels[:, 5:] = 500
    (found,) = io.scan(write(tmp_path, images)).series
    picture = io.thumbnail(found, 64)
    assert picture.dtype == np.uint8
    assert picture.shape == (64, round(64 * 10 * 0.4 / (12 * 0.7)))
    assert picture[:, 2].max() == 0
    assert picture[:, -3].min() == 255


@pytest.mark.parametrize("gone", ["Rows", "Columns"])
def test_a_thumbnail_of_a_picture_without_a_size_is_refused(tmp_path, gone):
    write(tmp_path, slices()[:1])
    (path,) = tmp_path.iterdir()
    dataset = pydicom.dcmread(path)
    del dataset[gone]
    dataset.save_as(path)
    with pytest.raises(DicomError, match="how many pixels"):
        io.thumbnail(io.scan(tmp_path).series[0])


def test_a_thumbnail_of_broken_pixels_is_refused(tmp_path):
    write(tmp_path, slices())
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DicomError, match="cannot be decoded"):
        io.thumbnail(io.scan(tmp_path).series[0])


@pytest.mark.parametrize(
    ("manufacturer", "vendor"),
    [
        ("SIEMENS", "Siemens"), ("Siemens Healthineers", "Siemens"), ("GE MEDICAL SYSTEMS", "GE"),
        ("TOSHIBA_MEC", "Canon"), ("Philips Medical Systems", "Philips"), ("Muster^Anna", "other"),
        ("Georg AG", "other"), ("", ""),
    ],
)  # fmt: skip
def test_the_vendor_is_one_of_a_few_names_and_never_the_text_of_the_header(manufacturer, vendor):
    assert vendor_of(manufacturer) == vendor
