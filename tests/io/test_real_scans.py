"""Scans of real patients and real scanners come in exactly, or are refused by name."""

import csv
import hashlib
from collections import Counter
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pydicom
import pytest

from surgiplan import io
from surgiplan.errors import DicomError


@pytest.fixture(scope="module")
def torso(shared_data):
    found = io.scan(shared_data / "ct-torso-dicom-acrin042")
    return {series.modality: series for series in found.series if series.is_volume}


def corner_error_mm(series, volume):
    """Largest distance of a slice's corners from where its own header puts them."""
    worst = 0.0
    for k, path in enumerate(series.files):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        position = np.array(header.ImagePositionPatient, float)
        rows_mm, columns_mm = map(float, header.PixelSpacing)
        right, down = np.array(header.ImageOrientationPatient, float).reshape(2, 3)
        for j in (0, header.Rows - 1):
            for i in (0, header.Columns - 1):
                true = position + down * rows_mm * j + right * columns_mm * i
                worst = max(worst, np.linalg.norm(volume.grid.to_lps([k, j, i]) - true))
    return worst


def test_the_torso_ct_lies_where_its_headers_say_and_its_padding_is_air(torso, shared_data):
    series = torso["CT"]
    assert series.problems == ()
    assert series.spacing_mm == pytest.approx((3.27, 0.976562, 0.976562), abs=1e-4)
    volume, patient = io.load_series(series)
    assert volume.grid.shape == (135, 512, 512)
    assert (volume.values.dtype, volume.unit) == (np.int16, "HU")
    assert (volume.values.min(), volume.values.max()) == (-1024, 1402)
    assert corner_error_mm(series, volume) < 1e-4
    assert "outside the scan" in volume.source.remarks[0]
    assert (patient.sex, patient.age_years) == ("M", 69.0)
    manifest = manifest_hashes(shared_data)
    for k in (0, 67, 134):
        stored = pydicom.dcmread(series.files[k])
        assert (
            manifest[f"ct-torso-dicom-acrin042/ct/{series.files[k].name}"]
            == hashlib.sha1(stored.pixel_array.tobytes()).hexdigest()[:12]
        )
        assert np.array_equal(volume.values[k], np.maximum(stored.pixel_array, -1024))


def manifest_hashes(shared_data):
    with (shared_data / "DICOM_MANIFEST.csv").open() as file:
        return {row["file"]: row["sha"] for row in csv.DictReader(file)}


def test_the_pet_with_steps_of_327_and_329_is_even_enough(torso):
    series = torso["PT"]
    assert series.problems == ()
    volume, _ = io.load_series(series)
    assert volume.unit == "Bq/mL"
    assert volume.values.dtype == np.float32
    assert corner_error_mm(series, volume) < 0.02
    k = 60
    stored = pydicom.dcmread(series.files[k])
    expected = stored.pixel_array * float(stored.RescaleSlope)
    assert np.allclose(volume.values[k], expected, rtol=1e-6)


def test_an_abdomen_without_uids_in_jpeg_2000_loads(shared_data):
    (series,) = io.scan(shared_data / "ct-abdomen-dicom-totalseg").series
    assert series.problems == ()
    volume, patient = io.load_series(series)
    assert volume.grid.shape == (20, 512, 512)
    assert volume.grid.spacing_mm == pytest.approx((2.0, 0.9765625, 0.9765625))
    assert corner_error_mm(series, volume) < 1e-4
    reference, _ = io.load_volume_file(series.files[0].parent.parent / "example_seg_dicom.nii.gz")
    k, j, i = np.rint(volume.grid.to_index(reference.grid.to_lps(np.argwhere(
        reference.values == 5)))).astype(int).T  # fmt: skip
    liver = volume.values[k, j, i]
    assert np.median(liver) == pytest.approx(100, abs=25), "the liver lies in the liver"
    assert patient.weight_kg == 79


def test_a_tilted_head_with_varying_gaps_is_reported_and_comes_upright(shared_data):
    (series,) = io.scan(shared_data / "dicom-edge/gantry-tilt-varying-gaps-GE").series
    assert [p.kind for p in series.problems] == ["gantry_tilt", "uneven_spacing"]
    assert "18.5 degrees" in series.problems[0].detail
    with pytest.raises(DicomError, match="gantry_tilt"):
        io.load_series(series)
    volume, _ = io.load_series(series, ["gantry_tilt", "uneven_spacing"])
    # A slice that lies on the new grid must be found there, shifted by its tilt.
    last = pydicom.dcmread(series.files[-1])
    row = np.array(last.ImagePositionPatient) + np.outer(
        np.arange(100, 400) * float(last.PixelSpacing[1]), last.ImageOrientationPatient[:3]
    ) + 250 * float(last.PixelSpacing[0]) * np.array(last.ImageOrientationPatient[3:])  # fmt: skip
    k, j, i = volume.grid.to_index(row).T
    assert np.allclose(k, volume.grid.shape[0] - 1, atol=1e-6)
    low = np.floor(j + 1e-6).astype(int)
    part = j - low
    plane = volume.values[-1]
    columns = np.rint(i).astype(int)
    found = plane[low, columns] * (1 - part) + plane[low + 1, columns] * part
    stored = last.pixel_array[250, 100:400] * float(last.RescaleSlope) + float(
        last.RescaleIntercept
    )
    assert np.corrcoef(found, np.maximum(stored, -1024))[0, 1] > 0.97


