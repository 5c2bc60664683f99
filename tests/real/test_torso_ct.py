"""A real torso CT without contrast (JPEG-LS): import, bone, liver, cut, response, report."""

import pytest
from pypdf import PdfReader

from surgiplan import RESEARCH_USE

LIVER_SEED = "-103.5,-44.9,-262.1"


@pytest.fixture(scope="module")
def path(shared_data, shell):
    case = shell.folder / "torso.splan"
    shell.run("import", "import", shared_data / "ct-torso-dicom-acrin042" / "ct", "-o", case)
    shell.run("bone", "segment", case, "bone")
    shell.run("liver", "segment", case, "liver", "--seed", LIVER_SEED)
    shell.run("cut", "resect", case, "liver", "--plane", "-60,-40,-262", "1,0,0")
    shell.run("response", "simulate", case, "resection")
    shell.run("report", "report", case, "-o", case.parent / "plan.pdf")
    return case, shell.answers


def test_the_scan_lies_where_its_headers_say(path):
    volume = path[1]["import"]["volume"]
    assert volume["shape_kji"] == [135, 512, 512]
    assert volume["spacing_mm"] == pytest.approx([3.27, 0.9765625, 0.9765625], abs=1e-3)
    assert volume["unit"] == "HU"
    assert volume["value_min"] >= -1024


def test_bone_has_the_volume_of_a_torso_s_bones(path):
    total = sum(one["volume_ml"] for one in path[1]["bone"]["segments"])
    assert 700 < total < 3500


def test_a_liver_from_one_seed_is_a_liver_or_says_that_it_leaked(path):
    liver = path[1]["liver"]["segments"][0]
    believable = 900 < liver["volume_ml"] < 2800
    assert believable or liver["remarks"]
    assert liver["confidence"] is not None


def test_both_parts_of_the_liver_add_up(path):
    cut, liver = path[1]["cut"], path[1]["liver"]["segments"][0]
    assert cut["resected_ml"] + cut["remnant_ml"] == pytest.approx(liver["volume_ml"], rel=1e-6)
    assert cut["margin_min_mm"] is None
    assert cut["reason"]


def test_the_remnant_settles_and_says_how_far_to_trust_it(path):
    answer = path[1]["response"]
    assert answer["converged"]
    assert 0.05 < answer["displacement_max_mm"] < 60
    assert answer["min_jacobian"] > 0
    assert answer["force_balance_error_fraction"] < 1e-3
    assert 0 < answer["discretisation_error_fraction"] < 1


def test_every_page_says_what_it_is_not_for(path):
    reader = PdfReader(path[0].parent / "plan.pdf")
    assert len(reader.pages) == path[1]["report"]["pages"]
    for page in reader.pages:
        text = page.extract_text()
        assert RESEARCH_USE in text
        assert "P-" in text
