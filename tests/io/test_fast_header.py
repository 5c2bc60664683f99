"""The fast header reader says what pydicom says, or leaves the file to pydicom."""

from collections import Counter

import numpy as np
import pytest
from pydicom.sequence import Sequence
from series_on_disk import header, slices, write

from surgiplan import io
from surgiplan.io.dicom.headers import HeaderReader, Ignored, read_headers

SALT = b"salt for a test"


def told(read, *arguments):
    """What a reader says of a file: its headers, or why it is none."""
    try:
        return read(*arguments)
    except Ignored as why:
        return str(why)


def how_many_agree(paths):
    """How many files were read which way; all of them as pydicom reads them."""
    ways = Counter()
    reader = HeaderReader(SALT)
    for path in paths:
        ours, theirs = told(reader.read, path), told(read_headers, path, SALT)
        assert ours == theirs, path
        ways["ignored" if isinstance(ours, str) else ours[0].read_by] += 1
    return ways


def test_both_readers_say_the_same_of_every_real_file(shared_data):
    ways = how_many_agree(sorted(p for p in shared_data.rglob("*") if p.is_file()))
    assert ways["fast"] > 350
    assert ways["pydicom"] > 50


@pytest.mark.parametrize("seed", range(4))
def test_both_readers_say_the_same_of_damaged_files(shared_data, tmp_path, seed):
    random = np.random.default_rng(seed)
    folders = ("dicom-edge/pydicom-small", "dicom-edge/ct-one-image-15-transfer-syntaxes")
    originals = [p for f in folders for p in sorted((shared_data / f).rglob("*")) if p.is_file()]
    for n in range(100):
        content = bytearray(originals[random.integers(len(originals))].read_bytes()[: 1 << 16])
        for at in random.integers(128, max(min(len(content), 3000), 129), random.integers(1, 6)):
            content[at % len(content)] = random.integers(256)
        (tmp_path / str(n)).write_bytes(content[: random.integers(140, 1 << 16)])
    assert how_many_agree(sorted(tmp_path.iterdir())).total() == 100


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"])
def test_headers_that_differ_anywhere_are_not_mistaken_for_each_other(tmp_path, syntax):
    """What the reader remembers of one file must never leak into the next."""
    random = np.random.default_rng(7)
    images = slices(np.zeros((60, 4, 4), np.int16))
    for n, image in enumerate(images):
        choices = {
            "PatientID": f"ZZ-{random.integers(3)}",
            "SeriesDescription": "x" * random.integers(0, 9),
            "PixelSpacing": [0.7, [0.4, 0.45, 10][random.integers(3)]],
            "EchoTime": [None, "", 12.5][random.integers(3)],
            "PixelPaddingValue": [None, 0, 63536][random.integers(3)],
            "WindowWidth": [400, [400, 1500], ""][random.integers(3)],
            "RescaleSlope": [1, 0.25][random.integers(2)],
            "ConvolutionKernel": ["B30f", ["B30f", "3"]][random.integers(2)],
        }
        image.tags |= {tag: value for tag, value in choices.items() if value is not None}
        if n % 3 == 0:
            nested = header(n)
            nested.OtherPatientIDsSequence = Sequence([header(n + 1)])
            image.tags["ReferencedImageSequence"] = Sequence([nested])
    write(tmp_path, images, syntax=syntax)
    ways = how_many_agree(sorted(tmp_path.iterdir()))
    assert ways["fast"] >= 55


def test_values_inside_sequences_and_private_blobs_are_not_the_image_s_own(tmp_path):
    image = slices()[0]
    inner = header(5)
    inner.Rows, inner.PatientID = 999, "another"
    image.tags["ReferencedImageSequence"] = Sequence([inner])
    folder = write(tmp_path, [image])
    (found,) = HeaderReader(SALT).read(next(folder.iterdir()))
    assert (found.rows, found.read_by) == (12, "fast")


def test_rows_that_are_no_16_bit_number_are_refused(tmp_path):
    folder = write(tmp_path, slices())
    victim = next(folder.iterdir())
    rows = b"\x28\x00\x10\x00US\x02\x00\x0c\x00"
    content = victim.read_bytes()
    assert rows in content
    victim.write_bytes(content.replace(rows, b"\x28\x00\x10\x00UL\x04\x00\x0c\x00\x01\x00"))
    found = io.scan(folder)
    assert [reason for _, reason in found.ignored] == ["damaged DICOM header (Rows is no US)"]


def test_sequences_nested_without_end_are_given_up(tmp_path):
    write(tmp_path, slices()[:1])
    victim = next(tmp_path.iterdir())
    start, rest = victim.read_bytes().split(b"\x10\x00\x10\x00PN", 1)
    nest = b"\x08\x00\x40\x11SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    victim.write_bytes(start + nest * 5000 + b"\x10\x00\x10\x00PN" + rest)
    found = io.scan(tmp_path)
    assert found.series == ()
    assert "nested without end" in found.ignored[0][1]


def test_a_scan_says_how_its_files_were_read(tmp_path):
    images = slices()
    write(tmp_path / "a", images[:6])
    write(tmp_path / "b", images[6:], syntax="1.2.840.10008.1.2.1.99")
    (series,) = io.scan(tmp_path).series
    assert series.read_by == {"fast": 6, "pydicom": 3}
    assert (series.images, series.problems) == (9, ())


@pytest.mark.parametrize("blob", [100, 30_000, 3_000_000])
def test_private_blobs_of_any_size_are_stepped_over(tmp_path, blob):
    images = slices()
    for n, image in enumerate(images):
        image.tags["ReferencedImageSequence"] = Sequence([header(n)])
    write(tmp_path, images, IconImageSequence=Sequence([icon(blob)]))
    assert how_many_agree(sorted(tmp_path.iterdir())) == {"fast": 9}


def icon(size):
    dataset = header(99)
    dataset.add_new(0x00291010, "OB", bytes(size))
    return dataset


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"])
def test_a_header_of_elements_without_end_is_given_up(tmp_path, monkeypatch, syntax):
    monkeypatch.setattr("surgiplan.io.dicom.elements._MOST_CHUNKS", 8)
    monkeypatch.setattr("surgiplan.io.dicom.headers._MOST_READS", 1 << 12)
    write(tmp_path, slices()[:1], syntax="1.2.840.10008.1.2.1")
    victim = next(tmp_path.iterdir())
    start, rest = victim.read_bytes().split(b"\x10\x00\x10\x00PN", 1)
    tiny = b"\x09\x00\x10\x10LO\x00\x00" * (1 << 16)
    if syntax.endswith("2.2"):
        start = start.replace(b"1.2.840.10008.1.2.1\0", syntax.encode() + b"\0")
        at = start.index(b"\x08\x00", 200)
        start, tiny = start[:at], b"\x00\x09\x10\x10LO\x00\x00" * (1 << 16)
    victim.write_bytes(start + tiny + b"\x10\x00\x10\x00PN" + rest)
    found = io.scan(tmp_path)
    assert found.series == ()
    assert "elements without end" in found.ignored[0][1]


def test_what_is_remembered_does_not_grow_with_the_number_of_files(tmp_path):
    from surgiplan.io.dicom.fast_header import FastReader

    folder = write(tmp_path, slices())
    content = next(folder.iterdir()).read_bytes()
    reader = FastReader(SALT)
    for n in range(6000):
        own = content.replace(b"ZZ-4711 ", b"%08d" % n)
        reader.read(folder / "x", own, len(own), lambda at, count: b"")
    assert max(map(len, (reader._shared, reader._marks, reader._levels))) <= 4096
