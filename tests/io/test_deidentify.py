"""A copy without identity obeys the standard's table attribute by attribute, and keeps the body."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)
from series_on_disk import body, slices, write

from surgiplan import io
from surgiplan.cli import main
from surgiplan.errors import DicomError

TEXT, DAY, MOMENT, UID = "ZZSECRET", "19130719", "19130719101112", "1.2.826.0.1.5.77.4711"
VALUES = {
    "DA": DAY, "DT": MOMENT, "TM": "101112", "UI": UID, "AS": "071Y", "DS": "4711", "IS": "4711",
    "US": 4711, "SS": 4711, "UL": 4711, "SL": 4711, "FL": 4711.0, "FD": 4711.0, "AT": 0x00100010,
    "OB": b"ZZSECRET", "OW": b"ZZSECRET", "UN": b"ZZSECRET", "CS": "ZZSECRET",
    "UR": "http://zzsecret.org/ZZSECRET",
}  # fmt: skip
LETTERS = {
    "X": "X_TAGS", "Z": "Z_TAGS", "D": "D_TAGS", "U": "U_TAGS", "X/Z": "X_Z_TAGS",
    "Z/D": "Z_D_TAGS", "X/D": "X_D_TAGS", "X/Z/D": "X_Z_D_TAGS", "X/Z/U*": "X_Z_U_STAR_TAGS",
}  # fmt: skip
ONE_BY_ONE = [
    (group << 16 | element, letters)
    for letters, name in LETTERS.items()
    for group, element, *mask in getattr(table, name)
    if not mask and group not in (0, 2)  # commands and the meta header are no part of a dataset
]


BEYOND = [
    (0x00100024, "SQ"), (0x00100033, "LO"), (0x00100034, "LO"), (0x00101022, "DS"),
    (0x00321031, "SQ"), (0x00140104, "PN"), (0x00080404, "DT"), (0x00141020, "DA"),
]  # fmt: skip
"""What tells as much as the attributes of the table and is not in it."""


def value_of(kind):
    if kind != "SQ":
        return VALUES.get(kind, TEXT)
    item = pydicom.Dataset()
    item.PatientComments, item.ReferencedSOPInstanceUID = TEXT, UID
    return [item]


def with_the_whole_table(dataset):
    for tag, _ in ONE_BY_ONE:
        kind = dictionary_VR(tag) if dictionary_has_tag(tag) else "LO"
        dataset.add_new(tag, kind.split(" or ")[0], value_of(kind))
    for tag in (0x50000010, 0x50023000, 0x60000022, 0x60004000, 0x60023000):
        dataset.add_new(tag, "LO" if tag & 0xFFF else "OW", TEXT if tag & 0xFFF else b"ZZSECRET")
    dataset.private_block(0x0029, "ZZSECRET MAKER", create=True).add_new(1, "LO", TEXT)
    for tag, kind in BEYOND:
        dataset.add_new(tag, kind, value_of(kind))
    dataset.add_new(0x00189FFE, "LO", TEXT)  # no dictionary knows it


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory):
    """A CT with every attribute of the table, at the top and in a sequence: before and after."""
    place = tmp_path_factory.mktemp("table")
    write(place / "plain", slices(body()[:1]))
    (file,) = (place / "plain").iterdir()
    dataset = pydicom.dcmread(file)
    inner = pydicom.Dataset()
    with_the_whole_table(inner)
    with_the_whole_table(dataset)
    dataset.SharedFunctionalGroupsSequence = [inner]
    dataset.SOPInstanceUID, dataset.PatientName = UID, "ZZSECRET^Berta"
    dataset.PatientID = "ZZSECRET-4711"
    dataset.Manufacturer = "Made for Mr Zzsecret"
    dataset.file_meta.MediaStorageSOPInstanceUID = UID
    dataset.file_meta.SourceApplicationEntityTitle = "ZZSECRET"
    dataset.preamble = b"ZZSECRET".ljust(128)
    (place / "whole").mkdir()
    dataset.save_as(place / "whole" / "ZZSECRET.dcm", enforce_file_format=True)
    answers = {}
    for dates in ("shift", "remove"):
        done = io.deidentify(place / "whole", place / dates, shift_dates=dates == "shift")
        assert len(done.files) == 1, done.refused
        answers[dates] = (pydicom.dcmread(done.files[0]), done)
    return answers


def is_original(element):
    """Whether a value, wherever it stands in the element, is still what it was."""
    shown = element.to_json()
    return any(text in shown for text in (TEXT, "4711", DAY, "101112", "071Y", "WlpTRUNSRVQ"))


@pytest.mark.parametrize(
    ("tag", "letters"), ONE_BY_ONE, ids=lambda x: f"{x:08X}" if type(x) is int else x
)
def test_each_attribute_is_treated_as_the_table_says(cleaned, tag, letters):
    dataset, _ = cleaned["remove"]
    for place in (dataset, dataset.SharedFunctionalGroupsSequence[0]):
        element = place.get(tag)
        if element is None:
            assert "X" in letters.split("/")
            continue
        assert letters != "X"
        assert not is_original(element), element
        assert not element.is_empty or "Z" in letters.split("/")
        if letters == "U":
            assert element.value.startswith("2.25.")


@pytest.mark.parametrize("tag", [tag for tag, _ in BEYOND], ids=lambda tag: f"{tag:08X}")
def test_what_tells_as_much_is_treated_as_strictly(cleaned, tag):
    dataset, _ = cleaned["remove"]
    for place in (dataset, dataset.SharedFunctionalGroupsSequence[0]):
        assert tag not in place or not is_original(place[tag])


def test_dates_move_by_one_random_time_and_hours_stay(cleaned):
    dataset, _ = cleaned["shift"]
    elements = [dataset.get(tag) for tag, _ in ONE_BY_ONE]
    days = [
        str(e.value)[:8] for e in elements if e is not None and e.VR in ("DA", "DT") and e.value
    ]
    moved = set(days) - {"19000101"}
    assert len(moved) == 1
    assert "1903" < moved.pop() < DAY
    assert dataset.AcquisitionTime == "101112"
    assert dataset.AcquisitionDateTime.endswith("101112")
    assert dataset.PatientBirthDate == ""
    assert "PatientBirthTime" not in dataset
    assert dataset.LongitudinalTemporalInformationModified == "MODIFIED"


def test_the_file_says_what_was_done_to_it(cleaned):
    for dates, codes in (("shift", ["113100", "113107"]), ("remove", ["113100"])):
        dataset, _ = cleaned[dates]
        assert dataset.PatientIdentityRemoved == "YES"
        assert io.PROFILE in dataset.DeidentificationMethod
        sequence = dataset.DeidentificationMethodCodeSequence
        assert [item.CodeValue for item in sequence] == codes
        assert dataset.PatientName == dataset.PatientID
        assert str(dataset.PatientID).startswith("P-")
    assert cleaned["remove"][0].LongitudinalTemporalInformationModified == "REMOVED"


def test_no_byte_and_no_name_of_a_file_tells_who_it_was(cleaned):
    for dataset, done in cleaned.values():
        (file,) = done.files
        content = file.read_bytes()
        for secret in (b"ZZSECRET", b"Zzsecret", b"19130719", UID.encode(), b"Berta"):
            assert secret not in content
        assert content[:128] == bytes(128)
        assert file.name == f"{dataset.SOPInstanceUID}.dcm"


def test_private_and_unknown_attributes_curves_and_overlays_are_gone_at_every_depth(cleaned):
    dataset, done = cleaned["shift"]
    for place in (dataset, dataset.SharedFunctionalGroupsSequence[0]):
        for tag in [element.tag for element in place]:
            assert tag.group % 2 == 0
            assert tag.group & 0xFF00 not in (0x5000, 0x6000)
            assert dictionary_has_tag(tag)
    names = {change.name for change in done.removed}
    assert {"private", "unknown", "PatientName", "Manufacturer"} <= names
    assert {"Rows", "PixelData"} <= {change.name for change in done.kept}


@pytest.mark.parametrize(
    "syntax",
    [
        ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian, RLELossless,
    ],
    ids=lambda uid: uid.name,
)  # fmt: skip
def test_the_body_stays_exactly_as_it_was(tmp_path, syntax):
    before = tmp_path / "before"
    plain = ExplicitVRLittleEndian if syntax == RLELossless else syntax
    write(before, slices(), syntax=plain)
    for file in before.iterdir():
        if syntax == RLELossless:
            dataset = pydicom.dcmread(file)
            dataset.compress(RLELossless, generate_instance_uid=False)
            dataset.save_as(file)
        if syntax == ExplicitVRBigEndian:
            dataset = pydicom.dcmread(file)
            dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
            dataset.save_as(file)
    hashes = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in before.iterdir()}
    done = io.deidentify(before, tmp_path / "after")
    assert len(done.files) == 9
    assert hashes == {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in before.iterdir()}
    pixels = [sorted(pydicom.dcmread(f).PixelData for f in folder.iterdir())
              for folder in (before, tmp_path / "after")]  # fmt: skip
    assert pixels[0] == pixels[1]
    (one,), (other,) = (io.scan(folder).series for folder in (before, tmp_path / "after"))
    (volume, patient), (copy, stranger) = io.load_series(one), io.load_series(other)
    assert copy.sha256 == volume.sha256
    assert np.array_equal(copy.grid.affine, volume.grid.affine)
    assert stranger.pseudonym != patient.pseudonym
    assert (stranger.age_years, stranger.sex) == (None, "")


def test_references_within_the_set_stay_consistent_and_patients_apart(tmp_path):
    for n, (name, series) in enumerate(
        [("Alpha^A", "1.2.1"), ("Alpha^A", "1.2.2"), ("Beta^B", "1.2.3")]
    ):
        write(
            tmp_path / "in" / str(n), slices(), PatientName=name, PatientID=name,
            SeriesInstanceUID=series, StudyInstanceUID=f"1.3.{name[0]}".replace("A", "1").replace(
                "B", "2"), StudyDate=f"202403{n + 1:02d}",
        )  # fmt: skip
    for folder in (tmp_path / "in").iterdir():
        for m, file in enumerate(sorted(folder.iterdir())):
            dataset = pydicom.dcmread(file)
            dataset.SOPInstanceUID = f"1.2.9.{folder.name}.{m}"
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            item = pydicom.Dataset()
            item.ReferencedSOPInstanceUID = f"1.2.9.{folder.name}.0"
            item.ReferencedSOPClassUID = dataset.SOPClassUID
            dataset.SourceImageSequence = [item]
            dataset.save_as(file)
    found = [pydicom.dcmread(f) for f in io.deidentify(tmp_path / "in", tmp_path / "out").files]
    assert len(found) == 27
    series = {str(d.SeriesInstanceUID): d for d in found}
    assert len(series) == 3
    assert len({str(d.SOPInstanceUID) for d in found}) == 27
    for dataset in found:
        (item,) = dataset.SourceImageSequence
        assert item.ReferencedSOPInstanceUID in {str(d.SOPInstanceUID) for d in found}
        assert item.ReferencedSOPClassUID == dataset.SOPClassUID
    people = {}
    for dataset in series.values():
        people.setdefault(str(dataset.PatientID), []).append(dataset)
    days = {len(ones): sorted(d.StudyDate for d in ones) for ones in people.values()}
    assert sorted(days) == [1, 2]
    first, second = (np.datetime64(f"{d[:4]}-{d[4:6]}-{d[6:]}") for d in days[2])
    assert second - first == np.timedelta64(1, "D")
    (third,) = (np.datetime64(f"{d[:4]}-{d[4:6]}-{d[6:]}") for d in days[1])
    assert third - first != np.timedelta64(2, "D")
    again = io.deidentify(tmp_path / "in", tmp_path / "again")
    assert not {f.name for f in again.files} & {f"{d.SOPInstanceUID}.dcm" for d in found}


KINDS = {
    "report": "1.2.840.10008.5.1.4.1.1.88.11",
    "pdf": "1.2.840.10008.5.1.4.1.1.104.1",
    "structures": "1.2.840.10008.5.1.4.1.1.481.3",
    "photo": "1.2.840.10008.5.1.4.1.1.77.1.4",
    "maker": "1.2.826.0.1.99",
}


def test_what_no_table_can_judge_is_refused_by_name(tmp_path):
    write(tmp_path / "in", slices())
    sample = pydicom.dcmread(next((tmp_path / "in").iterdir()))
    for name, kind in KINDS.items():
        sample.SOPClassUID = sample.file_meta.MediaStorageSOPClassUID = kind
        sample.SOPInstanceUID = f"1.2.3.{len(name)}"
        sample.SeriesInstanceUID = f"1.2.4.{len(name)}"
        sample.save_as(tmp_path / "in" / name)
    (tmp_path / "in" / "letter.txt").write_text("Dear colleague")
    done = io.deidentify(tmp_path / "in", tmp_path / "out")
    assert len(done.files) == len(list((tmp_path / "out").iterdir())) == 9
    assert {name for name, _ in done.refused} == {*KINDS, "letter.txt"}
    why = dict(done.refused)
    assert "Basic Text SR" in why["report"]
    assert "Encapsulated PDF" in why["pdf"]
    assert "RT Structure Set" in why["structures"]
    assert "face" in why["photo"]
    assert "unknown kind" in why["maker"]


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"BurnedInAnnotation": "YES"}, "burned into"),
        ({"BurnedInAnnotation": "NO", "Modality": "US"}, ""),
        ({"Modality": "US"}, "often have names"),
        ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, "often have names"),
        ({"BodyPartExamined": "HEAD"}, "face"),
        ({}, ""),
    ],
)
def test_pixels_that_may_show_a_name_or_a_face_are_warned_about(tmp_path, tags, words):
    write(tmp_path / "in", slices(body()[:2]), **tags)
    warnings = io.deidentify(tmp_path / "in", tmp_path / "out").warnings
    assert (len(warnings) == 1 and words in warnings[0]) if words else not warnings


def test_a_place_that_is_taken_or_within_the_scan_is_refused(tmp_path):
    folder = write(tmp_path / "in", slices(body()[:2]))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    with pytest.raises(DicomError, match="not empty"):
        io.deidentify(folder, tmp_path / "full")
    with pytest.raises(DicomError, match="elsewhere"):
        io.deidentify(folder, folder / "out")
    with pytest.raises(DicomError, match="no DICOM images"):
        io.deidentify(tmp_path / "full", tmp_path / "out")
    (tmp_path / "file").touch()
    with pytest.raises(DicomError, match="cannot be made"):
        io.deidentify(folder, tmp_path / "file" / "out")


def test_a_file_that_cannot_be_written_whole_is_not_written_at_all(tmp_path, monkeypatch):
    folder = write(tmp_path / "in", slices(body()[:3]))
    calls = []

    def full(path, chunks, **options):
        calls.append(path)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        whole(path, chunks, **options)

    from surgiplan.io import atomic

    whole = atomic.write_whole
    monkeypatch.setitem(io.deidentify.__globals__, "write_whole", full)
    done = io.deidentify(folder, tmp_path / "out")
    assert len(done.files) == len(list((tmp_path / "out").iterdir())) == 2
    assert "No space left" in done.refused[0][1]


def test_the_shell_lists_what_was_done(tmp_path, capsys):
    folder = write(tmp_path / "in", slices(body()[:2]))
    assert main(["deidentify", str(folder), "-o", str(tmp_path / "out"), "--json", "--quiet"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert len(answer["files"]) == 2
    named = {change["name"]: change for change in answer["removed"]}
    assert named["PatientName"] == {
        "tag": "(0010,0010)", "name": "PatientName", "done": "emptied", "count": 2
    }  # fmt: skip
    assert {"Rows", "ImagePositionPatient"} <= {change["name"] for change in answer["kept"]}
    assert answer["warnings"] == answer["refused"] == []


def test_an_archive_is_read_where_it_lies(tmp_path):
    folder = write(tmp_path / "in", slices(body()[:3]))
    archive = shutil.make_archive(str(tmp_path / "ZZCANARY"), "zip", folder)
    done = io.deidentify(Path(archive), tmp_path / "out")
    assert len(done.files) == 3
    assert {p.name for p in tmp_path.iterdir()} == {"in", "out", "ZZCANARY.zip"}
    assert not any(b"ZZCANARY" in file.read_bytes() for file in done.files)
