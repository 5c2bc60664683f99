"""A planned cut answered: which tissue, what holds the organ, what moves with what stays."""

from dataclasses import replace

import numpy as np
import pytest

from surgiplan.imaging import cropped_segment
from surgiplan.model import Resection
from surgiplan.planning import divide
from surgiplan.workflow import simulate
from surgiplan.workflow.organs import organ_in
from tests.app import bodies

FEW = {"elements": 500}


def tube(name, x, y, radius, *, z_from=0.0):
    """A vessel of the made-up patient along the body."""
    grid = bodies.grid()
    place = grid.to_lps(np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), -1))
    inside = np.hypot(place[..., 0] - x, place[..., 1] - y) < radius
    return cropped_segment(inside & (place[..., 2] > z_from), grid, segment_id=name)


@pytest.fixture(scope="module")
def case():
    left = Resection("left", "Left", "liver", [-44.0, -12.0, 90.0], [-1.0, 0.0, 0.0], "tumour")
    vessels = tube("portal_vein", -30, -12, 6), tube("inferior_vena_cava", -25, 28, 8)
    return bodies.planned_case().with_(left, *vessels)


@pytest.fixture(scope="module")
def kept(case):
    """The response to a cut that leaves the tumour in the liver."""
    return simulate(case, "left", FEW).finding


def test_the_response_is_drawn_on_the_fine_surface_of_what_stays(case, kept):
    arrays, cut = kept.arrays, case.plan.resections["left"]
    points, triangles = arrays["points_lps"], arrays["triangles"]
    a, b, c = (points[triangles[:, n]] for n in range(3))
    volume_ml = np.einsum("ij,ij->", a, np.cross(b, c)) / 6000
    assert volume_ml == pytest.approx(divide(case.segments["liver"], cut).remnant_ml, rel=0.02)
    on_the_cut = ((points[triangles].mean(axis=1) - cut.point_lps) @ cut.normal)[arrays["cut"]]
    assert np.abs(on_the_cut).max() < 0.6
    for name in ("displacement_mm", "von_mises_kpa", "strain", "spring_kpa_per_mm", "fixed"):
        assert len(arrays[name]) == len(points)
        assert np.isfinite(arrays[name]).all()
    longest = np.linalg.norm(arrays["displacement_mm"], axis=1).max()
    assert longest == pytest.approx(kept.numbers["displacement_max_mm"], rel=0.1)


def test_the_way_to_the_answer_is_a_row_of_equilibria(kept):
    arrays, history = kept.arrays, kept.numbers["history"]
    assert arrays["steps_mm"].shape[0] == len(arrays["step_fractions"]) == len(history) >= 3
    assert arrays["step_fractions"][-1] == 1.0
    assert np.array_equal(arrays["steps_mm"][-1], arrays["displacement_mm"])
    assert all(step["residual"] < 1e-6 for step in history)
    moved = [step["displacement_max_mm"] for step in history]
    assert moved == sorted(moved)
    assert moved[0] == pytest.approx(moved[-1] / len(moved), rel=0.3), "from the scan on"


def test_the_mesh_has_the_volume_of_what_stays(kept):
    assert abs(kept.numbers["remnant_after"]["volume_error_fraction"]) < 0.005


def test_tumour_and_vessels_that_stay_are_carried_along(case, kept):
    assert {row["id"] for row in kept.numbers["embedded"]} == {"tumour", "portal_vein"}
    cut = case.plan.resections["left"]
    for name in ("tumour", "portal_vein"):
        points = kept.arrays[f"embedded/{name}/points_lps"]
        assert ((points - cut.point_lps) @ cut.normal < 1).all()
        moved = kept.arrays[f"embedded/{name}/displacement_mm"]
        assert 0 < np.linalg.norm(moved, axis=1).max() < 1.2 * kept.numbers["displacement_max_mm"]
    # A tumour is stiffer than liver, so it moves almost as one piece.
    moved = kept.arrays["embedded/tumour/displacement_mm"]
    assert np.ptp(moved, axis=0).max() < 1.0


def test_the_margin_of_a_tumour_that_stays_changes_and_of_one_removed_does_not(case, kept):
    after = kept.numbers["remnant_after"]
    assert after["margin_min_planned_mm"] < 0
    assert after["margin_min_after_mm"] != after["margin_min_planned_mm"]
    assert after["margin_min_after_mm"] == pytest.approx(after["margin_min_planned_mm"], abs=3)
    assert "stays whole in the remnant" in after["margin_remark"]
    away = Resection("away", "Away", "liver", [-40.0, -12.0, 90.0], [1.0, 0.0, 0.0], "tumour")
    after = simulate(case.with_(away), "away", FEW).finding.numbers["remnant_after"]
    assert after["margin_min_after_mm"] == after["margin_min_planned_mm"] > 0
    assert "specimen" in after["margin_remark"]


def test_the_answer_is_stale_when_anything_that_holds_or_fills_the_organ_changes(case, kept):
    assert {"segments/tumour", "segments/portal_vein", "segments/inferior_vena_cava"} <= set(
        kept.made_from
    )
    assert "volumes/ct" not in kept.made_from
    assert not case.is_stale(kept.made_from)
    assert case.with_(tube("inferior_vena_cava", -25, 28, 9)).is_stale(kept.made_from)
    assert not case.with_(tube("aorta_calcium", 60, 0, 2)).is_stale(kept.made_from)


@pytest.mark.parametrize(
    ("name", "tissue"),
    [("Kidney left", "kidney"), ("spleen", "spleen"), ("Lobus hepatis", "liver")],
)
def test_an_organ_is_made_of_what_it_is_called(case, name, tissue):
    target = replace(case.segments["liver"], id="organ", name=name)
    found = organ_in(case, target, "", with_hu=False)
    assert found.organ.tissue == tissue
    assert not found.remarks


def test_an_organ_of_unknown_tissue_is_taken_as_liver_and_that_is_said(case):
    target = replace(case.segments["liver"], id="organ", name="Pancreas")
    found = organ_in(case, target, "", with_hu=True)
    assert found.organ.tissue == "liver"
    assert "No tissue is known for Pancreas" in found.remarks[0]
    assert "volumes/ct" in found.made_from
    middle = found.organ.hu(np.array([[-45.0, -12.0, 90.0]]))
    assert middle == pytest.approx([110], abs=40)


def test_a_vessel_far_from_the_organ_holds_nothing(case):
    found = organ_in(case, case.segments["liver"], "tumour", with_hu=False)
    assert found.organ.cava is not None
    assert len(found.organ.lesions) == 1
    far = case.without("segments/inferior_vena_cava").with_(tube("inferior_vena_cava", 60, 0, 5))
    assert organ_in(far, case.segments["liver"], "tumour", with_hu=False).organ.cava is None
