"""Directions, polylines, frames and contours against shapes with a known answer."""

import numpy as np
import pytest

from surgiplan.geometry import (
    area_mm2,
    caliper_diameters_mm,
    length_mm,
    letters,
    perimeter_mm,
    resampled,
    smoothed,
    tangents,
    transported_frames,
)


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ((1, 0, 0), "L"),
        ((-1, 0, 0), "R"),
        ((0, 1, 0), "P"),
        ((0, -3, 0), "A"),
        ((0, 0, 1), "S"),
        ((0, 0.1, -1), "I"),
        ((-0.9, -0.4, 0), "RA"),
        ((0.5, 0.6, 0.7), "SPL"),
    ],
)
def test_letters_name_the_side_of_the_patient(direction, expected):
    assert letters(direction) == expected


def test_no_direction_has_no_letters():
    with pytest.raises(ValueError, match="no direction"):
        letters((0, 0, 0))


def helix(turns=1.5, points=400):
    t = np.linspace(0, 2 * np.pi * turns, points)
    return np.stack([20 * np.cos(t), 20 * np.sin(t), 3 * t], axis=1)


def test_resampling_keeps_the_ends_and_the_length_of_a_helix():
    curve = helix()
    even = resampled(curve, 1.0)
    steps = np.linalg.norm(np.diff(even, axis=0), axis=1)
    assert even[0] == pytest.approx(curve[0])
    assert even[-1] == pytest.approx(curve[-1])
    assert steps == pytest.approx(1.0, abs=0.02)
    assert length_mm(even) == pytest.approx(1.5 * 2 * np.pi * np.hypot(20, 3), rel=2e-3)


def test_smoothing_removes_noise_and_keeps_a_straight_line_straight():
    line = np.linspace([0, 0, 0], [0, 0, 100], 101)
    assert smoothed(line, 3.0) == pytest.approx(line, abs=1e-9)
    noise = np.random.default_rng(1).normal(0, 0.5, line.shape)
    calm = smoothed(line + noise, 5.0)
    assert np.std(calm[10:-10, 0]) < 0.2
    assert calm[0] == pytest.approx((line + noise)[0])


def test_tangents_of_a_helix_follow_it():
    t = np.linspace(0, 3 * np.pi, 400)
    true = np.stack([-20 * np.sin(t), 20 * np.cos(t), np.full_like(t, 3)], axis=1)
    true /= np.linalg.norm(true, axis=1, keepdims=True)
    assert np.einsum("ij,ij->i", tangents(helix()), true).min() > 0.9999


def test_transported_frames_are_orthonormal_and_do_not_twist():
    curve = resampled(helix(), 1.0)
    t = tangents(curve)
    u, v = transported_frames(curve)
    frames = np.stack([u, v, t], axis=1)
    assert frames @ frames.transpose(0, 2, 1) == pytest.approx(
        np.broadcast_to(np.eye(3), frames.shape), abs=1e-9
    )
    assert np.linalg.det(frames) == pytest.approx(1.0)
    # A frame without twist turns only in the plane of u and t, so du has no part along v.
    assert np.abs(np.einsum("ij,ij->i", np.diff(u, axis=0), v[:-1])).max() < 2e-3


def test_frames_of_a_straight_line_stay_the_same():
    u, _ = transported_frames(np.linspace([0, 0, 0], [5, 5, 5], 20))
    assert u == pytest.approx(np.broadcast_to(u[0], u.shape))


def ellipse(a, b, tilt_deg, angles=64):
    t = np.linspace(0, 2 * np.pi, angles, endpoint=False)
    flat = np.stack([a * np.cos(t), b * np.sin(t), np.zeros_like(t)], axis=1)
    c, s = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    lean = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return flat @ turn.T @ lean.T + [10, -40, 300]


@pytest.mark.parametrize("tilt_deg", [0, 17, 63])
def test_ellipse_has_its_axes_area_and_perimeter_however_it_lies(tilt_deg):
    contours = np.stack([ellipse(12, 8, tilt_deg), ellipse(6, 6, tilt_deg)])
    low, high = caliper_diameters_mm(contours)
    assert low == pytest.approx([16, 12], abs=0.05)
    assert high == pytest.approx([24, 12], abs=0.05)
    assert area_mm2(contours) == pytest.approx([np.pi * 96, np.pi * 36], rel=2e-3)
    assert perimeter_mm(contours)[1] == pytest.approx(2 * np.pi * 6, rel=1e-3)


def test_square_is_as_wide_as_its_side_and_its_diagonal():
    square = np.array([[0, 0, 0], [10, 0, 0], [10, 10, 0], [0, 10, 0]], float)
    c, s = np.cos(0.123), np.sin(0.123)
    low, high = caliper_diameters_mm((square @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]))[None])
    assert low[0] == pytest.approx(10, abs=1e-9)
    assert high[0] == pytest.approx(10 * np.sqrt(2), rel=1e-3)


def test_contour_with_a_gap_has_no_size_and_leaves_the_others_alone():
    contours = np.stack([ellipse(12, 8, 0), ellipse(12, 8, 0)])
    contours[0, 5] = np.nan
    low, high = caliper_diameters_mm(contours)
    for measured in (low, high, area_mm2(contours), perimeter_mm(contours)):
        assert np.isnan(measured).tolist() == [True, False]
