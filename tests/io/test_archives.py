"""A ZIP archive is looked into without unpacking it, and cannot harm whoever looks."""

import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from series_on_disk import body, slices, write
from test_multiframe import write_enhanced

from surgiplan import io
from surgiplan.errors import DicomError

STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED


def packed(folder, path, how=DEFLATED, inside="study/ct"):
    with zipfile.ZipFile(path, "w", how) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{inside}/{file.name}")
    return path


def reasons(found):
    return {path.name: reason for path, reason in found.ignored}


@pytest.mark.parametrize("how", [STORED, DEFLATED])
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"])
def test_a_series_in_an_archive_is_the_series_in_a_folder(tmp_path, how, syntax):
    folder = write(tmp_path / "ct", slices(), syntax=syntax)
    (plain,) = io.scan(folder).series
    archive = packed(folder, tmp_path / "ct.zip", how)
    before = sorted(tmp_path.rglob("*"))
    (found,) = io.scan(archive).series
    assert (found.uid, found.problems, found.shape_kji) == (plain.uid, (), plain.shape_kji)
    assert found.files == (archive,)
    assert sum(found.read_by.values()) == 9
    assert io.load_series(found)[0].sha256 == io.load_series(plain)[0].sha256
    assert sorted(tmp_path.rglob("*")) == before, "nothing is unpacked"
    assert io.thumbnail(found).any()


@pytest.mark.parametrize("how", [STORED, DEFLATED])
def test_a_multi_frame_file_in_an_archive_loads(tmp_path, how):
    write_enhanced(tmp_path / "in" / "ct", slices())
    (found,) = io.scan(packed(tmp_path / "in", tmp_path / "ct.zip", how)).series
    assert np.array_equal(io.load_series(found)[0].values, body())


def test_a_real_compressed_series_in_an_archive_is_the_same_volume(shared_data, tmp_path):
    folder = shared_data / "ct-abdomen-dicom-totalseg" / "example_ct_dicom"
    (plain,) = io.scan(folder).series
    (found,) = io.scan(packed(folder, tmp_path / "ct.zip")).series
    assert found.problems == ()
    assert io.load_series(found)[0].sha256 == io.load_series(plain)[0].sha256


def test_only_headers_are_inflated_to_look_into_an_archive(tmp_path):
    folder = write(tmp_path / "ct", slices(np.zeros((4, 1500, 1500), np.int16)))
    archive = packed(folder, tmp_path / "ct.zip")
    tracemalloc.start()
    found = io.scan(archive)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.series[0].images == 4
    assert peak < 1_000_000


def test_what_else_lies_in_an_archive_is_named(tmp_path):
    write(tmp_path / "ct", slices())
    archive = packed(tmp_path / "ct", tmp_path / "ct.zip")
    with zipfile.ZipFile(archive, "a") as more:
        more.writestr("a/brain.nii.gz", b"\x1f\x8b" + bytes(400))
        more.writestr("a/note.txt", "hello")
        more.writestr("inner.zip", b"PK\3\4" + bytes(100))
        more.writestr("empty", b"")
        more.writestr("bzip2", bytes(100), zipfile.ZIP_BZIP2)
        more.writestr("folder/", b"")
    found = io.scan(archive)
    assert found.series[0].problems == ()
    assert reasons(found).keys() == {"brain.nii.gz", "note.txt", "inner.zip", "empty", "bzip2"}
    assert "archive within an archive" in reasons(found)["inner.zip"]
    assert "volume file" in reasons(found)["brain.nii.gz"]


def test_an_encrypted_member_is_named(tmp_path):
    archive = packed(write(tmp_path / "ct", slices()), tmp_path / "ct.zip")
    content = bytearray(archive.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    archive.write_bytes(content)
    found = io.scan(archive)
    assert [reason for _, reason in found.ignored] == [
        "encrypted in its archive; unpack it with its password first"
    ]
    assert found.series[0].images == 8


def test_names_that_lead_elsewhere_do_no_harm(tmp_path):
    folder = write(tmp_path / "in" / "ct", slices())
    archive = packed(folder, tmp_path / "in" / "ct.zip", inside="../../..//etc")
    before = sorted(tmp_path.rglob("*"))
    (found,) = io.scan(archive).series
    assert np.array_equal(io.load_series(found)[0].values, body())
    assert sorted(tmp_path.rglob("*")) == before


def test_a_damaged_member_is_not_taken_for_a_slice(tmp_path):
    """Its bytes inflate to a slice of the right length; only the checksum knows."""
    archive = packed(write(tmp_path / "ct", slices()), tmp_path / "ct.zip", STORED)
    content = archive.read_bytes()
    pixels = body()[4].astype(np.int32) + 1024
    assert content.count(pixels.astype("<u2").tobytes()) == 1
    changed = pixels.copy()
    changed[3, 3] += 500
    archive.write_bytes(
        content.replace(pixels.astype("<u2").tobytes(), changed.astype("<u2").tobytes())
    )
    (found,) = io.scan(archive).series
    with pytest.raises(DicomError, match="cannot be read any more"):
        io.load_series(found)


def test_a_truncated_archive_is_named(tmp_path):
    archive = packed(write(tmp_path / "ct", slices()), tmp_path / "ct.zip")
    archive.write_bytes(archive.read_bytes()[:-30])
    found = io.scan(archive)
    assert found.series == ()
    assert "damaged ZIP archive" in found.ignored[0][1]


def directory_entry(name, offset, size, packed_size, how=8):
    return struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, how, 0, 0, 0, packed_size, size, len(name), 0, 0,
        0, 0, 0, offset,
    ) + name  # fmt: skip


