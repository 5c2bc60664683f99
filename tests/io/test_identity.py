"""Name and number live in one object of a case, and can be taken out of all of it."""

import json

import pydicom
import pytest
from series_on_disk import FRAME, SERIES, STUDY, body, slices, write

from surgiplan import io
from surgiplan.cli import main
from surgiplan.edits import DropIdentity
from surgiplan.errors import CaseFileError, PlanError
from surgiplan.model import Case
from surgiplan.session import Session
from surgiplan.workflow import import_scan, segment


@pytest.fixture
def edit(tmp_path):
    folder = write(tmp_path / "scan", slices(), AccessionNumber="A-77", StudyID="S5")
    return import_scan(folder)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "case.splan"


def files_with(root, text):
    return [p.name for p in root.rglob("*") if p.is_file() and text.encode() in p.read_bytes()]


def test_an_import_keeps_who_it_is_and_what_a_dicom_export_must_repeat(edit):
    who = edit.identity
    assert who.person == ("ZZCANARY^Berta", "ZZ-4711", "1960-03-02")
    (scan,) = who.scans
    header = scan["header"]
    assert header["00100010"]["Value"] == [{"Alphabetic": "ZZCANARY^Berta"}]
    for tag, value in (
        ("0020000D", STUDY), ("0020000E", SERIES), ("00200052", FRAME), ("00200010", "S5"),
        ("00080050", "A-77"), ("00100040", "F"),
    ):  # fmt: skip
        assert header[tag]["Value"] == [value]
    images = scan["images"]
    assert [uid for uid, _, _ in images] == [f"1.2.826.0.1.5.4.{n}" for n in range(1, 10)]
    grid = edit.volume.grid
    for k, (_, _, position) in enumerate(images):
        assert grid.to_lps((k, 0, 0)) == pytest.approx(position, abs=1e-6)


def test_a_structure_set_can_be_built_on_what_was_kept(edit, path):
    """Without the scan: from a case on disk, all that RTSTRUCT and SEG must repeat."""
    io.save(edit.apply(Case()), path)
    (scan,) = io.load(path).identity.scans
    source = pydicom.Dataset.from_json(scan["header"])
    made = pydicom.Dataset()
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex",
                    "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber",
                    "ReferringPhysicianName", "FrameOfReferenceUID"):  # fmt: skip
        setattr(made, keyword, source.get(keyword, ""))
    assert made.PatientName == "ZZCANARY^Berta"
    assert (source.Rows, source.Columns, list(source.PixelSpacing)) == (12, 10, [0.7, 0.4])
    images = []
    for uid, _, _ in scan["images"]:
        image = pydicom.Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = scan["sop_class"], uid
        images.append(image)
    referred = pydicom.Dataset()
    referred.SeriesInstanceUID, referred.ContourImageSequence = scan["series_uid"], images
    made.RTReferencedSeriesSequence = [referred]
    file = path.with_name("made.dcm")
    made.save_as(file, implicit_vr=False, little_endian=True)
    again = pydicom.dcmread(file, force=True)
    assert again.StudyInstanceUID == STUDY
    assert len(again.RTReferencedSeriesSequence[0].ContourImageSequence) == 9


def test_a_case_holds_the_name_in_one_object_and_nowhere_else(edit, path):
    case = edit.apply(Case())
    io.save(case, path, journal=[edit])
    sha256 = io.to_json(case.identity)[0]["content"]["array"]
    for secret in ("ZZCANARY", "ZZ-4711", "1960", "A-77"):
        assert files_with(path, secret) == [sha256]
    assert io.load(path).identity.digest == case.identity.digest


def test_an_import_without_identity_leaves_it_outside(tmp_path, edit, path):
    assert main(["import", str(tmp_path / "scan"), "-o", str(path), "--no-identity"]) == 0
    assert io.load(path).identity is None
    assert files_with(path, "ZZ") == []


