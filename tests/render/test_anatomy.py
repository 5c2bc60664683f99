import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from surgiplan.edits import MovePlane, MoveStent, Remove
from surgiplan.model import Case
from surgiplan.render import DRAWN_BY, AnatomyScene, Frame, Look, defaults_for
from tests.render.patient import MARKER, MIDDLE, struts_of, surface_of

SIZE = (320, 300)


@pytest.fixture
def scene(case):
    made = AnatomyScene(surface_of=surface_of, struts_of=struts_of)
    made.resize(*SIZE)
    made.show(case, defaults_for(case))
    return made


def picture(scene):
    frame = Frame(*SIZE)
    try:
        return frame.picture(scene)
    finally:
        frame.close()


def stent_bounds(scene):
    drawn = scene._drawn["plan/stents/stent"][2]
    drawn.prop.GetMapper().Update()
    return np.array(drawn.prop.GetBounds())


def test_every_noun_with_a_place_in_the_patient_has_an_actor(case):
    shown = {type(case.at(path)) for path in case.paths()} - {type(case.volume())}
    assert shown == set(DRAWN_BY)


def test_a_moved_stent_is_drawn_where_it_is_now(case, scene):
    before = stent_bounds(scene)
    centre = case.plan.centerlines["line"].branch(0).point_at(20.0)
    assert before.reshape(3, 2).mean(axis=1) == pytest.approx(centre, abs=0.5)
    updates = scene.updates
    scene.show(MoveStent("stent", 30.0).apply(case), defaults_for(case))
    assert scene.updates == updates + 1
    assert stent_bounds(scene)[4:] == pytest.approx(before[4:] + 10.0, abs=0.1)


def test_showing_the_same_case_again_changes_nothing(case, scene):
    updates = scene.updates
    assert not scene.show(case, defaults_for(case))
    assert scene.updates == updates


def test_a_surface_that_is_not_ready_appears_once_it_is(case):
    ready = set()
    scene = AnatomyScene(surface_of=lambda s: surface_of(s) if s.id in ready else None)
    scene.show(case, defaults_for(case))
    assert "segments/liver" not in scene._drawn
    ready.add("liver")
    surfaces = {s.id: surface_of(s) for s in case.segments.values()}
    scene._surface_of = lambda s: surfaces[s.id] if s.id in ready else None
    assert scene.show(case, defaults_for(case))
    assert "segments/liver" in scene._drawn


def test_the_eye_starts_in_front_of_the_patient_with_the_head_up(scene):
    right, up, ahead = scene.eye.axes
    assert ahead[1] > 0.8
    assert right[0] > 0.8
    assert up[2] > 0.8
    left, middle = scene.pixel_of(MARKER), scene.pixel_of(MIDDLE)
    assert left[0] > middle[0]


@pytest.mark.parametrize(
    ("side", "ahead", "up"),
    [
        ("A", [0, 1, 0], [0, 0, 1]),
        ("P", [0, -1, 0], [0, 0, 1]),
        ("L", [-1, 0, 0], [0, 0, 1]),
        ("R", [1, 0, 0], [0, 0, 1]),
        ("S", [0, 0, -1], [0, -1, 0]),
        ("I", [0, 0, 1], [0, -1, 0]),
    ],
)
def test_the_patient_is_seen_from_each_side(scene, side, ahead, up):
    scene.view_from(side)
    assert scene.eye.axes[2] == pytest.approx(ahead, abs=1e-9)
    assert scene.eye.axes[1] == pytest.approx(up, abs=1e-9)


@pytest.mark.parametrize(
    ("side", "edges"),
    [
        ("A", ["S", "I", "R", "L"]),
        ("P", ["S", "I", "L", "R"]),
        ("L", ["S", "I", "A", "P"]),
        ("S", ["A", "P", "L", "R"]),
        ("I", ["A", "P", "R", "L"]),
    ],
)
def test_letters_at_the_edges_say_where_left_is_from_each_side(scene, side, edges):
    scene.view_from(side)
    scene.prepare()
    assert [text for text in scene.texts() if text in "APLRSI"] == edges


def test_letters_turn_with_the_patient_and_are_gone_without_one(scene):
    scene.view_from("A")
    scene.rotate(-60, 0)  # 27 degrees: the front turns to the left of the screen
    scene.prepare()
    assert {"RA", "LP", "S", "I"} <= set(scene.texts())
    scene.show(Case(), Look())
    scene.prepare()
    assert not set(scene.texts()) & {"S", "I", "LP", "RA"}


