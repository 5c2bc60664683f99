"""The inner loops of a device that pushes on a wall, compiled once by numba and kept on disk."""

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_OPTIONS = {"cache": True, "nogil": True, "fastmath": False}


@njit(**_OPTIONS)
def touched(X: Floats, faces: Ints, shapes: Floats, weights: Floats, u: Floats, curve: Floats,
            start: Ints, law: Floats, reached: Floats, pressures: Floats, place: Floats,
            push: Floats, stiff: Floats, frame: Floats) -> float:  # fmt: skip
    """Energy of a springy device about a curved axis, and its slopes at the quadrature points.

    Energy per reference area: F(R(s) - r), with r the distance to the axis, R the free radius at
    the nearest place s, and F the integral of ``pressed``.  ``curve`` (segments, 4, 4): cubics of
    x, y, z and R in the place 0..1 on a segment, constant term first.  ``shapes`` (q, k) integrate
    over faces (f, k), with ``weights`` (f, q) of area times the device's share there.
    ``start`` (f, q): the segment nearest to each quadrature point at rest; the search walks from
    there, so that a strongly curved axis is never left for another of its branches.
    Filled: ``pressures`` (f, q) [kPa]; ``place`` (f, q), segment and place on it; ``push``
    (f, q, 3), slope of the energy by the point; ``stiff`` (f, q, 3, 3), second slope by the point,
    without the second slope of s, which is zero for a straight axis; ``frame`` (f, q, 8), what
    slopes by the direction of the axis need: its direction, the offset of the point from it, and
    the forces of the two.
    """
    energy, nodes = 0.0, faces.shape[1]
    x = np.empty(3)
    c = np.empty((3, 4))
    n = np.empty(3)
    along = np.empty(3)
    slope = np.empty(3)
    pressures[:] = 0.0
    for f in range(len(faces)):
        for point in range(len(shapes)):
            w, N = weights[f, point], shapes[point]
            if not w > 0.0:
                continue
            for i in range(3):
                x[i] = 0.0
                for a in range(nodes):
                    x[i] += N[a] * (X[faces[f, a], i] + u[faces[f, a], i])
            inside, where = nearest_place(curve, start[f, point], x, c)
            r = np.sqrt((x[0] - c[0, 0]) ** 2 + (x[1] - c[0, 1]) ** 2 + (x[2] - c[0, 2]) ** 2)
            gap = c[0, 3] - r
            place[f, point] = where
            if not (gap > 0.0 and r > 0.0):
                continue
            stored, kpa, rise = pressed(gap, law, reached[f, point])
            pressures[f, point] = kpa
            energy += w * stored
            bottom = 0.0
            for i in range(3):
                bottom += c[1, i] * c[1, i] - (x[i] - c[0, i]) * c[2, i]
            frame[f, point, 6] = w * kpa / (r * bottom) if inside else 0.0
            frame[f, point, 7] = w * kpa * c[1, 3] / bottom if inside else 0.0
            for i in range(3):
                n[i] = (x[i] - c[0, i]) / r
                along[i] = c[1, i] / bottom if inside else 0.0
                slope[i] = c[1, 3] * along[i] - n[i]
                push[f, point, i] = w * kpa * slope[i]
                frame[f, point, i], frame[f, point, 3 + i] = c[1, i], x[i] - c[0, i]
            for i in range(3):
                for k in range(3):
                    bend = (1.0 if i == k else 0.0) - n[i] * n[k] - c[1, i] * along[k]
                    curved = c[2, 3] * along[i] * along[k] - bend / r
                    stiff[f, point, i, k] = w * (rise * slope[i] * slope[k] + kpa * curved)
    return energy


@njit(**_OPTIONS)
def places(points: Floats, curve: Floats, start: Ints, place: Floats) -> None:
    """The place (f, q) of the axis nearest to points (f, q, 3)."""
    c = np.empty((3, 4))
    for f in range(len(points)):
        for point in range(points.shape[1]):
            place[f, point] = nearest_place(curve, start[f, point], points[f, point], c)[1]


