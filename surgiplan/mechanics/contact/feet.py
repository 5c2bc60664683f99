"""The nearest place on a surface of curved faces."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..elements import Face

__all__ = ["Feet", "Surface"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_POWERS = np.array([(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (2, 1), (1, 2)])
_TRIANGLE = np.array([(0, 0), (1, 0), (0, 1), (0.5, 0), (0.5, 0.5), (0, 0.5)])
_SQUARE = np.array(
    [(-1, -1), (1, -1), (1, 1), (-1, 1), (0, -1), (1, 0), (0, 1), (-1, 0)], dtype=float
)
_CANDIDATES = 4
_ROUNDS = 8


@dataclass(frozen=True, eq=False)
class Feet:
    """For p points: the number of the nearest face and the place on it (p, 2)."""

    face: npt.NDArray[np.intp]
    place: Floats


class Surface:
    """Faces (g, k) of one kind, wherever their nodes are."""

    def __init__(self, faces: Ints, face: Face) -> None:
        self.faces, width = faces, faces.shape[1]
        self._is_triangle = face.corners == 3
        places = (_TRIANGLE if self._is_triangle else _SQUARE)[:width]
        self._powers = _POWERS[:width]
        powers = np.prod(places[:, None] ** self._powers, axis=2)
        self._coefficients = np.linalg.inv(powers)
        self._starts = places[face.triangles].mean(axis=1)

    def shapes(self, place: Floats, order: tuple[int, int] = (0, 0)) -> Floats:
        """Shape functions (p, k) at places (p, 2), or their derivative of this order."""
        values = np.ones((len(place), len(self._powers)))
        for axis in (0, 1):
            power = self._powers[:, axis]
            factor = np.ones(len(power))
            for step in range(order[axis]):
                factor *= power - step
            left = np.maximum(power - order[axis], 0)
            values *= factor * place[:, axis, None] ** left
        return np.asarray(values @ self._coefficients)

    def at(self, x: Floats, feet: Feet, order: tuple[int, int] = (0, 0)) -> Floats:
        """Points (p, 3) of the surface, or derivatives of them, with nodes at ``x`` (n, 3)."""
        shapes = self.shapes(feet.place, order)
        return np.asarray(np.einsum("pa,pai->pi", shapes, x[self.faces[feet.face]]))

    def nearest(self, x: Floats, points: Floats, reach_mm: float) -> tuple[Ints, Feet]:
        """Which points (numbers, p) are within reach of the surface, and their feet on it."""
        from scipy.spatial import cKDTree

        count = len(self._starts)
        face = np.repeat(np.arange(len(self.faces)), count)
        starts = Feet(face, np.tile(self._starts, (len(self.faces), 1)))
        tree = cKDTree(self.at(x, starts))
        near = np.flatnonzero(tree.query(points, distance_upper_bound=reach_mm)[0] < np.inf)
        few = min(_CANDIDATES, len(face))
        _, which = tree.query(points[near], k=few)
        which = which.reshape(-1)
        feet = Feet(face[which], starts.place[which])
        wanted = np.repeat(points[near], few, axis=0)
        for _ in range(_ROUNDS):
            feet = Feet(feet.face, self._within(feet.place + self._step(x, wanted, feet)))
        away = np.linalg.norm(wanted - self.at(x, feet), axis=1).reshape(-1, few)
        best = few * np.arange(len(near)) + away.argmin(axis=1)
        return near.astype(np.int32), Feet(feet.face[best], feet.place[best])

    def _step(self, x: Floats, points: Floats, feet: Feet) -> Floats:
        """Newton's step (p, 2) to the nearest place, without curvature where that is no minimum."""
        away = points - self.at(x, feet)
        s, t = self.at(x, feet, (1, 0)), self.at(x, feet, (0, 1))
        right = np.stack([_dot(away, s), _dot(away, t)], axis=1)
        plain = np.stack([_dot(s, s), _dot(s, t), _dot(t, t)], axis=1)
        bent = plain.copy()
        for column, order in enumerate(((2, 0), (1, 1), (0, 2))):
            bent[:, column] -= _dot(away, self.at(x, feet, order))
        sound = (bent[:, 0] > 0) & (_determinant(bent) > 0.1 * _determinant(plain))
        a, b, c = np.where(sound[:, None], bent, plain).T
        first, second = right.T
        step = np.stack([c * first - b * second, a * second - b * first], axis=1)
        return np.asarray(step / np.maximum(a * c - b * b, 1e-300)[:, None])

    def _within(self, place: Floats) -> Floats:
        """The places drawn onto the face."""
        if not self._is_triangle:
            return np.asarray(np.clip(place, -1, 1))
        place = np.maximum(place, 0)
        over = np.maximum(place.sum(axis=1, keepdims=True) - 1, 0)
        return np.asarray(np.clip(place - over / 2, 0, 1))


def _determinant(symmetric: Floats) -> Floats:
    a, b, c = symmetric.T
    return np.asarray(a * c - b * b)


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("pi,pi->p", a, b))