def test_a_ray_passes_through_what_its_pixel_shows(scene):
    scene.rotate(37, -12)
    scene.pan(9, 4)
    for point in (MIDDLE, MARKER, MIDDLE + [10, 20, -30]):
        origin, direction = scene.ray(*scene.pixel_of(point))
        offset = point - origin
        assert np.linalg.norm(offset - (offset @ direction) * direction) < 0.01


def test_pixels_agree_with_the_picture(case):
    """A lone bright ball is drawn where its point is said to be seen."""
    scene = AnatomyScene(surface_of=surface_of)
    scene.resize(*SIZE)
    look = defaults_for(case).with_style("segments/tumour", colour="#ffffff", opacity=1.0)
    tumour = case.segments["tumour"]
    scene.show(Case().with_(case.volume(), tumour), look)
    scene.zoom(0.3)
    scene.pan(40, 25)
    bright = picture(scene)[60:-40, 20:-70, :3].astype(int).min(axis=-1) > 90
    rows, columns = np.nonzero(bright)
    x, y = scene.pixel_of(tumour.grid.corners_lps().mean(axis=0))
    assert columns.mean() + 20.5 == pytest.approx(x, abs=3)
    assert rows.mean() + 60.5 == pytest.approx(y, abs=3)


def test_surfaces_devices_and_handles_are_picked(case, scene):
    cut = case.plan.resections["cut"]
    hit = scene.pick(*scene.pixel_of(cut.point_lps))
    assert (hit.path, hit.part) == ("plan/resections/cut", "plane-handle")
    stent = case.plan.centerlines["line"].branch(0).point_at(20.0)
    hit = scene.pick(*scene.pixel_of(stent))
    assert (hit.path, hit.part) == ("plan/stents/stent", "stent")
    scene.view_from("L")
    hit = scene.pick(*scene.pixel_of(MARKER))
    assert (hit.path, hit.part) == ("segments/tumour", "surface")
    assert np.linalg.norm(hit.point_lps - MARKER) == pytest.approx(7.5, abs=1.0)
    assert scene.pick(2, 2) is None


def test_a_plane_follows_its_ball_along_the_normal(case, scene):
    cut = case.plan.resections["cut"]
    start = scene.pixel_of(cut.point_lps)
    now = scene.pixel_of(cut.point_lps + 12.0 * cut.normal)
    point, normal = scene.dragged_plane(cut, "plane-handle", start, now)
    assert point == pytest.approx(cut.point_lps + [12.0, 0, 0], abs=1e-6)
    assert normal == pytest.approx(cut.normal)


def test_a_plane_seen_face_on_still_moves(case, scene):
    scene.view_from("R")
    cut = case.plan.resections["cut"]
    x, y = scene.pixel_of(cut.point_lps)
    point, _ = scene.dragged_plane(cut, "plane-handle", (x, y), (x, y - 30))
    assert point[0] > cut.point_lps[0] + 1


def test_a_plane_tilts_with_its_arrow(case, scene):
    from surgiplan.render.resection_actor import handle_tip

    cut = case.plan.resections["cut"]
    tip = handle_tip(scene, cut)
    hit = scene.pick(*scene.pixel_of(tip))
    assert (hit.path, hit.part) == ("plan/resections/cut", "normal-handle")
    length = np.linalg.norm(tip - cut.point_lps)
    wanted = np.array([np.cos(0.4), 0, np.sin(0.4)])
    now = scene.pixel_of(cut.point_lps + length * wanted)
    point, normal = scene.dragged_plane(cut, hit.part, scene.pixel_of(tip), now)
    assert normal == pytest.approx(wanted, abs=0.02)
    assert point == pytest.approx(cut.point_lps)


def test_a_stent_is_dragged_along_its_vessel(case, scene):
    stent = case.plan.stents["stent"]
    branch = case.plan.centerlines["line"].branch(0)
    start, now = (scene.pixel_of(branch.point_at(s)) for s in (22.0, 35.0))
    assert scene.dragged_station_mm(case, stent, start, now) == pytest.approx(33.0, abs=0.2)


def test_the_specimen_has_another_colour(case):
    scene = AnatomyScene(surface_of=surface_of)
    scene.resize(*SIZE)
    organ = case.segments["liver"]
    cut = case.plan.resections["cut"]
    look = defaults_for(case).with_style("segments/liver", colour="#20c040", opacity=1.0)
    bare = Case().with_(case.volume(), organ, case.segments["tumour"], cut)
    look = look.with_style("segments/tumour", visible=False)
    scene.show(bare, look)
    scene.view_from("A")
    rgb = picture(scene)[..., :3].astype(int)

    def redness(point):
        x, y = (round(v) for v in scene.pixel_of(point))
        patch = rgb[y - 2 : y + 3, x - 2 : x + 3].mean(axis=(0, 1))
        return patch[0] - patch[1]

    assert redness(MIDDLE + [-12.0, -16, 3]) < 0 < redness(MIDDLE + [15.0, -10, 3])
    moved = MovePlane("cut", MIDDLE + [-18.0, 0, 0], cut.normal).apply(bare)
    scene.show(moved, look)
    rgb = picture(scene)[..., :3].astype(int)
    assert redness(MIDDLE + [-8.0, -16, 3]) > 0


