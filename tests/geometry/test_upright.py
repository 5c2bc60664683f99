"""However a body's voxels are stored, it comes out one way up and never mirrored."""

from itertools import permutations, product

import numpy as np
import pytest

from surgiplan.geometry import upright

UPRIGHT = np.eye(3)[:, ::-1] * [1.3, 0.7, 0.4]
"""Steps of k, j, i towards the head, the back and the left [mm], one a column."""
VALUES = np.random.default_rng(5).integers(-1000, 1500, (4, 5, 6)).astype(np.int16)


def placed(matrix):
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = matrix, (-31, 17, 101)
    return affine


def in_48_orders(values, affine):
    """The same voxels in the same places in all orders and directions of their axes."""
    for axes in permutations(range(3)):
        for signs in product((1, -1), repeat=3):
            turned = affine.copy()
            turned[:3, :3] = affine[:3, axes] * signs
            for axis, sign in zip(axes, signs, strict=True):
                if sign < 0:
                    turned[:3, 3] += affine[:3, axis] * (values.shape[axis] - 1)
            yield values.transpose(axes)[tuple(slice(None, None, s) for s in signs)], turned


def rotation(axis, degrees):
    axis = np.asarray(axis) / np.linalg.norm(axis)
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


@pytest.mark.parametrize(
    ("axis", "degrees"),
    [
        ((0, 0, 1), 0),
        ((1, 2, 3), 25),
        ((-1, 1, 0.3), 50),
        ((1, 1, 1), 60),
        ((0, 0, 1), 45),  # as near to one side as to the other
        ((1, 0, 0), 45),
        ((1, 0, 0), 45 + 1e-7),
    ],
)
def test_48_orders_give_one_volume_never_mirrored(axis, degrees):
    affine = placed(rotation(axis, degrees) @ UPRIGHT)
    orders = list(in_48_orders(VALUES, affine))
    assert len(orders) == 48
    first, first_affine = upright(*orders[0])
    assert np.linalg.det(first_affine[:3, :3]) < 0
    for values, stored in orders:
        turned, turned_affine = upright(values, stored)
        assert np.array_equal(turned, first)
        assert np.allclose(turned_affine, first_affine, atol=1e-9)


def test_an_upright_body_stays_as_it_is_and_an_oblique_one_keeps_its_obliqueness():
    for matrix in (UPRIGHT, rotation((1, 2, 3), 25) @ UPRIGHT):
        values, affine = upright(VALUES, placed(matrix))
        assert np.array_equal(values, VALUES)
        assert np.array_equal(affine, placed(matrix))


def test_each_value_stays_in_its_place_in_the_patient():
    rng = np.random.default_rng(1)
    for _ in range(40):
        orthogonal = np.linalg.qr(rng.normal(size=(3, 3)))[0] * [1.3, 0.7, 0.4]
        values, affine = upright(VALUES, placed(orthogonal))
        index = np.argwhere(values == values.max())[0]
        stored = np.argwhere(VALUES.max() == VALUES)[0]
        assert np.allclose(
            affine[:3, :3] @ index + affine[:3, 3],
            placed(orthogonal)[:3, :3] @ stored + [-31, 17, 101],
        )
        assert np.all(np.diag(affine[:3, 2::-1]) > 0)


def test_nothing_is_copied():
    values, _ = upright(VALUES, placed(UPRIGHT * [-1, 1, 1]))
    assert np.shares_memory(values, VALUES)
