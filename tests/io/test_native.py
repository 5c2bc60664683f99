"""Uncompressed pixels mean what their header says, however they are stored."""

import itertools
import subprocess
import sys

import numpy as np
import pydicom
import pytest
from series_on_disk import header, slices, write

from surgiplan import io

MR = "1.2.840.10008.5.1.4.1.1.4"
IMPLICIT, EXPLICIT, BIG = (f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".2"))
STORAGE = [
    (syntax, bits, stored, signed)
    for syntax, (bits, stored), signed in itertools.product(
        (IMPLICIT, EXPLICIT, BIG), ((8, 8), (16, 16), (16, 12), (32, 32), (32, 20)), (0, 1)
    )
    if not (syntax == BIG and bits == 8)
]
MEANING = [(1, -1024), (1, 0), (2, -1), (0.25, 3.5), (1, 300), (1, -30000)]


def stored(bits, stored_bits, signed, seed):
    """Stored values over the whole range, (7, 5), and how they lie in memory with dirt above."""
    rng = np.random.default_rng(seed)
    low = -(1 << (stored_bits - 1)) if signed else 0
    values = rng.integers(low, low + (1 << stored_bits), (7, 5))
    values[0, :2] = low, low + (1 << stored_bits) - 1
    dirt = rng.integers(0, 1 << (bits - stored_bits), (7, 5)) << stored_bits
    return values, (values & ((1 << stored_bits) - 1)) | dirt


@pytest.mark.parametrize(("syntax", "bits", "stored_bits", "signed"), STORAGE)
def test_each_way_to_store_a_value_gives_that_value(tmp_path, syntax, bits, stored_bits, signed):
    for n, (slope, intercept) in enumerate(MEANING):
        planes = []
        for k in range(2):
            image = header(k)
            image.SOPClassUID, image.Modality = MR, "MR"
            image.file_meta.MediaStorageSOPClassUID = MR
            image.file_meta.TransferSyntaxUID = syntax
            image.ImagePositionPatient, image.ImageOrientationPatient = (
                [0, 0, k],
                [1, 0, 0, 0, 1, 0],
            )
            image.Rows, image.Columns = 7, 5
            image.BitsAllocated, image.BitsStored, image.HighBit = (
                bits,
                stored_bits,
                stored_bits - 1,
            )
            image.PixelRepresentation = signed
            image.RescaleSlope, image.RescaleIntercept = slope, intercept
            values, memory = stored(bits, stored_bits, signed, seed=k)
            planes.append(values)
            order = ">" if syntax == BIG else "<"
            raw = memory.astype(f"{order}u{bits // 8}").tobytes()
            image.add_new("PixelData", "OW" if bits > 8 else "OB", raw + b"\0" * (len(raw) % 2))
            folder = tmp_path / str(n)
            folder.mkdir(exist_ok=True)
            image.save_as(folder / f"{k}.dcm", enforce_file_format=True)
        (found,) = io.scan(folder).series
        for one, values in zip(found.headers, planes, strict=True):
            assert np.array_equal(io.stored_values(one), values)
            with one.open() as file:
                assert np.array_equal(pydicom.dcmread(file).pixel_array, values)
        volume, _ = io.load_series(found)
        meant = np.array(planes, float) * slope + intercept
        is_short = np.all(meant == np.rint(meant)) and meant.min() >= -32768 and meant.max() < 32768
        assert volume.values.dtype == (np.int16 if is_short else np.float32)
        assert np.array_equal(volume.values, meant.astype(np.float32))


@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize(("padding", "limit"), [(None, None), (-2000, None), (3900, 3990)])
def test_air_and_padding_of_a_ct_are_the_same_fast_and_slow(tmp_path, signed, padding, limit):
    rng = np.random.default_rng(5)
    intercept = 0 if signed else -2048
    images = slices(rng.integers(-2040, 4000, (4, 12, 10)).astype(np.int16))
    tags = {"PixelRepresentation": signed, "RescaleIntercept": intercept}
    if padding is not None:
        tags["PixelPaddingValue"] = padding - intercept
    if limit is not None:
        tags["PixelPaddingRangeLimit"] = limit - intercept
    volume, _ = io.load_series(io.scan(write(tmp_path, images, **tags)).series[0])
    meant = np.array([image.pixels for image in images], int)
    outside = meant < -1024
    if padding is not None:
        outside |= (meant >= padding) & (meant <= (limit or padding))
    assert np.array_equal(volume.values, np.where(outside, -1024, meant))
    (remark,) = volume.source.remarks
    assert f"{outside.sum()} voxels" in remark


PEAK = """
import sys
from surgiplan import io
(found,) = io.scan(sys.argv[1]).series
warm = io.load_series(io.scan(sys.argv[2]).series[0])
def peak_kib():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1])
before = peak_kib()
volume, _ = io.load_series(found)
print((peak_kib() - before) * 1024 / volume.values.nbytes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_loading_takes_hardly_more_memory_than_the_volume(tmp_path):
    values = np.zeros((60, 512, 512), np.int16)
    values[:] = np.arange(512)
    folders = write(tmp_path / "large", slices(values)), write(tmp_path / "small", slices())
    answer = subprocess.run(
        [sys.executable, "-c", PEAK, *folders], capture_output=True, text=True, check=True
    )
    assert 0.5 < float(answer.stdout) <= 1.1