def test_a_finding_is_coloured_with_unit_and_range(case, scene):
    look = defaults_for(case).with_(finding="findings/answer")
    scene.show(case, look)
    scene.prepare()
    assert {"Displacement [mm]", "2", "1", "0"} <= set(scene.texts())
    assert "segments/liver" not in scene._drawn
    scene.show(case, look.with_(array="stress"))
    scene.prepare()
    assert {"Von Mises stress [kPa]", "> 7.92", "0"} <= set(scene.texts())
    scene.show(case, defaults_for(case))
    scene.prepare()
    assert not any("[kPa]" in text for text in scene.texts())


def test_a_vessel_stays_faint_around_its_answer_but_not_over_it(case):
    wall = case.findings["answer"]
    liver = case.segments["liver"]
    half = surface_of(liver).points_lps[:, 2] > MIDDLE[2]
    arrays = dict(wall.arrays, points_lps=surface_of(liver).points_lps[half])
    arrays["triangles"] = np.zeros((1, 3), np.int32)
    arrays["displacement_mm"] = np.zeros((int(half.sum()), 3))
    answer = replace(wall, subject="plan/stents/stent", arrays=arrays)
    scene = AnatomyScene(surface_of=surface_of, struts_of=struts_of)
    scene.show(case.with_(answer), defaults_for(case).with_(finding="findings/answer"))
    shown = scene._drawn["segments/liver"][2]
    left = shown._kept.GetMapper().GetInput().GetNumberOfPolys()
    every = len(surface_of(liver).triangles)
    assert 0.2 * every < left < 0.55 * every
    assert shown._kept.GetProperty().GetOpacity() < 0.3


def sorts(scene):
    return bool(scene.renderer.GetUseDepthPeeling())


def test_layers_are_sorted_only_on_a_machine_that_proves_quick(scene):
    assert not sorts(scene)
    scene.took(0.05)
    assert not sorts(scene)
    scene.took(0.005)
    assert sorts(scene)


def test_a_machine_that_sorts_slowly_does_so_once_and_again_with_less_to_draw(case, scene):
    scene.show(case, defaults_for(case))
    scene.took(0.005)
    scene.took(0.3)
    assert not sorts(scene)
    scene.took(0.005)
    assert not sorts(scene)
    scene.show(Case(), Look())
    scene.took(0.005)
    assert sorts(scene)


def test_printed_pictures_sort_however_long_it_takes():
    scene = AnatomyScene(surface_of=surface_of)
    scene.patient = True
    scene.took(5.0)
    assert sorts(scene)


def test_what_moves_under_the_hand_is_drawn_without_sorting(scene):
    scene.took(0.005)
    scene.interacting = True
    assert not sorts(scene)
    scene.interacting = False
    assert sorts(scene)


def test_every_view_says_research_use_only(scene):
    scene.prepare()
    assert "Research use only" in scene.texts()


def test_what_is_removed_leaves_no_trace(case, scene):
    scene.show(case, defaults_for(case))
    actors = weakref.ref(scene._drawn["plan/resections/cut"][2])
    prop = weakref.ref(scene._drawn["plan/stents/stent"][2].prop)
    count = scene.renderer.GetActors().GetNumberOfItems()
    removed = Remove("plan/stents/stent").apply(case)
    removed = Remove("plan/resections/cut").apply(removed)
    scene.show(removed, defaults_for(case))
    gc.collect()
    assert actors() is None
    assert prop() is None
    assert scene.renderer.GetActors().GetNumberOfItems() == count - 3
    # Gone are the struts, the disc and its rim; handles are drawn in front.
    assert scene.front.GetActors().GetNumberOfItems() == 0


def test_a_closed_view_gives_its_memory_back(case):
    scene = AnatomyScene(surface_of=surface_of, struts_of=struts_of)
    scene.resize(*SIZE)
    scene.show(case, Look())
    frame = Frame(*SIZE)
    frame.picture(scene)
    alive = [weakref.ref(x) for x in (scene, scene.renderer, scene.overlay, frame._window)]
    frame.close()
    with pytest.raises(ValueError, match="closed"):
        frame.picture(scene)
    del scene, frame
    gc.collect()
    assert [ref() for ref in alive] == [None] * 4
