"""Meshes of organs and of vessel walls: volumes, quality, and shapes that are refused."""

import json

import numpy as np
import pytest

from surgiplan.errors import GeometryError
from surgiplan.io import open_label_map
from surgiplan.mechanics import CutPlane, sampled_distance, stuffed
from surgiplan.mechanics.mesh import Mesh, gate, promoted, scaled_jacobian
from surgiplan.mechanics.tube import wall_of
from surgiplan.meshing import signed_distance

RADII = np.array([60.0, 45.0, 35.0])


def ball(points):
    return np.linalg.norm(points - [3.0, 1.0, 2.0], axis=1) - 40


def ellipsoid(points):
    return (np.linalg.norm(points / RADII, axis=1) - 1) * RADII.min()


def cut_ball(points):
    return np.maximum(ball(points), (points - [8.0, 1.0, 2.0]) @ [0.6, 0.0, 0.8])


CUT_HEIGHT = 40 - 5 * 0.6
BALL_ML = 4 / 3 * np.pi * 40**3
SHAPES = {
    "ball": (ball, 45, BALL_ML),
    "ellipsoid": (ellipsoid, 60, 4 / 3 * np.pi * RADII.prod()),
    "cut ball": (cut_ball, 45, BALL_ML - np.pi * CUT_HEIGHT**2 * (40 - CUT_HEIGHT / 3)),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("edge_mm", [12.0, 8.0])
def test_a_stuffed_organ_has_its_volume_and_sound_elements(name, edge_mm):
    distance, reach, volume = SHAPES[name]
    mesh = stuffed(distance, [[-reach] * 3, [reach] * 3], edge_mm)
    assert mesh.volume_mm3 == pytest.approx(volume, rel=0.002)
    assert scaled_jacobian(mesh.nodes_mm, mesh.cells).min() > 0.099
    assert_closed(mesh)


@pytest.mark.parametrize("height", [0.0, 15.0, -30.0])
@pytest.mark.parametrize("normal", [[0, 0, 1.0], [0.6, 0.0, 0.8], [-0.3, 0.9, 0.5]])
def test_a_plane_parts_a_ball_in_two_with_their_volumes_and_a_flat_cut(normal, height):
    across = np.array(normal) / np.linalg.norm(normal)
    plane = CutPlane(np.array([3.0, 1.0, 2.0]) + height * across, 2 * across)
    mesh = stuffed(ball, [[-45] * 3, [45] * 3], 9.0, plane=plane)
    assert scaled_jacobian(mesh.nodes_mm, mesh.cells).min() > 0.08
    middles = plane.height_mm(mesh.corner_middles_mm)
    for side in (-1, 1):
        part, nodes = mesh.part(side * middles > 0)
        assert np.array_equal(part.nodes_mm, mesh.nodes_mm[nodes])
        cap = 40 - side * height
        volume = np.pi * cap**2 * (40 - cap / 3)
        assert part.volume_mm3 == pytest.approx(volume, rel=0.003)
        assert_closed(part)
        cut = part.faces_on(plane.height_mm)
        area = part.face_areas_mm2(part.surface[cut]).sum()
        assert area == pytest.approx(np.pi * (40**2 - height**2), rel=0.01)
        elsewhere = np.unique(part.surface[~cut])
        assert np.abs(ball(part.nodes_mm[elsewhere])).max() < 1.8, "the rim is sharp"


@pytest.mark.parametrize("organ", ["liver", "kidney_left"])
def test_organs_of_a_real_scan_and_what_is_left_of_them_keep_their_volume(real_organs, organ):
    segment = real_organs[organ]
    distance = signed_distance(segment)
    middle = segment.centroid_lps
    for normal in ([1.0, 0, 0], [0.5, -0.7, 0.5]):
        plane = CutPlane(middle, np.array(normal))
        edge_mm = (12 * segment.volume_ml * 1000 / 6000) ** (1 / 3)
        mesh = stuffed(distance, distance.bounds_mm, edge_mm, plane=plane)
        assert mesh.volume_mm3 / 1000 == pytest.approx(segment.volume_ml, rel=0.005)
        assert scaled_jacobian(mesh.nodes_mm, mesh.cells).min() > 0.05
        stays, _ = mesh.part(plane.height_mm(mesh.corner_middles_mm) < 0)
        voxels = plane.height_mm(segment.grid.to_lps(np.argwhere(segment.mask)))
        width = np.abs(segment.grid.affine[:3, :3].T @ plane.direction).sum()
        behind = np.clip(0.5 - voxels / width, 0, 1).sum() * segment.grid.voxel_mm3
        assert stays.volume_mm3 == pytest.approx(behind, rel=0.005)


@pytest.fixture(scope="module")
def real_organs(shared_data):
    folder = shared_data / "ct-abdopelvis-multiorgan-totalseg"
    names = json.loads((folder / "labels_total.json").read_text())
    return open_label_map(
        folder / "example_seg.nii.gz", {int(number): word for number, word in names.items()}
    )


def test_the_same_organ_gives_the_same_mesh():
    first, second = (stuffed(cut_ball, [[-45] * 3, [45] * 3], 10.0) for _ in range(2))
    assert np.array_equal(first.nodes_mm, second.nodes_mm)
    assert np.array_equal(first.cells, second.cells)


def test_a_sampled_distance_gives_the_same_organ():
    affine = np.array([[0, 0, 2.0, -50], [0, 2.0, 0, -50], [2.0, 0, 0, -50], [0, 0, 0, 1.0]])
    kji = np.indices((51, 51, 51)).reshape(3, -1).T
    values = ball(kji @ affine[:3, :3].T + affine[:3, 3]).reshape(51, 51, 51)
    mesh = stuffed(sampled_distance(values, affine), [[-45] * 3, [45] * 3], 10.0)
    assert mesh.volume_mm3 == pytest.approx(BALL_ML, rel=0.005)
    assert mesh.nodes_mm.mean(axis=0) == pytest.approx([3, 1, 2], abs=1.0)


def test_outside_its_samples_there_is_no_organ():
    inside = sampled_distance(np.full((4, 4, 4), -5.0), np.eye(4))
    assert inside(np.array([[1.0, 1.0, 1.0]])) == pytest.approx(-5)
    assert inside(np.array([[1.0, 1.0, 13.0]])) == pytest.approx(10)


def test_of_two_pieces_the_larger_is_kept():
    def two(points):
        other = np.linalg.norm(points - [100.0, 0, 0], axis=1) - 15
        return np.minimum(ball(points), other)

    mesh = stuffed(two, [[-45] * 3, [120, 45, 45]], 10.0)
    assert mesh.volume_mm3 == pytest.approx(BALL_ML, rel=0.005)


def test_an_empty_organ_is_refused():
    with pytest.raises(GeometryError, match="Nothing of the spleen"):
        stuffed(lambda p: np.ones(len(p)), [[-10] * 3, [10] * 3], 5.0, what="the spleen")


def test_an_element_inside_out_is_refused():
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, -1.0]])
    with pytest.raises(GeometryError, match="1 of 1 tetrahedra"):
        gate(promoted(points, np.array([[0, 1, 2, 3]])), "the organ")


