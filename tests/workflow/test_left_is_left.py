"""A patient's left stays left: in the scan, on screen, in the mesh and in every export."""

import numpy as np
import pytest
import trimesh

from surgiplan import io
from surgiplan.geometry import upright
from surgiplan.meshing import surface_of
from surgiplan.model import Case
from surgiplan.render import AnatomyScene, Frame, Look, Orientation, SliceScene, defaults_for
from surgiplan.workflow import import_scan, segment
from tests.io.series_on_disk import oblique
from tests.workflow.marked_body import (
    CENTRE,
    MARKERS,
    NASTY,
    ORDERS,
    body_on,
    grid_in,
    series,
    volume_file,
)

SIZE = (360, 320)
SUFFIXES = (".nii.gz", ".nrrd", ".mha")
NASTY_OR_SLOW = [
    order if order in NASTY else pytest.param(order, marks=pytest.mark.slow) for order in ORDERS
]
SIDES = {"left": (0, 1), "front": (1, -1), "head": (2, 1)}
"""LPS axis and direction in which each marker lies from the body's middle."""
TILTED = oblique()[:, ::-1]


def imported(path):
    edit = import_scan(path)
    return edit.apply(Case())


def marked(case, name):
    hu = MARKERS[name][2]
    added = segment(case, "threshold", name=name, settings={"low_hu": hu - 9, "high_hu": hu + 9})
    return added.apply(case)


def middle_of(mask, grid):
    return grid.to_lps(np.argwhere(mask).mean(axis=0))


def assert_each_marker_on_its_side(volume):
    for name, (axis, direction) in SIDES.items():
        centre, radius_mm, hu = MARKERS[name]
        mask = volume.values == hu
        found = middle_of(mask, volume.grid)
        assert direction * (found - CENTRE)[axis] > 5, name
        assert found == pytest.approx(centre, abs=0.15), name
        ball_mm3 = 4 / 3 * np.pi * radius_mm**3
        assert mask.sum() * volume.grid.voxel_mm3 == pytest.approx(ball_mm3, rel=0.12), name


def assert_surfaces_on_their_side(case, folder, suffixes=io.SURFACE_SUFFIXES):
    for name, (axis, direction) in SIDES.items():
        case = marked(case, name)
        surface = surface_of(case.segment(name))
        for suffix in suffixes:
            io.write_surface(surface, folder / f"{name}{suffix}")
            mesh = trimesh.load(folder / f"{name}{suffix}", force="mesh")
            assert mesh.is_watertight
            assert mesh.volume > 0  # normals point outwards
            assert direction * (mesh.center_mass - CENTRE)[axis] > 5, (name, suffix)
            assert mesh.center_mass == pytest.approx(MARKERS[name][0], abs=0.2), (name, suffix)


def slice_picture(case, orientation, level, width):
    scene = SliceScene(orientation)
    scene.resize(*SIZE)
    scene.show(
        case, Look(crosshair_lps=tuple(CENTRE), window_level=(width, level), crosshair=False)
    )
    frame = Frame(*SIZE)
    try:
        picture = frame.picture(scene)[..., :3].mean(axis=-1)
    finally:
        frame.close()
    inner = np.zeros_like(picture)  # letters stand along the edges
    inner[40:-40, 40:-40] = picture[40:-40, 40:-40]
    return inner, [text for text in scene.texts() if text in "APLRSI"]


def assert_slices_show_each_side(case):
    """Left is right on screen, the front is up or left, the head is up; and the letters say so."""
    letters = {}
    for orientation in Orientation:
        picture, letters[orientation.key] = slice_picture(case, orientation, 300, 400)
        rows, columns = np.nonzero(picture > 60)
        middle_column = np.abs(columns - SIZE[0] / 2) < 15
        middle_row = np.abs(rows - SIZE[1] / 2) < 15
        if orientation is Orientation.AXIAL:
            assert columns[middle_row].mean() > SIZE[0] / 2 + 40  # the marker on the left
            assert rows[middle_column].mean() < SIZE[1] / 2 - 40  # in front
        elif orientation is Orientation.CORONAL:
            assert columns[middle_row].mean() > SIZE[0] / 2 + 40  # on the left
            assert rows[middle_column].mean() < SIZE[1] / 2 - 40  # towards the head
        else:
            assert columns[middle_row].mean() < SIZE[0] / 2 - 40  # in front
            assert rows[middle_column].mean() < SIZE[1] / 2 - 40  # towards the head
    assert letters == {
        "axial": ["A", "P", "R", "L"],
        "coronal": ["S", "I", "R", "L"],
        "sagittal": ["S", "I", "A", "P"],
    }