TRAPS = {
    "failing/gantrytilting": ["gantry_tilt"],
    "failing/sliceincrement": ["gantry_tilt", "missing_slice"],
    "failing/sliceorientation": ["mixed_spacing", "mixed_orientation"],
    "generic/rgb": ["not_a_volume"],
}


@pytest.mark.parametrize("folder", TRAPS)
def test_a_geometry_trap_is_named_and_refused(shared_data, folder):
    found = io.scan(shared_data / "dicom-edge/geometry-traps-dicom2nifti" / folder)
    (series,) = found.series
    assert [p.kind for p in series.problems] == TRAPS[folder]
    with pytest.raises(DicomError, match=TRAPS[folder][0]):
        io.load_series(series)


MRS = [
    ("generic/anatomical", "001"),
    ("generic/anatomical", "002_non_isotropic"),
    ("philips_enhanced/anatomical", "001"),
    ("siemens_multiframe/anatomical", "001"),
    ("hyperfine/anatomical", "001"),
]


@pytest.mark.parametrize(("where", "name"), MRS)
def test_a_sound_mr_agrees_with_the_nifti_that_others_made_of_it(shared_data, where, name):
    """Two series of one file a slice, three of one file for all frames."""
    folder = shared_data / "dicom-edge/geometry-traps-dicom2nifti" / where
    (series,) = io.scan(folder / name).series
    assert series.problems == ()
    volume, _ = io.load_series(series)
    truth, _ = io.load_volume_file(folder / f"{name}_ground_truth.nii.gz")
    places = np.moveaxis(np.indices(volume.grid.shape), 0, -1).reshape(-1, 3)
    index = truth.grid.to_index(volume.grid.to_lps(places))
    assert np.abs(index - np.rint(index)).max() < 1e-2
    k, j, i = np.rint(index).astype(int).T
    assert np.allclose(truth.values[k, j, i], volume.values.ravel(), atol=1e-3)


def test_one_slice_in_many_transfer_syntaxes_decodes_or_is_refused(shared_data):

    folder = shared_data / "dicom-edge/ct-one-image-15-transfer-syntaxes"
    series = max(io.scan(folder).series, key=lambda series: series.images)
    hashes, refused = Counter(), set()
    for header in series.headers:
        try:
            values = io.stored_values(header)
        except DicomError:
            refused.add(header.transfer_syntax)
            continue
        hashes[hashlib.sha1(values.astype(np.int32).tobytes()).hexdigest()] += 1
    assert hashes.most_common(1)[0][1] >= 10, "all lossless ones are the same slice"
    # Two retired processes of lossy JPEG.
    assert refused == {f"1.2.840.10008.1.2.4.{n}" for n in (53, 55)}


@pytest.mark.parametrize("coding", ["", "_big_endian", "_RLE", "_jpeg_ls_lossless"])
def test_a_frame_alone_is_the_same_as_among_all(shared_data, coding):
    path = shared_data / f"dicom-edge/pydicom-data/emri_small{coding}.dcm"
    header = io.scan(path).series[0].headers[0]
    whole = replace(header, frame=None)
    frames = [io.stored_values(replace(header, frame=n)) for n in (7, 0, 9)]
    assert np.array_equal(frames, io.stored_values(whole)[[7, 0, 9]])
    assert np.array_equal(io.stored_values(whole), pydicom.dcmread(path).pixel_array)


def test_lossy_jpeg_of_12_bits_is_close_to_the_slice_that_it_was_made_of(shared_data):
    folder = shared_data / "dicom-edge/ct-one-image-15-transfer-syntaxes"
    images = [one for series in io.scan(folder).series for one in series.headers]
    known = {one.transfer_syntax: one for one in images if one.name.startswith("CTImage")}
    plain, lossy = known["1.2.840.10008.1.2.1"], known["1.2.840.10008.1.2.4.51"]
    away = [io.stored_values(one) * one.slope + one.intercept for one in (plain, lossy)]
    air = -1024
    difference = np.maximum(away[0], air) - np.maximum(away[1], air)
    assert np.abs(difference).mean() < 5
    assert np.abs(difference).max() < 40


def test_nothing_among_the_malformed_files_stops_the_scan(shared_data):
    root = shared_data / "dicom-edge"
    found = io.scan(root)
    files = sum(path.is_file() for path in root.rglob("*"))
    images = {path for series in found.series for path in series.files}
    assert len(images) + len(found.ignored) == files
    for series in found.series:
        assert {problem.kind for problem in series.problems} <= set(io.PROBLEM_KINDS)
        if series.is_volume:
            assert series.spacing_mm is not None
        with suppress(DicomError):
            assert max(io.thumbnail(series, 32).shape) == 32