def archive_of(local, entries, count=None):
    directory = b"".join(entries)
    count = len(entries) if count is None else count
    return local + directory + struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(local), 0
    )  # fmt: skip


def local_member(name, data):
    return struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, 0, 0, 0, len(name), 0) + name + data


def bomb(kind):
    zeros = zlib.compressobj(9, wbits=-15)
    data = zeros.compress(bytes(1 << 24)) + zeros.flush()
    local = local_member(b"a", data)
    if kind == "ratio":
        return archive_of(local, [directory_entry(b"a", 0, 1 << 30, len(data))])
    if kind == "total":
        filler = bytes(200 << 10)
        entries = [directory_entry(b"%d" % n, 0, 1 << 30, 0) for n in range(20)]
        return archive_of(local + filler, entries)
    if kind == "overlap":
        return archive_of(local, [directory_entry(b"%d" % n, 0, 99, len(data)) for n in range(9)])
    return archive_of(local, [directory_entry(b"%d" % n, 0, 0, 0) for n in range(20_001)])


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("ratio", "beyond all reason"), ("total", "16 GiB"), ("overlap", "overlap"),
        ("members", "20000 files"),
    ],
)  # fmt: skip
def test_a_bomb_is_refused_before_anything_is_inflated(tmp_path, kind, words):
    path = tmp_path / "bomb.zip"
    path.write_bytes(bomb(kind))
    tracemalloc.start()
    found = io.scan(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.series == ()
    assert words in found.ignored[0][1]
    assert peak < 100 << 20


def test_a_member_that_inflates_beyond_its_size_is_cut_there(tmp_path):
    """The directory says 300 bytes, the data hold 16 MiB."""
    zeros = zlib.compressobj(9, wbits=-15)
    data = zeros.compress(bytes(128) + b"DICM" + bytes(1 << 24)) + zeros.flush()
    path = tmp_path / "liar.zip"
    path.write_bytes(
        archive_of(local_member(b"a", data), [directory_entry(b"a", 0, 300, len(data))])
    )
    tracemalloc.start()
    found = io.scan(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.series == ()
    assert peak < 2 << 20


@pytest.mark.parametrize("seed", range(30))
def test_an_archive_damaged_anywhere_never_stops_the_scan(tmp_path, seed):
    archive = packed(write(tmp_path / "ct", slices()[:3]), tmp_path / "ct.zip")
    random = np.random.default_rng(seed)
    content = bytearray(archive.read_bytes())
    for at in random.integers(4, len(content), 6):
        content[at] = random.integers(256)
    archive.write_bytes(content)
    found = io.scan(archive)
    assert found.series or found.ignored


def test_an_archive_in_a_folder_is_named_and_left_alone(tmp_path):
    write(tmp_path / "ct", slices())
    packed(tmp_path / "ct", tmp_path / "ct" / "again.zip")
    found = io.scan(tmp_path)
    assert found.series[0].images == 9
    assert "choose it by itself" in reasons(found)["again.zip"]


def test_folders_files_and_archives_can_be_looked_into_together(tmp_path):
    images = slices()
    first, rest = write(tmp_path / "a", images[:1]), write(tmp_path / "b", images[1:5])
    folder = write(tmp_path / "c", images[5:])
    for n, one in enumerate((rest, folder)):
        for file in sorted(one.iterdir()):
            dataset = __import__("pydicom").dcmread(file)
            dataset.SOPInstanceUID = f"{dataset.SOPInstanceUID}.{n}"
            dataset.save_as(file)
    paths = [*first.iterdir(), packed(rest, tmp_path / "b.zip"), folder, folder]
    (found,) = io.scan(paths).series
    assert (found.images, found.problems) == (9, ())
    assert np.array_equal(io.load_series(found)[0].values, body())
    assert isinstance(found.files[0], Path)
