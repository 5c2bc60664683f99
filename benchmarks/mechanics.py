"""The solver's rows: the heavy liver of the mechanics sheet beside other codes and its own bounds.

Each figure is the processor time of a process of its own on one thread, set-up included, compiled
code warm.  The peers are the extra ``bench``, and CalculiX where it is on the path; a row without
its peer says so, and our figure stands alone.
"""

from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

from benchmarks.mechanics_peers import is_there
from benchmarks.mechanics_work import bandwidth_bytes_per_s, spent, told
from benchmarks.row import Clock, Row, Spent
from benchmarks.verification.plot import Line, plot

__all__ = ["rows"]

CURVE = Path(__file__).resolve().parent.parent / "docs" / "performance" / "solver.svg"
PEERS = {
    "scikit_fem": "scikit-fem with PARDISO",
    "ngsolve": "NGSolve, sparse Cholesky",
    "calculix": "CalculiX",
}
WHAT = {1: "linear elements", 2: "quadratic elements"}
SIZES = [(n, 1) for n in (6, 8, 12, 16, 20, 26, 32)] + [(n, 2) for n in (4, 6, 8, 12)]


@contextmanager
def rows():
    """Beside peers, in the hand, in memory, and from a thousand elements to 200,000."""
    curve = _Curve()
    yield (*_beside_peers(), *_in_the_hand(), *_in_memory(), *curve.rows())
    curve.draw()


def _beside_peers():
    for peer, n, order, ratio in (
        ("scikit_fem", 12, 1, 1 / 8), ("ngsolve", 12, 1, 1 / 8), ("calculix", 12, 1, None),
        ("scikit_fem", 20, 1, 1 / 6), ("calculix", 20, 1, 1 / 3),
        ("scikit_fem", 12, 2, 1 / 8), ("ngsolve", 12, 2, 1 / 8),
    ):  # fmt: skip
        work = partial(spent, peer, n, order, "benchmarks.mechanics_peers")
        name, there = PEERS[peer], is_there(peer)
        yield Row(
            f"liver under its weight, {6 * n**3} {WHAT[order]}",
            partial(spent, "solved", n, order),
            name if there else f"{name} (not installed)",
            (cache(work) if n > 12 or order == 2 else work) if there else None,  # minutes: once
            ratio=ratio,
        )  # fmt: skip
    work = partial(spent, "scikit_fem", 12, 1, "benchmarks.mechanics_peers")
    yield Row(
        "the same within 8 %, 3072 quadratic elements", partial(spent, "solved", 8, 2),
        "scikit-fem, linear, 25 % off", work if is_there("scikit_fem") else None, ratio=1.5,
    )  # fmt: skip


def _in_the_hand():
    for n, order, most in ((12, 1, 0.03), (6, 2, 0.03), (20, 1, 0.15)):
        yield Row(
            f"drag its tip by 5 mm (within 0.01 mm), {6 * n**3} {WHAT[order]}",
            partial(spent, "dragged", n, order), most=most,
        )  # fmt: skip
    for n, order, most in ((12, 1, 0.1), (20, 1, 1.0)):
        yield Row(
            f"cut a wedge out (within 0.05 mm), {6 * n**3} {WHAT[order]}",
            partial(spent, "cut", n, order), most=most,
        )  # fmt: skip


def _in_memory():
    for n, order, most in ((20, 1, 300), (12, 2, 500), (32, 1, 1200)):
        yield Row(
            f"peak memory of all of the process, {6 * n**3} {WHAT[order]}",
            cache(partial(spent, "solved", n, order)), most=most, clock=Clock.MEMORY,
        )  # fmt: skip


class _Curve:
    """Cost against size, beside what moving the same bytes would take at the memory's pace."""

    def __init__(self):
        self._pace = cache(bandwidth_bytes_per_s)
        self._found = {}

    def rows(self):
        """One row for each size."""
        for n, order in SIZES:
            yield Row(
                f"cost against size: {6 * n**3} {WHAT[order]}",
                partial(self._measured, n, order),
                f"its bytes at the {self._pace() / 1e9:.0f} GB/s of one core's memory",
                partial(self._bound, n, order),
            )  # fmt: skip

    def draw(self):
        """The curve as a picture, when all sizes were measured."""
        if len(self._found) < len(SIZES):
            return
        lines = []
        for order, what in WHAT.items():
            sizes = [n for n, kind in SIZES if kind == order]
            elements = tuple(6.0 * n**3 for n in sizes)
            seconds = tuple(self._found[n, order][0] for n in sizes)
            bound = tuple(self._found[n, order][1] / self._pace() for n in sizes)
            lines += [Line(what, elements, seconds), Line("its bytes alone", elements, bound)]
        CURVE.parent.mkdir(exist_ok=True)
        title = "Liver under its weight: one thread, set-up included"
        CURVE.write_text(plot(title, "elements", "processor seconds", lines, log=True))

    def _measured(self, n, order):
        found = told("solved", n, order)
        best = min(found["processor"], self._found.get((n, order), (float("inf"),))[0])
        self._found[n, order] = best, found["bytes"]
        return Spent(found["processor"], found["wall"])

    def _bound(self, n, order):
        seconds = self._found[n, order][1] / self._pace()
        return Spent(seconds, seconds)
