"""A DICOMDIR leads to the files of its own folder, and nowhere else."""

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from series_on_disk import slices, write

from surgiplan import io
from surgiplan.io.dicom.quiet import quiet


def directory(path, names):
    """A DICOMDIR that lists files by the parts of their names."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    records = []
    for parts in names:
        record = Dataset()
        record.DirectoryRecordType = "IMAGE" if parts else "PATIENT"
        if parts:
            with quiet():
                record.ReferencedFileID = list(parts)
        records.append(record)
    dataset.DirectoryRecordSequence = Sequence(records)
    with quiet():
        dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def disc(tmp_path):
    """A folder as on a disc, with a scan that the DICOMDIR lists and one that it does not."""
    root = tmp_path / "disc"
    write(root / "images" / "ct", slices())
    write(root / "more", slices(), SeriesInstanceUID="1.2.99")
    return root


def test_the_files_that_a_dicomdir_lists_are_found_whatever_their_case(disc):
    names = [("IMAGES", "CT", file.name.upper()) for file in (disc / "images" / "ct").iterdir()]
    found = io.scan(directory(disc / "DICOMDIR", [(), *names, names[0]]))
    (series,) = found.series
    assert (series.images, series.problems, found.ignored) == (9, (), ())


@pytest.mark.parametrize(
    "parts",
    [
        ("..", "secret"), ("images", "..", "..", "secret"), ("/", "secret"), ("/etc/passwd",),
        ("images/../../secret",), ("C:", "secret"), (".", "images"),
    ],
)  # fmt: skip
def test_a_name_that_leads_out_of_the_folder_is_refused_by_name(disc, parts):
    write(disc.parent / "x", slices()[:1])
    next((disc.parent / "x").iterdir()).replace(disc.parent / "secret")
    found = io.scan(directory(disc / "DICOMDIR", [parts]))
    assert found.series == ()
    ((_, reason),) = found.ignored
    assert "lead out of its folder" in reason


def test_a_link_that_leads_elsewhere_is_refused(disc):
    outside = write(disc.parent / "elsewhere", slices())
    (disc / "LINK").symlink_to(outside)
    (disc / "FILE").symlink_to(next(outside.iterdir()))
    names = [("LINK", file.name) for file in outside.iterdir()]
    found = io.scan(directory(disc / "DICOMDIR", [*names, ("FILE",)]))
    assert found.series == ()
    assert len(found.ignored) == 10
    assert {reason for _, reason in found.ignored} == {
        "named in the DICOMDIR, but a link that leads elsewhere"
    }


def test_a_file_that_is_not_there_is_named(disc):
    found = io.scan(directory(disc / "DICOMDIR", [("IMAGES", "MR", "IM1")]))
    ((path, reason),) = found.ignored
    assert reason == "named in the DICOMDIR, but it is not there"
    assert path.parts[-3:] == ("IMAGES", "MR", "IM1")


def test_in_a_folder_a_dicomdir_is_left_alone(disc):
    directory(disc / "DICOMDIR", [("..", "secret")])
    found = io.scan(disc)
    assert {series.images for series in found.series} == {9}
    assert len(found.series) == 2
    assert "DICOMDIR" in found.ignored[0][1]


def test_a_damaged_dicomdir_is_named(disc):
    path = directory(disc / "DICOMDIR", [("IMAGES",)])
    path.write_bytes(path.read_bytes()[:-30])
    found = io.scan(path)
    assert found.series == ()
    assert found.ignored


def test_real_discs_come_in_as_far_as_their_files_are_there(shared_data):
    root = shared_data / "dicom-edge" / "pydicom-small"
    for path in sorted(root.rglob("DICOMDIR*")):
        found = io.scan(path)
        listed = {file for series in found.series for file in series.files}
        assert all(file.is_relative_to(path.parent) for file in listed)
        assert found.series or found.ignored
    disc = root / "dicomdirtests" / "DICOMDIR"
    found = io.scan(disc)
    records = pydicom.dcmread(disc).DirectoryRecordSequence
    named = {tuple(r.ReferencedFileID) for r in records if "ReferencedFileID" in r}
    images = {file for series in found.series for file in series.files}
    assert len(images) + len(found.ignored) == len(named)
    assert len(images) > 20
