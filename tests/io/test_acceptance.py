"""A problem that can be mended says how; what does not belong is left out only when few."""

import numpy as np
import pytest
from series_on_disk import Slice, body, slices, write

from surgiplan import io
from surgiplan.errors import DicomError


def only_series(folder):
    (found,) = io.scan(folder).series
    return found


def kinds(found):
    return [problem.kind for problem in found.problems]


def scout():
    (image,) = slices(np.zeros((1, 12, 10), np.int16), np.eye(3))
    image.tags["ImageType"] = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    return image


def other_frame():
    (image,) = slices(np.zeros((1, 12, 10), np.int16))
    image.tags["FrameOfReferenceUID"] = "1.2.3.4"
    return image


def coronal():
    (image,) = slices(np.zeros((1, 12, 10), np.int16))
    image.tags["ImageOrientationPatient"] = [1, 0, 0, 0, 0, -1]
    return image


def coarse():
    (image,) = slices(np.zeros((1, 12, 10), np.int16))
    image.tags["PixelSpacing"] = [0.8, 0.8]
    return image


STRANGERS = {
    "not_a_volume": scout,
    "foreign_frame": other_frame,
    "mixed_orientation": coronal,
    "mixed_spacing": coarse,
}


@pytest.mark.parametrize("kind", STRANGERS)
@pytest.mark.parametrize("count", [1, 3])
def test_images_that_do_not_belong_are_left_out_once_that_is_accepted(tmp_path, kind, count):
    strangers = [STRANGERS[kind]() for _ in range(count)]
    found = only_series(write(tmp_path, [*slices(), *strangers]))
    assert kinds(found) == [kind]
    assert (found.is_volume, found.shape_kji) == (True, (9, 12, 10))
    assert found.problems[0].action.startswith("leave out the")
    with pytest.raises(DicomError, match=f"--accept {kind}"):
        io.load_series(found)
    volume, _ = io.load_series(found, [kind])
    assert np.array_equal(volume.values, body())
    assert volume.source.accepted == (kind,)
    assert "were left out: image" in volume.source.remarks[0]


@pytest.mark.parametrize("kind", STRANGERS)
def test_half_a_series_is_never_left_out(tmp_path, kind):
    strangers = [STRANGERS[kind]() for _ in range(9)]
    found = only_series(write(tmp_path, [*slices(), *strangers]))
    assert kinds(found) == [kind]
    assert not found.is_volume
    assert found.problems[0].action == ""
    with pytest.raises(DicomError, match=kind) as refusal:
        io.load_series(found, [kind])
    assert "--accept" not in str(refusal.value)


def test_all_problems_of_a_series_are_named_at_once(tmp_path):
    images = slices(np.zeros((20, 12, 10), np.int16))
    del images[11]
    images += [scout(), other_frame(), coronal(), coarse()]
    images.append(Slice(images[2].pixels, images[2].position, dict(images[2].tags)))
    expected = {*STRANGERS, "missing_slice", "duplicate_slice"}
    found = only_series(write(tmp_path, images))
    assert set(kinds(found)) == expected
    for left in expected:
        with pytest.raises(DicomError, match=f"--accept {left}"):
            io.load_series(found, expected - {left})
    volume, _ = io.load_series(found, expected)
    assert volume.grid.shape == (20, 12, 10)


def test_a_slice_that_is_cut_off_leaves_a_gap_that_has_to_be_accepted_too(tmp_path):
    write(tmp_path, slices())
    victim = sorted(tmp_path.iterdir())[0]
    number = next(n for n, h in enumerate(only_series(tmp_path).headers) if h.path == victim)
    victim.write_bytes(victim.read_bytes()[:-20])
    found = only_series(tmp_path)
    if number in (0, 8):
        assert kinds(found) == ["truncated"]
    else:
        assert kinds(found) == ["truncated", "missing_slice"]
        with pytest.raises(DicomError, match="missing_slice"):
            io.load_series(found, ["truncated"])
    volume, _ = io.load_series(found, ["truncated", "missing_slice"])
    assert volume.source.accepted == tuple(kinds(found))


def test_a_truncated_copy_is_left_out_without_a_gap(tmp_path):
    write(tmp_path, slices())
    victim = sorted(tmp_path.iterdir())[4]
    (tmp_path / "again").write_bytes(victim.read_bytes()[:-20])
    found = only_series(tmp_path)
    assert kinds(found) == ["truncated"]
    volume, _ = io.load_series(found, ["truncated"])
    assert np.array_equal(volume.values, body())


@pytest.mark.parametrize("degrees", [12, -14.5, 17, -20])
@pytest.mark.parametrize("even", [True, False])
def test_a_tilted_gantry_is_named_and_every_voxel_comes_where_its_header_says(
    tmp_path, degrees, even
):
    """A field that grows evenly along the patient's axes shows to 1e-4 mm where a voxel lies."""
    steps = np.full(10, 1.2) if even else np.array([1.2, 1.9, 1.1, 1.2, 1.4, 1.0, 1.8, 1.2, 1.3, 1])
    slope = np.array([20.0, 500.0, 300.0])
    images = slices(np.zeros((11, 24, 10), np.int16))
    j, i = np.meshgrid(np.arange(24), np.arange(10), indexing="ij")
    heights = np.concatenate([[0], np.cumsum(steps)])
    shifts = heights * np.tan(np.radians(degrees))
    for image, height, shift in zip(images, heights, shifts, strict=True):
        image.position = np.array([-3.0, shift - 4, height + 50])
        places = image.position + np.stack([i * 0.4, j * 0.7, 0 * i], -1)
        # Exact values: stored whole, with a slope of a millionth of the range.
        image.pixels = np.rint((places @ slope) * 1000).astype(np.int64)
    results = []
    for sign in (1, -1):
        folder = tmp_path / str(sign)
        write_fine(folder, images, GantryDetectorTilt=sign * degrees)
        found = only_series(folder)
        assert kinds(found) == ["gantry_tilt"] + ([] if even else ["uneven_spacing"])
        assert f"{abs(degrees):.1f} degrees" in found.problems[0].detail
        results.append(io.load_series(found, kinds(found))[0])
    volume, other = results
    assert volume.sha256 == other.sha256, "the tilt tag says nothing"
    places = volume.grid.to_lps(np.moveaxis(np.indices(volume.grid.shape), 0, -1))
    inside = volume.values > volume.values.min()
    assert inside.sum() > 11 * 24 * 10 * 0.6
    error_mm = np.abs(volume.values - places @ slope)[inside] / np.linalg.norm(slope)
    assert error_mm.max() < 1e-4


def write_fine(folder, images, **tags):
    """Write 32-bit MR slices whose values are thousandths."""
    from series_on_disk import header

    folder.mkdir()
    for n, image in enumerate(images):
        dataset = header(n)
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = (
            "1.2.840.10008.5.1.4.1.1.4"
        )
        dataset.Modality, dataset.BitsAllocated, dataset.BitsStored = "MR", 32, 32
        dataset.HighBit, dataset.PixelRepresentation = 31, 1
        dataset.RescaleSlope, dataset.RescaleIntercept = "0.001", 0
        dataset.ImagePositionPatient = [float(f"{x:.9f}") for x in image.position]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.Rows, dataset.Columns = image.pixels.shape
        for name, value in tags.items():
            setattr(dataset, name, value)
        dataset.PixelData = image.pixels.astype("<i4").tobytes()
        dataset.save_as(folder / f"image{n}", enforce_file_format=True)
