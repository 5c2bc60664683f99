"""Which structures of a case an organ is taken to rest on."""

import numpy as np
import pytest

from surgiplan.imaging import cropped_segment
from surgiplan.model import Case, VoxelGrid
from surgiplan.workflow.neighbours import among_neighbours
from surgiplan.workflow.organs import organ_in


@pytest.fixture(scope="module")
def masks():
    """Masks by name on a grid of 2 mm, and the grid: an organ with much around it."""
    affine = np.zeros((4, 4))
    affine[:3, :3] = 2 * np.eye(3)[:, ::-1]
    affine[:, 3] = -50, -50, -50, 1
    grid = VoxelGrid((50, 50, 50), affine, "1.2.3")
    place = grid.to_lps(np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), -1))
    x, y, z = np.moveaxis(place, -1, 0)
    r = np.linalg.norm(place, axis=-1)
    return grid, {
        "liver": r < 24,
        "tumour": (x - 10) ** 2 + y**2 + z**2 < 6**2,
        "body": r < 48,
        "spine": (r > 26) & (y > 20) & (np.abs(x) < 12),
        "stomach": (x - 42) ** 2 + y**2 + z**2 < 17**2,
        "spleen": (x + 44) ** 2 + y**2 + z**2 < 6**2,
        "hepatic_vein": (np.abs(x) < 3) & (np.abs(y) < 3) & (z > 0),
    }


def among(masks, *names):
    grid, found = masks
    case = Case().with_(*(cropped_segment(found[name], grid, segment_id=name) for name in names))
    target = case.segment("liver")
    return among_neighbours(case, target, organ_in(case, target, "", with_hu=False))


def test_an_organ_rests_on_what_touches_it_from_outside(masks):
    found = among(masks, *masks[1])
    for name in ("spine", "stomach"):
        assert f"segments/{name}" in found.made_from
    for name in ("body", "spleen"):
        assert f"segments/{name}" not in found.made_from
    (distance,) = found.organ.neighbours
    inside = np.array([[0, 30, 0], [35, 0, 0.0]])
    outside = np.array([[0, 0, 0], [0, 0, 35], [-44, 0, 0.0]])
    assert (distance(inside) < -2).all()
    assert (distance(outside) > 2).all()


def test_where_nothing_is_segmented_around_an_organ_that_is_said(masks):
    found = among(masks, "liver", "tumour")
    assert not found.organ.neighbours
    assert "No structure is segmented beside" in found.remarks[-1]
