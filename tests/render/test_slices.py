from itertools import permutations, product

import numpy as np
import pytest

from surgiplan.edits import MoveStent
from surgiplan.model import Case
from surgiplan.render import Frame, Look, Orientation, SliceScene, defaults_for
from tests.render.patient import (
    MARKER,
    MARKER_RADIUS_MM,
    MIDDLE,
    grid_from,
    marked_volume,
    struts_of,
)

SIZE = (300, 260)
BARE = Look(crosshair_lps=tuple(MARKER), window_level=(400.0, 400.0), crosshair=False)

STRAIGHT = [
    (order, signs)
    for order, signs in product(
        permutations(range(3)), [(1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, -1)]
    )
]


def tilted_grid():
    angle = np.deg2rad(18)
    k = np.array([0.3, np.sin(angle), np.cos(angle)])
    k /= np.linalg.norm(k)
    j = np.cross(k, [1.0, 0, 0])
    j /= np.linalg.norm(j)
    return grid_from([1.5 * k, 1.1 * j, 0.9 * np.cross(j, k)], (60, 90, 100))


def sheared_grid():
    return grid_from([[0, 0.9, 2.0], [0, 1.0, 0], [1.0, 0, 0]], (45, 90, 100))


def grey(volume, orientation, look=BARE):
    """Brightness of what is drawn, shape (h, w), and the scene."""
    scene = SliceScene(orientation)
    scene.resize(*SIZE)
    scene.show(Case().with_(volume), look)
    frame = Frame(*SIZE)
    try:
        return frame.picture(scene)[..., :3].mean(axis=-1), scene
    finally:
        frame.close()


def blob(brightness, scene):
    """Middle and mean radius of the disc in pixels, which is brighter than any text."""
    bright = brightness > 240
    rows, columns = np.nonzero(bright)
    return columns.mean() + 0.5, rows.mean() + 0.5, np.sqrt(len(rows) / np.pi)


def assert_marker_is_in_place(volume, orientation):
    brightness, scene = grey(volume, orientation)
    x, y, radius = blob(brightness, scene)
    expected = scene.pixel_of(MARKER)
    tolerance = 1.2 * max(volume.grid.spacing_mm) / scene.mm_per_px
    assert (x, y) == pytest.approx(expected, abs=tolerance)
    assert radius * scene.mm_per_px == pytest.approx(MARKER_RADIUS_MM, abs=1.5)


@pytest.mark.parametrize(("order", "signs"), STRAIGHT)
def test_left_is_right_on_the_screen_however_voxels_are_stored(order, signs):
    steps = np.diag([1.1, 1.3, 1.7]) * np.array(signs)[:, None]
    axes = [steps[n] for n in order]
    volume = marked_volume(grid_from(axes, [(96, 80, 60)[n] for n in order]))
    orientation = (Orientation.AXIAL, Orientation.CORONAL)[order[0] % 2]
    assert_marker_is_in_place(volume, orientation)
    brightness, scene = grey(volume, orientation)
    assert blob(brightness, scene)[0] > SIZE[0] / 2


@pytest.mark.parametrize("orientation", Orientation)
@pytest.mark.parametrize("grid", [tilted_grid(), sheared_grid()], ids=["tilted", "sheared"])
def test_an_oblique_scan_is_cut_where_the_patient_is(grid, orientation):
    assert_marker_is_in_place(marked_volume(grid), orientation)


def test_front_is_up_in_axial_head_is_up_in_coronal_back_is_right_in_sagittal(standard_grid):
    volume = marked_volume(standard_grid)
    sides = {}
    for orientation in Orientation:
        brightness, scene = grey(volume, orientation)
        x, y, _ = blob(brightness, scene)
        sides[orientation.key] = (x > SIZE[0] / 2, y < SIZE[1] / 2)
    # The marker lies left, in front and towards the head.
    assert sides == {"axial": (True, True), "coronal": (True, True), "sagittal": (False, True)}


def test_letters_say_where_the_patient_is(case):
    edges = {}
    for orientation in Orientation:
        scene = SliceScene(orientation)
        scene.show(case, defaults_for(case))
        scene.prepare()
        edges[orientation.key] = [text for text in scene.texts() if text in "APLRSI"]
    assert edges == {
        "axial": ["A", "P", "R", "L"],
        "coronal": ["S", "I", "R", "L"],
        "sagittal": ["S", "I", "A", "P"],
    }


@pytest.mark.parametrize("orientation", Orientation)
def test_a_picked_pixel_is_where_its_point_is_drawn(case, orientation):
    scene = SliceScene(orientation)
    scene.resize(417, 389)
    scene.show(case, defaults_for(case))
    scene.zoom(1.7, 100, 90)
    scene.pan(13, -21)
    for x, y in [(10.0, 20.0), (200.5, 300.25), (400.0, 5.0)]:
        point = scene.pick(x, y)
        assert scene.pixel_of(point) == pytest.approx((x, y), abs=1e-6)
        assert scene.plane.heights_mm(point) == pytest.approx(0, abs=1e-9)
    right = scene.pick(201, 100) - scene.pick(101, 100)
    assert right @ orientation.right == pytest.approx(100 * scene.mm_per_px)


def test_zooming_keeps_what_is_under_the_mouse(case):
    scene = SliceScene(Orientation.AXIAL)
    scene.show(case, defaults_for(case))
    before = scene.pick(77, 333)
    scene.zoom(2.5, 77, 333)
    assert scene.pick(77, 333) == pytest.approx(before, abs=1e-9)