@njit(**_OPTIONS)
def pressed(depth: float, law: Floats, reached: float) -> tuple[float, float, float]:
    """Energy, pressure and stiffness per area of a device held ``depth`` from its free radius.

    ``law``: stiffness while it opens, and pressure from which it gives way; the same while it is
    squeezed; stiffness from the one to the other; the fraction of stiffness that is left where it
    gives way.  It opened as far as ``reached`` before it was squeezed; infinite where it only
    opens.
    """
    turned = min(depth, reached)
    knee, left = law[1] / law[0], law[5] * law[0]
    if turned <= knee:
        energy, kpa, rise = law[0] * turned * turned / 2, law[0] * turned, law[0]
    else:
        past = turned - knee
        energy = law[1] * (knee / 2 + past) + left * past * past / 2
        kpa, rise = law[1] + left * past, left
    if depth <= reached:
        return energy, kpa, rise
    # Three lines of falling slope, the lowest counts: back to the loading branch, it, where it
    # gives way.
    level, at, knee, left = kpa, turned, law[3] / law[2], law[5] * law[2]
    end = turned + (law[3] + left * (turned - knee) - level) / (law[4] - left)
    if law[4] > law[2]:
        end = min(end, (law[4] * turned - level) / (law[4] - law[2]))
    for slope, until in ((law[4], end), (law[2], knee), (left, np.inf)):
        upto = min(max(until, at), depth)
        energy += (upto - at) * (level + slope * (upto - at) / 2)
        level, at, rise = level + slope * (upto - at), upto, slope
        if depth <= upto:
            break
    return energy, level, rise


@njit(**_OPTIONS)
def spread(faces: Ints, shapes: Floats, pressures: Floats, push: Floats, stiff: Floats,
           slots: Ints, force: Floats, blocks: Floats, tangent: bool) -> None:  # fmt: skip
    """Add the slopes at the points to nodal ``force`` (n, 3) and to the blocks of the tangent."""
    nodes = faces.shape[1]
    for f in range(len(faces)):
        for point in range(len(shapes)):
            if pressures[f, point] == 0.0:
                continue
            N = shapes[point]
            for a in range(nodes):
                for i in range(3):
                    force[faces[f, a], i] += push[f, point, i] * N[a]
            if not tangent:
                continue
            for a in range(nodes):
                for b in range(nodes):
                    share = N[a] * N[b]
                    for i in range(3):
                        for k in range(3):
                            blocks[slots[f, nodes * a + b], i, k] += share * stiff[f, point, i, k]


@njit(**_OPTIONS)
def axis_sums(faces: Ints, shapes: Floats, pressures: Floats, place: Floats, push: Floats,
              stiff: Floats, frame: Floats, tables: Floats, leads: Ints, slope: Floats,
              curvature: Floats, coupling: Floats, coupled: bool) -> None:  # fmt: skip
    """Add slopes of the energy by the moves of the axis that ``tables`` describe.

    ``tables`` (segments, 4, m): cubics of the moves' shares, of which those from ``leads``
    (segments,) on and three more are not zero.  ``slope`` (m, 3), ``curvature`` (m, 3, m, 3), and
    with ``coupled`` ``coupling`` (inner nodes, 3, m, 3) with the moves of nodes as ``faces``
    number them.
    """
    nodes = faces.shape[1]
    value, steep = np.empty(4), np.empty(4)
    turned = np.empty((4, 3))
    for f in range(len(faces)):
        for point in range(len(shapes)):
            if pressures[f, point] == 0.0:
                continue
            segment = min(int(place[f, point]), len(tables) - 1)
            t, lead = place[f, point] - segment, leads[segment]
            ahead, offset = frame[f, point, :3], frame[f, point, 3:6]
            sideways, wider = frame[f, point, 6], frame[f, point, 7]
            for j in range(4):
                p = tables[segment, :, lead + j]
                value[j] = p[0] + t * (p[1] + t * (p[2] + t * p[3]))
                steep[j] = p[1] + t * (2 * p[2] + 3 * t * p[3])
                for i in range(3):
                    turned[j, i] = ahead[i] * value[j] - offset[i] * steep[j]
                    slope[lead + j, i] += (
                        steep[j] * wider * offset[i] - value[j] * push[f, point, i]
                    )
            for j in range(4):
                for k in range(4):
                    both = value[j] * value[k]
                    for i in range(3):
                        for h in range(3):
                            tilt = turned[j, i] * turned[k, h] - ahead[i] * ahead[h] * both
                            curvature[lead + j, i, lead + k, h] += (
                                both * stiff[f, point, i, h] + sideways * tilt
                            )
            if not coupled:
                continue
            for a in range(nodes):
                for j in range(4):
                    for i in range(3):
                        for h in range(3):
                            tilt = sideways * steep[j] * ahead[i] * offset[h]
                            coupling[faces[f, a], i, lead + j, h] += shapes[point, a] * (
                                tilt - value[j] * stiff[f, point, i, h]
                            )