def test_dropping_it_takes_it_from_every_state_and_the_journal(edit, path):
    session = Session(Case())
    session.do(edit)
    io.save(session.case, path, journal=session.unsaved)
    session.mark_saved(1)
    io.save(session.case, path)
    session.do(DropIdentity())
    io.save(session.case, path, journal=session.unsaved)
    assert files_with(path, "ZZ") == []
    assert io.verify(path) == ()
    assert io.load(path).patient.pseudonym == session.case.patient.pseudonym
    replayed = Case()
    for step in io.load_edits(path / "journal.jsonl")[:1]:
        replayed = step.apply(replayed)
    assert replayed.identity is None
    assert list(replayed.volumes) == ["ct"]
    (path / "manifests" / "00000003.json").write_text("{")
    older = io.opened(path)
    assert (older.generation, older.case.identity) == (2, None)


def test_a_drop_that_a_crash_interrupted_is_finished_by_the_next_save(edit, path, monkeypatch):
    case = edit.apply(Case())
    io.save(case, path, journal=[edit])
    with monkeypatch.context() as patch:
        patch.setattr("surgiplan.io.case.store._clean", lambda *_, **__: None)
        io.save(DropIdentity().apply(case), path, journal=[DropIdentity()])
    assert files_with(path, "ZZ")
    io.save(io.load(path), path)
    assert files_with(path, "ZZ") == []


def test_an_identity_dropped_before_the_first_save_never_reaches_the_disk(edit, path, monkeypatch):
    monkeypatch.setattr("surgiplan.io.case.store._clean", lambda *_, **__: None)
    io.save(DropIdentity().apply(edit.apply(Case())), path, journal=[edit, DropIdentity()])
    assert files_with(path, "ZZ") == []


def test_a_lost_or_damaged_identity_is_found_and_does_not_take_the_plan_with_it(edit, path):
    case = edit.apply(Case())
    io.save(case, path)
    lost = path / "objects" / io.to_json(case.identity)[0]["content"]["array"]
    content = lost.read_bytes()
    lost.unlink()
    assert "missing" in io.verify(path)[0]
    assert list(io.load(path).volumes) == ["ct"]
    lost.write_bytes(content[:-1] + b" ")
    assert "damaged" in io.verify(path)[0]
    with pytest.raises(CaseFileError, match="damaged"):
        io.load(path)


def test_the_shell_shows_a_pseudonym_unless_it_is_asked_for_the_name(tmp_path, edit, path, capsys):
    def answer(*arguments):
        assert main([*map(str, arguments), "--json", "--quiet"]) == 0
        shown = capsys.readouterr()
        return json.loads(shown.out), shown.out + shown.err

    imported, text = answer("import", tmp_path / "scan", "-o", path)
    assert imported["identity"] == "kept"
    assert "ZZ" not in text
    info, text = answer("info", path)
    assert info["identity"] == "kept"
    assert "ZZ" not in text
    shown, _ = answer("identity", path, "--show")
    assert (shown["name"], shown["patient_id"]) == ("ZZCANARY^Berta", "ZZ-4711")
    dropped, text = answer("identity", path, "--drop")
    assert dropped == {"notice": dropped["notice"], "identity": "none",
                       "pseudonym": info["patient"]["pseudonym"]}  # fmt: skip
    assert answer("info", path)[0]["identity"] == "none"
    assert main(["identity", str(path), "--show"]) == 2
    assert "holds no identity" in capsys.readouterr().err


def test_a_surface_says_whose_it_is_by_pseudonym(tmp_path, edit, path):
    case = edit.apply(Case())
    case = segment(case, "threshold", settings={"low_hu": 0, "high_hu": 3000}).apply(case)
    io.save(case, path)
    (name,) = case.segments
    for suffix in io.SURFACE_SUFFIXES:
        file = tmp_path / f"bone{suffix}"
        assert main(["surface", str(path), name, "-o", str(file)]) == 0
        content = file.read_bytes()
        assert f"PSEUDONYM={case.patient.pseudonym}".encode() in content
        assert b"ZZ" not in content


def added_to(case, folder, **options):
    edit = import_scan(folder, patient=case.patient, volume_id="later", **options)
    return edit.apply(case)


