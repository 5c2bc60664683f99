"""Name and birth date are on paper only where somebody chose it, and never in what a file says."""

from dataclasses import replace

import numpy as np
import pytest
from pypdf import PdfReader

from surgiplan import io
from surgiplan.cli import main
from surgiplan.errors import PlanError
from surgiplan.model import Case, Identity, Patient, Volume, VoxelGrid
from surgiplan.report import write_report


def case(name="Müßter^Ąnna"):
    values = np.zeros((3, 4, 5), np.int16)
    volume = Volume("ct", values, VoxelGrid(values.shape, np.eye(4)))
    who = {"name": name, "patient_id": "4711", "birth_date": "1960-03-02"}
    return replace(Case(Patient("P-1")).with_(volume), identity=Identity.of(who, []))


def pages(path):
    return [page.extract_text() for page in PdfReader(path).pages]


def test_each_page_carries_the_name_only_if_it_was_chosen(tmp_path):
    for chosen in (False, True):
        write_report(case(), "plan", tmp_path / "a.pdf", pictures={}, with_identity=chosen)
        for page in pages(tmp_path / "a.pdf"):
            assert ("Müßter, Ąnna" in page) == ("born 1960-03-02" in page) == chosen
            assert "Pseudonym P-1" in page
        assert "ßter" not in str(PdfReader(tmp_path / "a.pdf").metadata)
        assert "4711" not in str(pages(tmp_path / "a.pdf"))


def test_a_name_is_printed_in_the_script_that_can_be(tmp_path):
    write_report(
        case("Yamada^Tarou=山田^太郎"), "plan", tmp_path / "a.pdf", pictures={}, with_identity=True
    )
    assert "Yamada, Tarou  ·  born 1960-03-02" in pages(tmp_path / "a.pdf")[0]
    with pytest.raises(PlanError, match="letters that the typeface"):
        write_report(
            case("=山田^太郎"), "plan", tmp_path / "b.pdf", pictures={}, with_identity=True
        )
    assert not (tmp_path / "b.pdf").exists()


def test_a_pseudonymous_case_has_no_name_to_print(tmp_path, capsys):
    nameless = replace(case(), identity=None)
    io.save(nameless, tmp_path / "case.splan")
    file = tmp_path / "a.pdf"
    assert main(["report", str(tmp_path / "case.splan"), "-o", str(file), "--with-identity"]) == 2
    assert "holds no name to print" in capsys.readouterr().err
    assert not file.exists()
