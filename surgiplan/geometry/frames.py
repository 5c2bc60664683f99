"""Frames that travel along a curve without twisting."""

import numpy as np
import numpy.typing as npt

from .polylines import tangents

__all__ = ["transported_frames"]

Floats = npt.NDArray[np.float64]


def transported_frames(points_mm: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Unit vectors u (n, 3) and v (n, 3) that span the plane orthogonal to a curve (n, 3).

    (u, v, tangent) is right-handed and turns about the tangent as little as possible: double
    reflection (Wang, Juettler, Zheng and Liu, ACM Trans. Graph. 27:2, 2008).
    Raises ValueError unless there are two distinct points.
    """
    points = np.asarray(points_mm, float)
    t = tangents(points)
    u = np.empty_like(points)
    u[0] = _any_normal(t[0])
    for n in range(len(points) - 1):
        u[n + 1] = _reflected_twice(u[n], points[n + 1] - points[n], t[n], t[n + 1])
    # Rounding must not add up over a long curve.
    u -= np.einsum("ij,ij->i", u, t)[:, None] * t
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    return u, np.cross(t, u)


def _any_normal(tangent: Floats) -> Floats:
    axis = np.eye(3)[int(np.argmin(np.abs(tangent)))]
    normal = axis - (axis @ tangent) * tangent
    result: Floats = normal / np.linalg.norm(normal)
    return result


def _reflected_twice(u: Floats, step: Floats, t_from: Floats, t_to: Floats) -> Floats:
    c1 = float(step @ step)
    u_left = u - (2 / c1) * (step @ u) * step
    t_left = t_from - (2 / c1) * (step @ t_from) * step
    turn = t_to - t_left
    c2 = float(turn @ turn)
    if c2 < 1e-24:
        return u_left
    result: Floats = u_left - (2 / c2) * (turn @ u_left) * turn
    return result
