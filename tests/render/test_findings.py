"""A finding is seen along its whole loading, and every number at a place of it can be read."""

from dataclasses import replace

import numpy as np
import pytest

from surgiplan.model import Case, Finding
from surgiplan.render import (
    AnatomyScene,
    ResponseLook,
    coloured_values,
    defaults_for,
    finding_arrays,
    fraction_words,
    place_of,
    range_of,
    readings,
)
from surgiplan.render.fields import displacement_at_mm
from surgiplan.render.finding_marks import evenly
from surgiplan.render.scene import Hit
from tests.render.patient import MIDDLE, octahedron

RADIUS_MM = 30.0
BALL = octahedron(MIDDLE, RADIUS_MM)


def sunk_ball(**arrays: np.ndarray) -> Finding:
    """A ball that sinks by 8 mm on the way to the feet, more of it the higher it lies."""
    points, corners = BALL.points_lps, BALL.triangles
    moved = np.zeros(points.shape, np.float32)
    moved[:, 2] = -4.0 * (1 + (points[:, 2] - MIDDLE[2]) / RADIUS_MM)
    known = {
        "points_lps": points, "triangles": corners, "displacement_mm": moved,
        "von_mises_kpa": np.linspace(0, 8, len(points)).astype(np.float32),
    }  # fmt: skip
    return Finding("sunk", "remnant response", "plan/resections/cut", {}, arrays=known | arrays)


def with_steps() -> Finding:
    """The same, with equilibria: half way it has moved by three quarters, and by more before."""
    whole = sunk_ball().arrays["displacement_mm"]
    steps = np.stack([1.25 * whole, 0.75 * whole, whole])
    return sunk_ball(steps_mm=steps, step_fractions=np.array([0.25, 0.5, 1.0]))


@pytest.fixture
def scene() -> AnatomyScene:
    scene = AnatomyScene(surface_of=lambda _: None)
    scene.resize(500, 400)
    return scene


def shown(scene: AnatomyScene, finding: Finding, **response: object) -> tuple[str, ...]:
    """What is to be read when a finding is shown that way."""
    case = Case().with_(finding)
    look = defaults_for(case).with_(
        finding=f"findings/{finding.id}", response=ResponseLook(**response)
    )
    scene.show(case, look)
    scene.prepare()
    return scene.texts()


def test_between_true_equilibria_tissue_lies_between_them():
    finding = with_steps()
    whole = finding.arrays["displacement_mm"]
    for fraction, share in ((0.0, 0.0), (0.25, 1.25), (0.375, 1.0), (0.5, 0.75), (0.75, 0.875)):
        assert displacement_at_mm(finding, fraction) == pytest.approx(share * whole, abs=1e-5)
    assert "computed equilibrium" in fraction_words(finding, 0.5)
    assert "between" in fraction_words(finding, 0.6)


def test_without_equilibria_on_the_way_the_response_is_scaled_and_says_so(scene):
    finding = sunk_ball()
    whole = finding.arrays["displacement_mm"]
    assert displacement_at_mm(finding, 0.3) == pytest.approx(0.3 * whole, abs=1e-6)
    assert any(
        "30 % of the response, scaled" in text for text in shown(scene, finding, fraction=0.3)
    )


def test_colours_mean_the_same_all_along_the_loading(scene):
    finding = with_steps()
    assert range_of(finding, "displacement")[0] == pytest.approx(10.0, abs=0.05)
    legends = [
        {text for text in shown(scene, finding, fraction=f) if text == "10"}
        for f in (0.1, 0.5, 1.0)
    ]
    assert legends[0] == legends[1] == legends[2] != set()


def test_a_finding_offers_only_what_it_has_numbers_for():
    count = len(sunk_ball().arrays["points_lps"])
    nothing = sunk_ball(gap_mm=np.full(count, np.nan))
    assert finding_arrays(nothing) == ("displacement", "stress")
    some = np.where(np.arange(count) < 9, 0.4, np.nan)
    more = sunk_ball(
        gap_mm=some, strain=np.full(count, 0.12), contact_pressure_kpa=np.ones(count)
    )  # fmt: skip
    assert finding_arrays(more) == ("displacement", "stress", "strain", "contact", "gap")
    assert coloured_values(more, "strain").max() == pytest.approx(12.0)


def test_a_place_is_read_with_units_and_ways_of_the_body():
    finding = sunk_ball(strain=np.full(len(sunk_ball().arrays["points_lps"]), 0.05))
    top = place_of(finding, MIDDLE + [0, 0, RADIUS_MM + 5])
    rows = dict(readings(finding, top))
    assert rows["Displacement"] == "8.00 mm"
    assert rows["Towards"] == "I 8.0 mm"
    assert rows["Largest strain"] == "5 %"
    assert dict(readings(finding, top, fraction=0.5))["Displacement"] == "4.00 mm"


def test_a_place_lies_where_its_weights_say_it_does():
    finding = sunk_ball()
    points, corners = finding.arrays["points_lps"], finding.arrays["triangles"]
    weights = np.array([0.2, 0.5, 0.3])
    for triangle in corners[[10, 200, 500]]:
        wanted = weights @ points[triangle]
        assert place_of(finding, wanted).of(points) == pytest.approx(wanted, abs=1e-6)


