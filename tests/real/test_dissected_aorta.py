"""A real dissected aorta (NIfTI): true lumen, surface, centreline, stent, response, report."""

import numpy as np
import pytest

from surgiplan import io

PROXIMAL, DISTAL = "15.3,-134.2,622.7", "-2.7,-149.2,555.2"


@pytest.fixture(scope="module")
def path(shared_data, shell):
    models = shared_data / "cta-aorta-dissection-totalseg/aorta_report/test_result/models"
    case = shell.folder / "aorta.splan"
    lumen = ("--name", "true_lumen", "--seed", PROXIMAL, "--seed", DISTAL)
    shell.run("import", "import", models / "ct_cropped.nii.gz", "-o", case)
    shell.run("lumen", "segment", case, "vessel", *lumen)
    shell.run("surface", "surface", case, "true_lumen", "-o", case.parent / "lumen.stl")
    line = shell.run("line", "centerline", case, "true_lumen", "--from", PROXIMAL, "--to", DISTAL)
    size = ("--at", "35", "--diameter-mm", "14", "--length-mm", "40")
    stent = shell.run("place", "place", case, "stent", "--along", line["id"], *size)
    shell.run("response", "simulate", case, stent["id"])
    shell.run("report", "report", case, "-o", case.parent / "plan.pdf")
    return case, shell.answers, models


def test_the_true_lumen_is_found_and_not_the_false_one(path):
    case, _, models = path
    lumen = io.load(case).segment("true_lumen")
    reference, _ = io.load_volume_file(models / "aorta_true_lumen.nii.gz")
    false, _ = io.load_volume_file(models / "aorta_false_lumen.nii.gz")
    where = reference.grid.to_index(lumen.grid.to_lps(np.argwhere(lumen.mask)))
    k, j, i = np.rint(where).astype(int).T
    # Below the arch, where the report's true lumen is a vessel of its own.
    descending = k < 75
    inside = reference.values[k, j, i][descending] > 0
    wrong = false.values[k, j, i][descending] > 0
    assert inside.sum() > 0.7 * np.count_nonzero(reference.values[2:75])
    assert wrong.mean() < 0.1


def test_its_surface_is_closed_and_has_its_volume(path):
    surface, lumen = path[1]["surface"], path[1]["lumen"]["segments"][0]
    assert surface["closed"]
    assert surface["volume_ml"] == pytest.approx(lumen["volume_ml"], rel=0.05)


def test_the_centreline_is_measured_by_sections(path):
    (branch,) = path[1]["line"]["branches"]
    assert 60 < branch["length_mm"] < 110
    widths = [s["d_area_mm"] for s in branch["stations"] if s["d_area_mm"]]
    assert len(widths) > 0.9 * len(branch["stations"])
    assert 6 < np.median(widths) < 22
    for station in branch["stations"]:
        if station["d_min_mm"]:
            assert station["d_min_mm"] <= station["d_area_mm"] <= station["d_max_mm"]


def test_the_stent_widens_the_vessel_where_it_is_wider(path):
    answer = path[1]["response"]
    assert answer["converged"]
    grown = [s["d_area_after_mm"] - s["d_area_before_mm"] for s in answer["stations_after"]]
    assert max(grown) > 0
    assert answer["displacement_max_mm"] < 10
    assert answer["min_jacobian"] > 0
    assert "at rest" in answer["assumptions"][0], "it says whether its own stress is known"