def test_scrolling_goes_one_slice_at_a_time_and_stops_at_the_ends(case):
    scene = SliceScene(Orientation.AXIAL)
    look = defaults_for(case)
    scene.show(case, look)
    assert scene.slice_number == (21, 41)
    point = scene.scrolled(3)
    assert point[2] == pytest.approx(MIDDLE[2] + 6.0)
    assert point[:2] == look.crosshair_lps[:2]
    scene.show(case, look.with_(crosshair_lps=point))
    assert scene.slice_number == (24, 41)
    assert scene.scrolled(500)[2] == pytest.approx(MIDDLE[2] + 40.0)
    assert "2.00 mm" in scene._subtitle()


@pytest.mark.parametrize("grid", ["standard", "tilted"])
def test_an_outline_runs_around_the_mask(standard_grid, grid):
    from surgiplan.render.slice_plane import SlicePlane, mask_outline
    from tests.render.patient import ball, segment_of

    chosen = standard_grid if grid == "standard" else tilted_grid()
    segment = segment_of(chosen, ball(chosen), "ball", "Ball")
    for orientation in Orientation:
        plane = SlicePlane(orientation, float(MARKER[orientation.axis]), 1.0)
        outline = mask_outline(segment, plane)
        radii = np.linalg.norm(outline.reshape(-1, 2) - plane.flat(MARKER), axis=1)
        assert len(outline) > 20
        assert radii.mean() == pytest.approx(MARKER_RADIUS_MM, abs=0.8)
        assert radii.max() - radii.min() < 2.2 * max(chosen.spacing_mm)
        beside = SlicePlane(orientation, float(MARKER[orientation.axis]) + 30.0, 1.0)
        assert not len(mask_outline(segment, beside))


def test_showing_the_same_case_again_changes_nothing(case):
    scene = SliceScene(Orientation.AXIAL, struts_of=struts_of)
    look = defaults_for(case)
    assert scene.show(case, look)
    before = scene.updates
    assert not scene.show(case, look)
    assert scene.updates == before
    moved = MoveStent("stent", 25.0).apply(case)
    assert scene.show(moved, look)
    assert scene.updates == before + 1


def test_what_is_hidden_or_removed_is_not_drawn(case):
    scene = SliceScene(Orientation.AXIAL, struts_of=struts_of)
    look = defaults_for(case)
    scene.show(case, look)
    assert "segments/liver" in scene._drawn
    scene.show(case, look.with_style("segments/liver", visible=False))
    assert "segments/liver" not in scene._drawn
    scene.show(Case(), Look())
    assert not scene._drawn


def test_a_cutting_plane_is_grabbed_at_its_line_and_turned_at_its_ends(case):
    scene = SliceScene(Orientation.AXIAL, struts_of=struts_of)
    look = defaults_for(case)
    scene.show(case, look)
    cut = case.plan.resections["cut"]
    x, y = scene.pixel_of(cut.point_lps)
    hit = scene.hit(x, y + 12)
    assert (hit.path, hit.part) == ("plan/resections/cut", "plane-handle")
    per_px = scene.mm_per_px
    point, normal = scene.dragged_plane(cut, hit.part, (x, y), (x + 10 / per_px, y + 50))
    assert point == pytest.approx(cut.point_lps + [10.0, 0, 0])
    assert normal == pytest.approx(cut.normal)
    ends = [
        step for step in range(300) if (h := scene.hit(x, y + step)) and h.part == "normal-handle"
    ]
    assert ends
    down = float(np.mean(ends))
    _, turned = scene.dragged_plane(cut, "normal-handle", (x, y + down), (x + down, y))
    # A quarter turn on the screen is a quarter turn of the plane.
    assert abs(turned @ [0, 1.0, 0]) == pytest.approx(1.0, abs=1e-6)


def test_a_stent_is_dragged_along_its_vessel(case):
    scene = SliceScene(Orientation.CORONAL, struts_of=struts_of)
    scene.show(case, defaults_for(case).with_(crosshair_lps=tuple(MIDDLE)))
    stent = case.plan.stents["stent"]
    branch = case.plan.centerlines["line"].branch(0)
    start = scene.pixel_of(branch.point_at(20.0))
    hit = scene.hit(*start)
    assert (hit.path, hit.part) == ("plan/stents/stent", "stent")
    now = scene.pixel_of(branch.point_at(31.0) + [4.0, 0, 0])
    assert scene.dragged_station_mm(case, stent, start, now) == pytest.approx(31.0, abs=1e-6)
    assert scene.hit(5, 5) is None


def test_a_distance_is_labelled_with_its_length(case):
    scene = SliceScene(Orientation.AXIAL, struts_of=struts_of)
    scene.show(case, defaults_for(case))
    scene.prepare()
    label = scene._drawn["plan/measurements/span"][2]._label
    assert label.text == "30.0 mm"


def test_every_view_says_research_use_only(case):
    for orientation in Orientation:
        scene = SliceScene(orientation)
        scene.show(case, defaults_for(case))
        scene.prepare()
        assert "Research use only" in scene.texts()


def test_a_scan_that_was_taken_back_is_seen_no_more(case):
    scene, frame = SliceScene(Orientation.AXIAL), Frame(200, 200)
    look = defaults_for(case)
    scene.show(case, look)
    bright = frame.picture(scene)[40:160, 40:160, :3].mean()
    assert scene.show(Case(), look)
    assert frame.picture(scene)[40:160, 40:160, :3].mean() < 0.3 * bright
    assert not {"R", "L", "A", "P"} & set(scene.texts())
    frame.close()