@pytest.mark.parametrize("clockwise", [False, True])
def test_a_wall_around_a_straight_lumen_has_the_volume_of_a_tube(clockwise):
    contours = lumen(radius=11.0)
    wall = wall_of(contours[:, ::-1] if clockwise else contours, 1.5, 500)
    assert wall.mesh.volume_mm3 == pytest.approx(np.pi * (12.5**2 - 11**2) * 100, rel=1e-3)
    assert wall.moved_max_mm < 0.1
    assert_closed(wall.mesh)
    given = contours[:, ::-1] if clockwise else contours
    assert np.abs(wall.at_contours(wall.mesh.nodes_mm) - given).max() < 0.2


def test_a_wall_follows_a_bent_and_noisy_lumen():
    noise = np.random.default_rng(3).normal(0, 0.3, (41, 48))
    contours = lumen(radius=11.0, bend=50.0, noise=noise)
    wall = wall_of(contours, 1.5, 500)
    assert wall.moved_rms_mm < 0.5
    assert gate(wall.mesh, "the wall") > 0.1
    assert_closed(wall.mesh)


def test_a_wall_that_folds_onto_itself_is_refused():
    contours = lumen(radius=11.0, bend=7.0)
    with pytest.raises(GeometryError, match="The wall folds") as caught:
        wall_of(contours, 5.0, 500)
    middles = contours.mean(axis=1)
    assert np.linalg.norm(middles - caught.value.point_lps, axis=1).min() < 11


def test_one_stray_contour_is_left_out_and_said():
    contours = lumen(radius=11.0)
    contours[40] = contours[40].mean(axis=0) + 3 * (contours[40] - contours[40].mean(axis=0))
    contours[20, :20] *= 2.5
    wall = wall_of(contours, 1.5, 500)
    assert wall.strays == 2
    assert wall.moved_max_mm < 0.3
    assert wall.mesh.volume_mm3 == pytest.approx(np.pi * (12.5**2 - 11**2) * 97.5, rel=0.02)


def test_contours_that_are_no_lumen_are_refused():
    wild = np.random.default_rng(5).uniform(-9, 9, (41, 48))
    with pytest.raises(GeometryError, match=r"(?i)smooth the lumen"):
        wall_of(lumen(radius=11.0, noise=wild), 1.5, 500)


def test_an_incomplete_contour_is_named():
    contours = lumen(radius=11.0)
    contours[6, 3] = np.nan
    with pytest.raises(GeometryError, match="station 7"):
        wall_of(contours, 1.5, 500)


def lumen(radius, bend=None, noise=0.0, length=100.0, stations=41, angles=48):
    s = np.linspace(0, length, stations)
    angle = np.arange(angles) / angles * 2 * np.pi
    turn = s / bend if bend else np.zeros_like(s)
    centre = np.stack([0 * s, 0 * s, s], 1)
    if bend:
        centre = np.stack([bend * (1 - np.cos(turn)), 0 * s, bend * np.sin(turn)], 1)
    out = np.stack([np.cos(turn), 0 * s, -np.sin(turn)], 1)
    r = radius + noise + np.zeros((stations, angles))
    ring = np.cos(angle)[:, None] * out[:, None] + np.sin(angle)[:, None] * [0.0, 1.0, 0.0]
    return centre[:, None] + r[..., None] * ring


def assert_closed(mesh: Mesh):
    face = mesh.element.face
    at = np.einsum("qa,fai->fqi", face.shapes, mesh.nodes_mm[mesh.surface])
    along = np.einsum("qad,fai->fqdi", face.slopes, mesh.nodes_mm[mesh.surface])
    areas = np.cross(along[:, :, 0], along[:, :, 1]) * face.weights[:, None]
    assert np.abs(areas.sum(axis=(0, 1))).max() < 1e-8 * np.linalg.norm(areas, axis=2).sum()
    assert np.einsum("fqi,fqi->", at, areas) / 3 == pytest.approx(mesh.volume_mm3, rel=1e-9)
