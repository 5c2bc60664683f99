"""At import, and whenever asked, the shell says what a scan is good for."""

import json

import pypdf
import pytest
import SimpleITK as sitk

from surgiplan.cli import main
from tests.imaging.trunk import trunk

KEYS = {"topic", "task", "verdict", "sentence", "numbers", "source"}


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """A case, and what import said as JSON."""
    folder = tmp_path_factory.mktemp("native")
    scan = trunk(blood_hu=42)
    image = sitk.GetImageFromArray(scan.values)
    image.SetSpacing(scan.grid.spacing_mm[::-1])
    image.SetOrigin(scan.grid.affine[:3, 3].tolist())
    sitk.WriteImage(image, str(folder / "scan.mha"))
    assert main(["import", str(folder / "scan.mha"), "-o", str(folder / "a.splan"), "--quiet"]) == 0
    return folder / "a.splan", folder / "scan.mha"


def asked(capsys, *words):
    capsys.readouterr()
    assert main([*map(str, words), "--quiet"]) == 0
    return capsys.readouterr().out


def test_import_and_suitability_say_the_same(imported, tmp_path, capsys):
    case, scan = imported
    first = json.loads(asked(capsys, "import", scan, "-o", tmp_path / "b.splan", "--json"))
    told = first["suitability"]
    assert all(set(one) == KEYS for one in told)
    assert {one["verdict"] for one in told} <= {"good", "limited", "unfit", "cannot be judged"}
    aorta = {one["topic"]: one for one in told if one["task"] == "aortic sizing"}
    assert aorta["contrast phase"]["verdict"] == "unfit"
    assert aorta["resolution"]["numbers"] == {"slice_mm": 4.0, "pixel_mm": 2.5}
    assert "SCCT" in aorta["resolution"]["source"]
    again = json.loads(asked(capsys, "suitability", case, "--json"))
    assert (again["suitability"], again["volume"]) == (told, "ct")


def test_a_person_reads_sign_use_verdict_and_reason(imported, capsys):
    lines = asked(capsys, "suitability", imported[0]).splitlines()
    assert any(
        line.startswith("✕ Aortic sizing: unfit. 4 mm slices: aortic neck") for line in lines
    )
    assert any(line.startswith("  Contrast phase: No contrast seen") for line in lines)


def test_a_scan_that_is_not_there_is_named(imported, capsys):
    assert main(["suitability", str(imported[0]), "--volume", "mr"]) == 2
    assert "no volume 'mr'" in capsys.readouterr().err


def test_the_report_says_what_the_scan_is_good_for(imported, tmp_path, capsys):
    asked(capsys, "report", imported[0], "-o", tmp_path / "plan.pdf")
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(tmp_path / "plan.pdf").pages)
    words = " ".join(text.split())
    assert "What the scan is good for" in words
    assert "✕ unfit" in words
    assert "No contrast seen" in words