@pytest.fixture
def studies(tmp_path):
    """Two studies of one patient, one of somebody else with the same number, one nameless."""
    people = {
        "first": {},
        "later": {"StudyInstanceUID": "1.2.9.1", "PatientName": "ZZCANARY^BERTA^"},
        "other": {"StudyInstanceUID": "1.2.9.2", "PatientName": "ZZCANARY^Bertha"},
        "nameless": {"StudyInstanceUID": "1.2.9.3", "PatientName": "", "PatientID": ""},
        "nameless too": {"StudyInstanceUID": "1.2.9.4", "PatientName": "", "PatientID": ""},
    }
    return {
        name: write(tmp_path / "studies" / name, slices(), **tags) for name, tags in people.items()
    }


@pytest.mark.parametrize("first_kept", [True, False])
@pytest.mark.parametrize("later_kept", [True, False])
def test_a_later_study_joins_and_a_stranger_never_does(studies, first_kept, later_kept):
    case = import_scan(studies["first"], with_identity=first_kept).apply(Case())
    joined = added_to(case, studies["later"], with_identity=later_kept)
    assert list(joined.volumes) == ["ct", "later"]
    assert (joined.identity is not None) == first_kept
    assert joined.patient.pseudonym == case.patient.pseudonym
    for name in ("other", "nameless"):
        with pytest.raises(PlanError, match="case of its own"):
            added_to(case, studies[name], with_identity=later_kept)


def test_a_dropped_identity_still_tells_strangers_apart(studies):
    case = DropIdentity().apply(import_scan(studies["first"]).apply(Case()))
    assert list(added_to(case, studies["later"]).volumes) == ["ct", "later"]
    with pytest.raises(PlanError, match="case of its own"):
        added_to(case, studies["other"])


def test_two_nameless_patients_are_never_taken_for_one(studies):
    case = import_scan(studies["nameless"]).apply(Case())
    assert case.patient.key == ""
    with pytest.raises(PlanError, match="case of its own"):
        added_to(case, studies["nameless too"])
    assert list(added_to(case, studies["nameless"]).volumes) == ["ct", "later"]


def test_a_patient_has_another_key_in_each_study_and_the_same_in_each_import(studies):
    keys = [import_scan(studies[name]).patient.key for name in ("first", "first", "later")]
    assert keys[0] == keys[1] != keys[2]


def test_the_shell_lets_a_later_study_in_and_no_stranger(studies, path, capsys):
    assert main(["import", str(studies["first"]), "-o", str(path), "--no-identity"]) == 0
    assert main(["import", str(studies["later"]), "--into", str(path), "--no-identity"]) == 0
    before = sorted(p.name for p in path.rglob("*"))
    assert main(["import", str(studies["other"]), "--into", str(path)]) == 2
    said = capsys.readouterr().err
    assert "case of its own" in said
    assert "ZZCANARY" not in said
    assert sorted(p.name for p in path.rglob("*")) == before
    assert len(io.load(path).volumes) == 2


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Portal venous", "Portal venous"),
        ("Portal BERTA", ""),
        ("Zzcanary/abdomen", ""),
        ("Kopf ZZ-4711 nativ", ""),
        ("Alberta protocol", "Alberta protocol"),
    ],
)
def test_a_name_typed_at_the_scanner_is_not_shown(tmp_path, typed, shown):
    for character_set in ("ISO_IR 100", "ISO_IR 192"):  # read by two parsers
        folder = write(
            tmp_path / character_set, slices(), SeriesDescription=typed,
            SpecificCharacterSet=character_set,
        )  # fmt: skip
        (series,) = io.scan(folder).series
        assert series.description == shown


def test_images_that_were_left_out_are_told_by_number_and_not_by_the_name_of_their_file(tmp_path):
    images = slices(body((30, 12, 10)))
    images[0].tags["ImageOrientationPatient"] = [0, 1, 0, 0, 0, 1]
    folder = write(tmp_path / "scan", images)
    for file in folder.iterdir():
        file.rename(folder / f"ZZCANARY_{file.name}")
    volume = import_scan(folder, accept=["mixed_orientation"]).volume
    assert "left out: image 1" in " ".join(volume.source.remarks)
    assert "ZZ" not in " ".join(volume.source.remarks)