@njit(**_OPTIONS)
def nearest_place(curve: Floats, segment: int, x: Floats, c: Floats) -> tuple[bool, float]:
    """Fill ``c`` (3, 4) for the place of the axis nearest to ``x``; False beyond its ends.

    The place is given as the segment plus 0..1 on it.  Columns of ``c``: x, y, z of the axis and
    the radius; rows: value, first and second derivative.
    """
    last = len(curve) - 1
    best = chord_distance2(curve, segment, x)[0]
    for step in (-1, 1):
        while 0 <= segment + step <= last:
            other = chord_distance2(curve, segment + step, x)[0]
            if other >= best:
                break
            segment, best = segment + step, other
    t = chord_distance2(curve, segment, x)[1]
    for _ in range(12):
        for column in range(4):
            p = curve[segment, :, column]
            c[0, column] = p[0] + t * (p[1] + t * (p[2] + t * p[3]))
            c[1, column] = p[1] + t * (2 * p[2] + 3 * t * p[3])
            c[2, column] = 2 * p[2] + 6 * t * p[3]
        miss, bottom = 0.0, 0.0
        for i in range(3):
            miss += (x[i] - c[0, i]) * c[1, i]
            bottom += c[1, i] * c[1, i] - (x[i] - c[0, i]) * c[2, i]
        if not bottom > 0.0:
            return False, segment + t
        move = miss / bottom
        if abs(move) < 1e-13:
            return True, segment + t
        place = t + move
        if place < 0.0 and segment == 0:
            if t == 0.0:
                return False, 0.0
            t = 0.0
        elif place > 1.0 and segment == last:
            if t == 1.0:
                return False, segment + 1.0
            t = 1.0
        elif place < 0.0:
            segment, t = segment - 1, max(1.0 + place, 0.0)
        elif place > 1.0:
            segment, t = segment + 1, min(place - 1.0, 1.0)
        else:
            t = place
    return True, segment + t


@njit(**_OPTIONS)
def chord_distance2(curve: Floats, segment: int, x: Floats) -> tuple[float, float]:
    """Squared distance of ``x`` to the chord of a segment, and how far along it (0..1)."""
    length2, dot = 0.0, 0.0
    for i in range(3):
        edge = curve[segment, 1, i] + curve[segment, 2, i] + curve[segment, 3, i]
        length2 += edge * edge
        dot += edge * (x[i] - curve[segment, 0, i])
    along = min(max(dot / length2, 0.0), 1.0)
    distance2 = 0.0
    for i in range(3):
        edge = curve[segment, 1, i] + curve[segment, 2, i] + curve[segment, 3, i]
        distance2 += (x[i] - curve[segment, 0, i] - along * edge) ** 2
    return distance2, along
