"""Thrombus and calcium that a case knows are handed on to the mechanics of its vessel."""

import numpy as np
import pytest

from surgiplan.imaging import cropped_segment
from surgiplan.model import Case, Patient, VoxelGrid
from surgiplan.workflow.deposits import deposits_in

TURN = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
"""The scan is not in line with the vessel."""
RADIUS, DEEP = 8.0, 5.0


def grid():
    affine = np.eye(4)
    affine[:3, :3] = TURN @ np.diag([0.9, 0.9, 2.0])[:, ::-1]
    affine[:3, 3] = -affine[:3, :3] @ [10.0, 22.0, 22.0] + [5.0, -3.0, 20.0]
    return VoxelGrid((21, 45, 45), affine, "1.2.3")


def case_with(**masks):
    return Case(Patient("K-1")).with_(
        *(
            cropped_segment(mask, grid(), segment_id=name, name=name, volume_id="ct", made_by="x")
            for name, mask in masks.items()
        )
    )


POINTS = grid().to_lps(np.stack(np.meshgrid(*map(np.arange, grid().shape), indexing="ij"), -1))
ACROSS = POINTS - [5.0, -3.0, 0.0]
AROUND = np.hypot(ACROSS[..., 0], ACROSS[..., 1])
LEFT = ACROSS[..., 0] > 0


@pytest.fixture
def vessel():
    """Axis (n, 3) and contours (n, angles, 3) of the lumen."""
    z, angle = np.linspace(5, 35, 16), np.linspace(0, 2 * np.pi, 48, endpoint=False)
    axis = np.stack([0 * z + 5, 0 * z - 3, z], axis=1)
    ring = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    return axis, axis[:, None] + RADIUS * ring, ring


def test_thrombus_is_as_thick_as_it_reaches_outward_and_only_where_it_lies(vessel):
    axis, contours, ring = vessel
    # The mask begins a little outside the lumen, as masks do.
    shell = (AROUND > RADIUS + 0.5) & (AROUND < RADIUS + DEEP) & LEFT
    found = deposits_in(case_with(aorta_thrombus=shell), axis, contours)
    thickness = found.deposits.thrombus_mm
    assert thickness[:, ring[:, 0] > 0.3] == pytest.approx(DEEP, abs=0.9)
    assert not thickness[:, ring[:, 0] < -0.3].any()
    assert found.deposits.calcified is None
    assert found.segments == ("aorta_thrombus",)


def test_another_thrombus_beyond_a_gap_is_not_of_this_wall(vessel):
    axis, contours, _ = vessel
    far = (AROUND > RADIUS + 4) & (AROUND < RADIUS + 8)
    assert not deposits_in(case_with(thrombus=far), axis, contours).deposits.thrombus_mm.any()


def test_calcium_is_told_by_its_segment(vessel):
    axis, contours, _ = vessel
    plaque = (np.abs(AROUND - RADIUS - 1) < 1) & LEFT
    calcified = deposits_in(case_with(aorta_calcium=plaque), axis, contours).deposits.calcified
    inside = [[5.0 + RADIUS + 1, -3.0, 20.0]]
    outside = [[5.0 - RADIUS - 1, -3.0, 20.0], [5.0, -3.0, 20.0], [900.0, 0.0, 0.0]]
    assert calcified(np.array(inside)).all()
    assert not calcified(np.array(outside)).any()


def test_a_case_without_deposits_hands_on_none(vessel):
    axis, contours, _ = vessel
    found = deposits_in(case_with(), axis, contours)
    assert found.deposits.thrombus_mm is None
    assert found.segments == ()