def test_a_mark_stays_on_the_tissue_while_it_moves(scene):
    finding = sunk_ball()
    on_top = tuple((MIDDLE + [0, 0, RADIUS_MM]).tolist())
    assert any("4.00 mm" in t for t in shown(scene, finding, fraction=0.5, probe_lps=on_top))
    assert any("8.00 mm" in t for t in shown(scene, finding, probe_lps=on_top))
    now = scene.scanned_point(Hit("findings/sunk", "response", MIDDLE + [0, 0, RADIUS_MM - 8]))
    assert now == pytest.approx(MIDDLE + [0, 0, RADIUS_MM], abs=0.5)


def test_the_scanned_shape_is_outlined_as_the_eye_sees_it(scene):
    shown(scene, sunk_ball())
    ghost = scene._drawn["findings/sunk"][2]._ghost
    points = ghost._outline._data.GetPoints()
    rim = np.array([points.GetPoint(n) for n in range(points.GetNumberOfPoints())])
    away = np.linalg.norm(scene.pixels_of(rim) - scene.pixel_of(MIDDLE), axis=1)
    assert away.std() < 0.02 * away.mean()
    assert away.mean() * scene.mm_per_px == pytest.approx(RADIUS_MM, rel=0.05)
    assert "Outline: as scanned" not in shown(scene, sunk_ball(), scanned=False)
    assert ghost._outline.pieces == 0


def test_arrows_have_the_length_of_the_displacement_and_spread_evenly(scene):
    finding = sunk_ball()
    shown(scene, finding, arrows=True)
    arrows = scene._drawn["findings/sunk"][2]._arrows
    lengths = np.linalg.norm(arrows._tips - arrows._tails, axis=1)
    assert lengths.max() == pytest.approx(8.0, abs=0.3)
    assert 40 < arrows.drawn < len(arrows._tips)
    points = finding.arrays["points_lps"]
    few = points[evenly(points, 120)]
    apart = np.linalg.norm(few[:, None] - few[None], axis=2) + 1e3 * np.eye(len(few))
    assert 60 <= len(few) <= 120
    assert np.percentile(apart.min(axis=1), 10) > 0.3 * np.median(apart.min(axis=1))


def test_the_face_of_a_cut_has_an_edge(scene):
    points, corners = BALL.points_lps, BALL.triangles
    cut = (points[corners].mean(axis=1) - MIDDLE)[:, 0] > 0.6 * RADIUS_MM
    texts = shown(scene, sunk_ball(cut=cut))
    assert "Line: edge of the cut" in texts
    assert scene._drawn["findings/sunk"][2]._cut._lines.pieces > 20
    shown(scene, replace(sunk_ball(), id="sunk"))
    assert scene._drawn["findings/sunk"][2]._cut._lines.pieces == 0


def test_a_tumour_inside_lies_where_the_tissue_carried_it(scene):
    tumour = octahedron(MIDDLE, 8.0)
    carried = np.tile([0.0, 0.0, -6.0], (len(tumour.points_lps), 1))
    finding = sunk_ball(**{
        "embedded/lesion/points_lps": tumour.points_lps,
        "embedded/lesion/triangles": tumour.triangles,
        "embedded/lesion/displacement_mm": carried,
    })  # fmt: skip
    assert "Lesion" in shown(scene, finding, fraction=0.5)
    drawn = scene._drawn["findings/sunk"][2]
    body, ghost = drawn._inside._bodies["lesion"]
    z = np.array(body.GetBounds())[4:].mean()
    assert z == pytest.approx(MIDDLE[2] - 3.0, abs=0.01)
    assert ghost._outline.pieces > 0
    assert drawn._deformed.GetProperty().GetOpacity() < 1
    shown(scene, finding, inside=False)
    assert not drawn._inside._bodies
    assert drawn._deformed.GetProperty().GetOpacity() == 1


def test_the_device_is_drawn_as_deployed_at_the_end_of_the_loading_only(scene):
    struts = MIDDLE + np.array([[-5.0, 0, -9], [5.0, 0, 0], [-5.0, 0, 9]])
    finding = sunk_ball(**{
        "device/points_lps": struts, "device/lines": np.array([[0, 1], [1, 2]]),
    })  # fmt: skip
    shown(scene, finding)
    device = scene._drawn["findings/sunk"][2]._inside._device
    device.GetMapper().Update()
    assert np.array(device.GetBounds()[4:]) == pytest.approx(MIDDLE[2] + [-9, 9], abs=1.0)
    shown(scene, finding, fraction=0.4)
    assert not device.GetVisibility()


def test_what_is_assumed_is_drawn_and_said(scene):
    z = BALL.points_lps[:, 2] - MIDDLE[2]
    finding = sunk_ball(
        spring_kpa_per_mm=np.where(z < -20, 0.5, np.where(z < 10, 0.02, 0.0)),
        fixed=z > 28, thickness_assumed=z > 0,
    )  # fmt: skip
    texts = shown(scene, finding, assumed=True)
    assert any("0.02 kPa/mm" in text for text in texts)
    assert any("0.5 kPa/mm" in text for text in texts)
    assert any("held" in text for text in texts)
    assert any("not seen on the scan" in text for text in texts)
    assumed = scene._drawn["findings/sunk"][2]._assumed
    assert assumed._soft.pieces > 20
    assert assumed._stiff.pieces > 5
    assert np.array(assumed._grown.GetBounds())[4] >= MIDDLE[2] - 4.0
    assert not any("kPa/mm" in text for text in shown(scene, finding))
    assert assumed._soft.pieces == 0