def assert_seen_from_the_front_left_is_right(case):
    for name in SIDES:
        case = marked(case, name)
    surfaces = {one.id: surface_of(one) for one in case.segments.values()}
    box = CENTRE + np.array([[-12.0, -14, -16], [12, 14, 16]])
    for name in SIDES:
        look = defaults_for(case)
        for other in SIDES:
            look = look.with_style(
                f"segments/{other}", other, visible=other == name, colour="#ffffff", opacity=1.0
            )
        scene = AnatomyScene(surface_of=lambda one: surfaces[one.id])
        scene.resize(*SIZE)
        scene.show(case, look)
        scene.view_from("A")
        scene.fit_box(box)
        frame = Frame(*SIZE)
        try:
            picture = frame.picture(scene)[60:-60, 60:-60, :3].min(axis=-1)
        finally:
            frame.close()
        assert [text for text in scene.texts() if text in "APLRSI"] == ["S", "I", "R", "L"]
        rows, columns = np.nonzero(picture > 110)
        x, y = columns.mean() + 60 - SIZE[0] / 2, rows.mean() + 60 - SIZE[1] / 2
        expected = {"left": (x > 40, abs(y) < 12), "front": (abs(x) < 12, abs(y) < 12)}
        assert all(expected.get(name, (abs(x) < 12, y < -40))), (name, x, y)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_48_files_of_one_body_are_one_volume_with_its_marks_in_place(tmp_path, suffix):
    first = None
    assert len(ORDERS) == 48
    for order in ORDERS:
        volume = imported(volume_file(tmp_path / f"{order}{suffix}", grid_in(order))).volume()
        first = first or volume
        assert volume.sha256 == first.sha256, order
        assert np.allclose(volume.grid.affine, first.grid.affine, atol=1e-4, rtol=0), order
        assert np.linalg.det(volume.grid.affine[:3, :3]) < 0, order
        assert_each_marker_on_its_side(volume)
    assert first.grid.spacing_mm == pytest.approx((1.3, 0.7, 0.4), abs=1e-6)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_48_files_of_a_body_that_lies_askew_are_one_volume_that_lies_askew(tmp_path, suffix):
    first = None
    for order in ORDERS:
        grid = grid_in(order, TILTED)
        volume = imported(volume_file(tmp_path / f"{order}{suffix}", grid)).volume()
        first = first or volume
        assert volume.sha256 == first.sha256, order
        assert np.allclose(volume.grid.affine, first.grid.affine, atol=1e-4, rtol=0), order
        assert not volume.grid.is_axis_aligned
    assert_each_marker_on_its_side(first)


def test_surfaces_of_48_files_have_their_marks_in_place(tmp_path):
    for n, order in enumerate(ORDERS):
        suffix = SUFFIXES[n % 3]
        case = imported(volume_file(tmp_path / f"{order}{suffix}", grid_in(order)))
        exports = io.SURFACE_SUFFIXES if order in NASTY else (".stl",)
        assert_surfaces_on_their_side(case, tmp_path, exports)


@pytest.mark.parametrize("order", NASTY_OR_SLOW)
def test_a_series_in_any_order_keeps_its_sides_everywhere(tmp_path, order):
    """24 rotations of the slices, each numbered along their normal and against it."""
    case = imported(series(tmp_path / "series", grid_in(order)))
    volume = case.volume()
    assert_each_marker_on_its_side(volume)
    values, affine = upright(volume.values, volume.grid.affine)
    assert np.array_equal(values, body_on(grid_in("SPL")))
    assert np.allclose(affine, grid_in("SPL").affine, atol=1e-4)
    assert_surfaces_on_their_side(case, tmp_path)
    assert_slices_show_each_side(case)
    assert_seen_from_the_front_left_is_right(case)


@pytest.mark.parametrize("order", ["SPL", "PIL", "LSP"])
def test_an_oblique_series_keeps_its_sides_everywhere(tmp_path, order):
    case = imported(series(tmp_path / "series", grid_in(order, TILTED)))
    assert_each_marker_on_its_side(case.volume())
    assert_surfaces_on_their_side(case, tmp_path)
    assert_slices_show_each_side(case)
    assert_seen_from_the_front_left_is_right(case)


@pytest.mark.parametrize("order", NASTY_OR_SLOW)
def test_a_volume_file_in_any_order_shows_its_sides_on_screen(tmp_path, order):
    case = imported(volume_file(tmp_path / "scan.nii.gz", grid_in(order)))
    assert_slices_show_each_side(case)
    assert_seen_from_the_front_left_is_right(case)


def test_a_case_that_was_saved_keeps_its_sides(tmp_path):
    case = imported(series(tmp_path / "series", grid_in("PIL", TILTED)))
    io.save(case, tmp_path / "marked.splan")
    again = io.load(tmp_path / "marked.splan").volume()
    assert_each_marker_on_its_side(again)
    assert np.array_equal(again.grid.affine, case.volume().grid.affine)
