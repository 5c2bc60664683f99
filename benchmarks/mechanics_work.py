"""Pieces of the solver's work, each in a process of its own on one thread, compiled code warm.

``python -m benchmarks.mechanics_work TASK N ORDER`` takes the heavy liver of N^3 cells and prints
JSON: the processor and wall seconds of the task and what else it tells.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.row import Spent

__all__ = ["liver", "problem_of", "spent", "told"]

ROOT = Path(__file__).resolve().parent.parent
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
WEIGHT_KPA_PER_MM = 9.81e-6 * 1060
DRAG_ERROR_MM, CUT_ERROR_MM = 0.01, 0.05


def told(task, n, order, module="benchmarks.mechanics_work"):
    """All that a task tells about itself."""
    command = [sys.executable, "-m", module, task, str(n), str(order)]
    environment = {**os.environ, **dict.fromkeys(THREADS, "1")}
    answer = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=ROOT, env=environment
    )
    found = json.loads(answer.stdout.splitlines()[-1])
    sys.stderr.write(f"{task} {n} {order} {found}\n")
    return found


def spent(task, n, order, module="benchmarks.mechanics_work"):
    """Seconds and MiB of a task."""
    found = told(task, n, order, module)
    return Spent(found["processor"], found["wall"], found.get("mib"))


def liver(n):
    """Corners, tetrahedra, stiffness factors, which corners are held, and the patch at the tip."""
    from tests.mechanics import canonical

    mesh, ijk, factor = canonical.liver(n)
    points = np.ascontiguousarray(mesh.nodes_mm[: len(ijk)])
    s = 2 * ijk / n - 1
    tip = (ijk[:, 0] == n) & (np.abs(s[:, 1:]) < 0.34).all(axis=1)
    return points, mesh.cells[:, :4].copy(), factor, ijk[:, 1] == 0, tip


def problem_of(points, tets, factor, back, order):
    """The heavy liver as a problem, and what holds it."""
    from surgiplan.mechanics import Loads, NeoHookean, Problem, held, mesh_of

    mesh = mesh_of(points, tets, order=order)
    loads = Loads(np.array([0.0, 0.0, -WEIGHT_KPA_PER_MM]))
    clamped = held(len(mesh.nodes_mm), back[mesh.parents].all(axis=1))
    return Problem(mesh, NeoHookean(20.0, 0.45), loads, factor), clamped


class Watch:
    """Processor and wall seconds since it was made."""

    def __init__(self):
        self._start = time.process_time(), time.perf_counter()

    def read(self, **more):
        """The seconds until now, and what else is to be told."""
        processor, wall = time.process_time(), time.perf_counter()
        return {"processor": processor - self._start[0], "wall": wall - self._start[1], **more}


def solved(n, order):
    """The whole solve, set-up included, with its peak memory and the bytes it must move."""
    from surgiplan.mechanics import solve

    points, tets, factor, back, _ = liver(n)
    watch = Watch()
    problem, clamped = problem_of(points, tets, factor, back, order)
    solution = solve(problem, clamped)
    largest = float(np.abs(solution.displacement_mm[: len(points)]).max())
    found = watch.read(u_max_mm=largest, mib=peak_mib())
    return {**found, "bytes": bytes_moved(problem, solution)}


def dragged(n, order):
    """A drag of the tip by 5 mm, the mean of ten; they end within 0.01 mm of a tight answer."""
    from surgiplan.mechanics import Handle, Held, Rehearsal, solve

    points, tets, factor, back, tip = liver(n)
    problem, clamped = problem_of(points, tets, factor, back, order)
    start = solve(problem, clamped)
    nodes = np.flatnonzero(tip[problem.mesh.parents].all(axis=1))
    rehearsal = Rehearsal(problem, clamped, start)
    rehearsal.drag(Handle(nodes, (0, 0, 0)))
    watch = Watch()
    for height in (5, 10, 15, 20, 15, 10, 5, 0, -5, 5):
        answer = rehearsal.drag(Handle(nodes, (0, 0, height)))
    found = watch.read()
    mask, places = clamped.mask.copy(), np.zeros(clamped.mask.shape)
    mask[nodes], places[nodes] = True, start.displacement_mm[nodes] + [0, 0, 5]
    tight = solve(
        problem, Held(mask, places), start_mm=answer.displacement_mm, tolerance=1e-9
    ).displacement_mm
    error = float(np.abs(answer.displacement_mm - tight).max())
    assert error < DRAG_ERROR_MM, error
    return {"processor": found["processor"] / 10, "wall": found["wall"] / 10, "error_mm": error}


def cut(n, order):
    """A wedge of an eighth of the elements cut out, the rest within 0.05 mm of a fresh solution."""
    from surgiplan.mechanics import Rehearsal, solve

    points, tets, factor, back, _ = liver(n)
    problem, clamped = problem_of(points, tets, factor, back, order)
    start = solve(problem, clamped)
    i, j = (np.arange(len(points)) // (n + 1) ** axis % (n + 1) for axis in (0, 1))
    wedge = (i[tets].mean(axis=1) > 0.725 * n) & (j[tets].mean(axis=1) > n / 2)
    rehearsal = Rehearsal(problem, clamped, start)
    watch = Watch()
    answer = rehearsal.cut(wedge)
    found = watch.read(share=float(wedge.mean()))
    fresh = problem_of(points, tets, factor, back, order)[0]
    fresh = fresh.part(rehearsal.elements, rehearsal.mesh, fresh.loads)
    held_now = type(clamped)(
        clamped.mask[rehearsal.nodes], clamped.displacement_mm[rehearsal.nodes]
    )
    tight = solve(fresh, held_now, tolerance=1e-8).displacement_mm
    error = float(np.abs(answer.displacement_mm - tight).max())
    assert error < CUT_ERROR_MM, error
    return {**found, "error_mm": error}


def bytes_moved(problem, solution):
    """What a solve reads and writes at least: the matrix each iteration, elements each Newton step.

    Each iteration reads the matrix once in double and once in single precision, the factor of the
    groups, and some dozen vectors; each evaluation elements, slots, and the matrix twice.
    """
    blocks, nodes = len(problem.pattern.keys), problem.node_count
    elements, width = problem.mesh.cells.shape
    groups = (6 * min(max(len(problem.mesh.corner_nodes) / 60, 36), 160)) ** 2
    iteration = blocks * (72 + 36 + 3 * 4) + 4 * groups + 12 * 24 * nodes
    evaluation = elements * (4 * width + 4 * width**2 + 32) + 2 * 72 * blocks + 3 * 24 * nodes
    return int(solution.cg_iterations * iteration + (solution.iterations + 2) * evaluation)


def bandwidth_bytes_per_s():
    """What one core moves: a + b into c (STREAM's sum), three arrays of 128 MB, best of five."""
    a, b = np.ones(16_000_000), np.ones(16_000_000)
    c = np.zeros(16_000_000)
    best = np.inf
    for _ in range(5):
        start = time.process_time()
        np.add(a, b, out=c)
        best = min(best, time.process_time() - start)
    return 3 * c.nbytes / best


def peak_mib():
    """Most memory of this whole process so far, interpreter and libraries included."""
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage tells may be of the process that started this one
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024**2 if sys.platform == "darwin" else 1024)


TASKS = {"solved": solved, "dragged": dragged, "cut": cut}

if __name__ == "__main__":
    from surgiplan.mechanics import warm_up

    warm_up()
    work = TASKS[sys.argv[1]]
    work(6, int(sys.argv[3]))  # loads the compiled code
    sys.stdout.write(json.dumps(work(int(sys.argv[2]), int(sys.argv[3]))) + "\n")
