"""A surface of another program becomes a segment of the scan, or nothing changes."""

import struct

import numpy as np
import pytest
import trimesh

from surgiplan import io
from surgiplan.errors import GeometryError
from surgiplan.meshing import surface_of
from surgiplan.model import Case, Segment, Surface, Volume
from surgiplan.workflow import import_segments
from tests.meshing.bodies import CENTRE, OBLIQUE, ball, grid, segment, to_ellipsoid


def case_on(on):
    """A scan with a liver of 40 mm and a tumour of 12 mm in it."""
    volume = Volume("ct", np.zeros(on.shape, np.int16), on)
    liver = segment(on, lambda points: to_ellipsoid(points, (20, 14, 17)) < 0)
    tumour = segment(on, lambda points: ball(points - [4, 2, 0], 6.0), "tumour")
    return Case().with_(volume, liver, tumour)


@pytest.fixture(scope="module")
def case():
    return case_on(grid((50, 70, 70), (1.0, 0.7, 0.7), OBLIQUE))


def dice(one: Segment, other: Segment, case: Case) -> float:
    masks = []
    for each in (one, other):
        mask = np.zeros(case.volume().grid.shape, bool)
        mask[each.grid.box_in(case.volume().grid)] = each.mask
        masks.append(mask)
    return 2 * np.count_nonzero(masks[0] & masks[1]) / sum(map(np.count_nonzero, masks))


@pytest.mark.parametrize("suffix", io.SURFACE_SUFFIXES)
@pytest.mark.parametrize("name", ["liver", "tumour"])
def test_a_segment_goes_out_as_a_surface_and_comes_back_the_same(tmp_path, case, suffix, name):
    io.write_surface(surface_of(case.segments[name]), tmp_path / f"{name}{suffix}")
    (back,) = import_segments(case, [tmp_path / f"{name}{suffix}"]).segments
    assert dice(back, case.segments[name], case) > 0.98
    assert (back.id, back.name) == (f"{name}2", f"{name}2")
    assert back.volume_id == "ct"
    assert f"fills voxels of {back.volume_ml:.2f} ml" in back.remarks[0]


def test_bodies_of_one_file_become_segments_with_their_names(tmp_path, case):
    bodies = {
        "A lobe": surface_of(case.segments["liver"]),
        "Lesion": surface_of(case.segments["tumour"]),
    }
    io.write_surface(bodies, tmp_path / "plan.glb")
    made = import_segments(case, [tmp_path / "plan.glb"]).segments
    assert [(one.id, one.name) for one in made] == [("a_lobe", "A lobe"), ("lesion", "Lesion")]
    assert dice(made[1], case.segments["tumour"], case) > 0.98


def test_a_surface_that_was_mended_says_what_moved_and_how_far(tmp_path, case):
    surface = surface_of(case.segments["liver"])
    trimesh.Trimesh(surface.points_lps, surface.triangles[5:], process=False).export(
        tmp_path / "holed.stl"
    )
    (made,) = import_segments(case, [tmp_path / "holed.stl"], unit="mm").segments
    assert "filled" in made.remarks[1]
    assert "no point moved more than" in made.remarks[1]
    assert dice(made, case.segments["liver"], case) > 0.98


def test_an_open_surface_is_refused_with_its_place(tmp_path, case):
    surface = surface_of(case.segments["liver"])
    middle = surface.points_lps[surface.triangles].mean(axis=1)
    half = surface.triangles[middle[:, 2] < CENTRE[2] + 5]
    io.write_surface(Surface(surface.points_lps, half), tmp_path / "half.ply")
    with pytest.raises(GeometryError, match=r"half\.ply stays open at") as caught:
        import_segments(case, [tmp_path / "half.ply"])
    assert caught.value.point_lps[2] == pytest.approx(CENTRE[2] + 5, abs=1.5)


@pytest.mark.parametrize("unit", ["inch", "cm", "m"])
@pytest.mark.parametrize("where", ["far from the origin", "around the origin"])
def test_a_surface_in_another_unit_is_refused_until_the_unit_is_told(tmp_path, case, unit, where):
    on = case.volume().grid
    if where == "around the origin":
        affine = on.affine.copy()
        affine[:3, 3] -= CENTRE
        on = type(on)(on.shape, affine)
    moved = Case().with_(
        Volume("ct", case.volume().values, on),
        Segment("liver", "liver", case.segments["liver"].mask, on),
    )
    surface = surface_of(moved.segments["liver"])
    small = surface.points_lps / io.UNITS_MM[unit]
    trimesh.Trimesh(small, surface.triangles, process=False).export(tmp_path / "liver.stl")
    with pytest.raises(GeometryError, match="--unit mm, cm, m or inch"):
        import_segments(moved, [tmp_path / "liver.stl"])
    (made,) = import_segments(moved, [tmp_path / "liver.stl"], unit=unit).segments
    assert dice(made, moved.segments["liver"], moved) > 0.98


@pytest.mark.parametrize("name", ["liver", "tumour"])
def test_millimetres_without_a_word_are_taken_for_millimetres(tmp_path, case, name):
    surface = surface_of(case.segments[name])
    trimesh.Trimesh(surface.points_lps, surface.triangles, process=False).export(
        tmp_path / "body.stl"
    )
    (made,) = import_segments(case, [tmp_path / "body.stl"]).segments
    assert dice(made, case.segments[name], case) > 0.98


def test_a_body_beside_the_scan_or_in_other_axes_is_refused(tmp_path, case):
    surface = surface_of(case.segments["liver"])
    io.write_surface(Surface(surface.points_lps + 200, surface.triangles), tmp_path / "far.stl")
    with pytest.raises(GeometryError, match=r"far.stl lies outside the scan .*--space"):
        import_segments(case, [tmp_path / "far.stl"])
    ras = Surface(surface.points_lps * (-1, -1, 1), surface.triangles)
    io.write_surface(ras, tmp_path / "ras.stl")
    (made,) = import_segments(case, [tmp_path / "ras.stl"], space="RAS").segments
    assert dice(made, case.segments["liver"], case) > 0.98


def test_of_several_files_a_bad_one_adds_nothing(tmp_path, case):
    io.write_surface(surface_of(case.segments["liver"]), tmp_path / "good.stl")
    (tmp_path / "bad.stl").write_bytes(bytes(80) + struct.pack("<I", 5))
    with pytest.raises(GeometryError, match=r"bad\.stl cannot be read"):
        import_segments(case, [tmp_path / "good.stl", tmp_path / "bad.stl"])
