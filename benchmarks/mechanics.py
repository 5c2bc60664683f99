"""The solver's rows: the heavy liver of the mechanics sheet beside scikit-fem with PARDISO.

Each figure is the processor time of a process of its own on one thread, set-up included, compiled
code warm.  The peers are the extra ``bench``; without them our times stand alone.
"""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.row import Row, Spent

__all__ = ["rows"]

ROOT = Path(__file__).resolve().parent.parent

GRAVITY_MM_PER_S2_TO_KPA = 9.81e-6 * 1060
CASES = {"e10k": 12, "e50k": 20, "coarse": 8}


@contextmanager
def rows():
    """The heavy liver, of linear and of quadratic elements."""
    yield tuple(_rows())


def _rows():
    there = find_spec("skfem") and find_spec("pypardiso")
    for case, order, what, ratio in (
        ("e10k", 1, "10368 linear elements", 1 / 8),
        ("e50k", 1, "48000 linear elements", 1 / 6),
        ("e10k", 2, "10368 quadratic elements", 1 / 8),
    ):
        peer = partial(spent, "theirs", case, order)
        if order == 2:
            peer = cache(peer)  # minutes: once is enough
        yield Row(
            f"liver under its weight, {what}", partial(spent, "ours", case, order),
            "scikit-fem with PARDISO", peer if there else None, ratio=ratio,
        )  # fmt: skip
    yield Row(
        "the same within 8 %, 3072 quadratic elements", partial(spent, "ours", "coarse", 2),
        "scikit-fem, linear, 25 % off",
        partial(spent, "theirs", "e10k", 1) if there else None, ratio=1.5,
    )  # fmt: skip


def spent(who, case, order):
    """Seconds of one solve on one thread, in a process of its own."""
    threads = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    command = [sys.executable, "-m", "benchmarks.mechanics", who, case, str(order)]
    environment = {**os.environ, **dict.fromkeys(threads, "1")}
    answer = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=ROOT, env=environment
    )
    sys.stderr.write(answer.stdout)
    processor, wall = map(float, answer.stdout.split()[-2:])
    return Spent(processor, wall)


def ours(case, order):
    """Largest displacement [mm] of the liver, and the processor and wall seconds it took."""
    from surgiplan.mechanics import warm_up

    warm_up()
    points, tets, factor, back = liver(CASES["coarse"])
    solved(points, tets, factor, back, order)  # loads the compiled code
    points, tets, factor, back = liver(CASES[case])
    start = time.process_time(), time.perf_counter()
    u = solved(points, tets, factor, back, order).displacement_mm
    return np.abs(u[: len(points)]).max(), time.process_time() - start[0], _since(start[1])


def liver(n):
    """Corners, tetrahedra, stiffness factors and which corners are held."""
    from tests.mechanics import canonical

    mesh, ijk, factor = canonical.liver(n)
    points = np.ascontiguousarray(mesh.nodes_mm[: len(ijk)])
    return points, mesh.cells[:, :4].copy(), factor, ijk[:, 1] == 0


def solved(points, tets, factor, back, order):
    from surgiplan.mechanics import Loads, NeoHookean, Problem, held, mesh_of, solve

    mesh = mesh_of(points, tets, order=order)
    loads = Loads(np.array([0.0, 0.0, -GRAVITY_MM_PER_S2_TO_KPA]))
    problem = Problem(mesh, NeoHookean(20.0, 0.45), loads, factor)
    clamped = held(len(mesh.nodes_mm), back[mesh.parents].all(axis=1))
    return solve(problem, clamped)


def _since(start):
    return time.perf_counter() - start


def theirs(case, order):
    """The same with scikit-fem: full Newton, PARDISO."""
    import pypardiso
    import skfem
    from skfem.helpers import ddot, det, grad, inv, mul, transpose

    points, tets, factor, back = liver(CASES[case])
    start = time.process_time(), time.perf_counter()
    mesh = skfem.MeshTet(np.ascontiguousarray(points.T), np.ascontiguousarray(tets.T))
    kind = skfem.ElementTetP1() if order == 1 else skfem.ElementTetP2()
    basis = skfem.Basis(mesh, skfem.ElementVector(kind), intorder=order)
    E, nu = 20.0 * factor, 0.45
    mu, lam = (E / (2 * (1 + nu)))[:, None], (E * nu / ((1 + nu) * (1 - 2 * nu)))[:, None]

    def deformed(w):
        F = grad(w["u"]).copy()
        for i in range(3):
            F[i, i] = F[i, i] + 1.0
        return F

    @skfem.LinearForm
    def internal(v, w):
        F = deformed(w)
        R = transpose(inv(F))
        return ddot(mu * (F - R) + lam * np.log(det(F)) * R, grad(v))

    @skfem.BilinearForm
    def tangent(u, v, w):
        F = deformed(w)
        R, dF = transpose(inv(F)), grad(u)
        turned = mul(R, mul(transpose(dF), R))
        log_j = np.log(det(F))
        return ddot(mu * dF + (mu - lam * log_j) * turned + lam * ddot(R, dF) * R, grad(v))

    @skfem.LinearForm
    def weight(v, w):
        return -GRAVITY_MM_PER_S2_TO_KPA * v[2]

    held = basis.nodal_dofs[:, back].ravel()
    if order == 2:
        held = np.r_[held, basis.edge_dofs[:, back[mesh.edges].all(axis=0)].ravel()]
    free = np.setdiff1d(np.arange(basis.N), held)
    u, load, first = basis.zeros(), weight.assemble(basis), None
    for _ in range(40):
        there = {"u": basis.interpolate(u)}
        left = (load - internal.assemble(basis, **there))[free]
        first = first or np.linalg.norm(left)
        if np.linalg.norm(left) < 1e-6 * first:
            break
        K = tangent.assemble(basis, **there)[free][:, free].tocsr()
        step = basis.zeros()
        step[free] = pypardiso.spsolve(K, left)
        size = 1.0
        while det(deformed({"u": basis.interpolate(u + size * step)})).min() <= 0 or np.linalg.norm(
            (load - internal.assemble(basis, u=basis.interpolate(u + size * step)))[free]
        ) > 2 * np.linalg.norm(left):
            size /= 2
        u = u + size * step
    largest = np.abs(u[basis.nodal_dofs]).max()
    return largest, time.process_time() - start[0], _since(start[1])


if __name__ == "__main__":
    task = {"ours": ours, "theirs": theirs}[sys.argv[1]]
    reached, *seconds = task(sys.argv[2], int(sys.argv[3]))
    print(*sys.argv[1:], f"u_max {reached:.5f} mm, seconds", *(f"{s:.3f}" for s in seconds))
