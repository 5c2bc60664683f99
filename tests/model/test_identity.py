"""Who a patient is, is kept in one object, and that object says nothing by accident."""

import numpy as np
import pytest

from surgiplan.edits import AddVolume, DropIdentity
from surgiplan.errors import PlanError
from surgiplan.model import Case, Identity, Patient, Volume, VoxelGrid

VALUES = np.zeros((2, 3, 4), np.int16)


def identity(name="Muster^Anna", number="4711", born="1960-03-02", series="1.2.3"):
    who = {"name": name, "patient_id": number, "birth_date": born}
    return Identity.of(who, [{"series_uid": series, "images": []}])


def scan(volume_id="ct", who=None, pseudonym="P-1"):
    volume = Volume(volume_id, VALUES, VoxelGrid(VALUES.shape, np.eye(4)))
    return AddVolume(volume, Patient(pseudonym), who)


def test_an_identity_never_shows_itself_in_a_message():
    edit = scan(who=identity())
    case = edit.apply(Case())
    for text in (repr(edit), repr(case), str(case.identity), f"{case.identity}"):
        assert "Muster" not in text
        assert "4711" not in text
    with pytest.raises(ValueError, match="cannot be read") as stop:
        Identity(np.frombuffer(b'{"who": "Muster^Anna", "scans": []}', np.uint8))
    assert "Muster" not in str(stop.value)
    assert stop.value.__suppress_context__


@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("Muster^Anna", "Muster, Anna"),
        ("Yamada^Tarou=山田^太郎", "Yamada, Tarou (山田 太郎)"),
        ("=山田^太郎", "山田 太郎"),
        ("", ""),
    ],
)
def test_a_name_is_read_as_people_write_it(name, readable):
    assert identity(name).readable_name == readable


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (identity(), True),
        (identity("MUSTER^ANNA^^"), True),
        (identity(number="4712"), False),
        (identity(born="1960-03-20"), False),
        (identity("Muster^Berta"), False),
        (identity("", "", ""), None),
    ],
)
def test_people_are_the_same_if_name_number_and_birth_date_agree(other, same):
    assert identity().is_same_person(other) is same


def test_two_nameless_scans_prove_nothing():
    assert identity("", "", "").is_same_person(identity("", "", "")) is None
    assert identity("Anonymous", "", "").is_same_person(identity("Anonymous", "", "")) is None


def test_a_later_study_of_the_same_patient_joins_the_case():
    case = scan(who=identity()).apply(Case())
    case = scan("ct2", identity(series="9.9"), "P-2").apply(case)
    assert list(case.volumes) == ["ct", "ct2"]
    assert [one["series_uid"] for one in case.identity.scans] == ["1.2.3", "9.9"]
    assert case.patient.pseudonym == "P-1"


def test_a_scan_of_somebody_else_never_enters_a_case():
    case = scan(who=identity()).apply(Case())
    with pytest.raises(PlanError, match="case of its own") as stop:
        scan("ct2", identity("Muster^Berta"), "P-1").apply(case)
    assert "Muster" not in str(stop.value)


def test_a_case_without_identity_stays_without():
    case = scan(who=identity()).apply(Case())
    case = DropIdentity().apply(case)
    assert case.patient.pseudonym == "P-1"
    assert scan("ct2", identity()).apply(case).identity is None
    with pytest.raises(PlanError, match="nothing to drop"):
        DropIdentity().apply(case)
