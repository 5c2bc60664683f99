"""The shape of a tissue without its loads, found from the shape that was scanned under them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError, SolveError
from surgiplan.jobs_report import Report, silent

from .assembly import Problem, State
from .linear import Tangent, conjugate_gradients
from .loads import Held
from .mesh import Mesh, gate
from .solve import solve
from .supports import check_supports

__all__ = ["RestShape", "rest_shape"]

Floats = npt.NDArray[np.float64]

_ROUNDS = 60
_SHORTEST = 1 / 16
_MEMORY = 3
"""How many earlier rounds tell where the next one should go (Anderson, J. ACM 12:547, 1965)."""
_SLOW = 0.4
"""A round that leaves more than this share of the miss takes a new tangent."""
_FORCING = 0.05
_SETTLED = 3
"""From this round on a guess is near enough to the truth for the tangent of tissue in tension."""
_PATIENCE = 1.5
"""How much farther off than the best a round may be: the greatest miss need not fall evenly."""


@dataclass(frozen=True, eq=False)
class RestShape:
    """A mesh free of load, and how its scan follows from it.

    Under the scan's own loads its nodes move by ``displacement_mm`` (n, 3), to at most ``miss_mm``
    from where they were scanned: the size of the last correction.
    """

    mesh: Mesh
    displacement_mm: Floats
    miss_mm: float

    def change_mm(self, displacement_mm: Floats) -> Floats:
        """How nodes moved (n, 3) against the scan, from a displacement of the mesh at rest."""
        return displacement_mm - self.displacement_mm


def rest_shape(
    scanned: Mesh,
    under: Callable[[Mesh], Problem],
    held: Held,
    *,
    guess_mm: Floats | None = None,
    tolerance_mm: float = 0.01,
    report: Report = silent,
) -> RestShape:
    """The shape at rest of a mesh that was scanned in equilibrium, by fixed-point iteration.

    ``under`` puts a mesh under the loads of the scan (gravity, blood pressure).  Nodes are moved
    back by what they miss of their scanned place (Sellier, Mech. Res. Commun. 38:461, 2011) until
    none misses more than ``tolerance_mm``, beginning at ``guess_mm`` (n, 3) or at the scan.  What
    they miss is told by one linear step from the scanned place, not by a whole solution.  Raises
    SolveError when that leads nowhere.
    """
    search = _Search(scanned, under, held, report)
    search.is_guessed = guess_mm is not None
    places = scanned.nodes_mm if guess_mm is None else guess_mm
    places = np.where(held.mask, scanned.nodes_mm - held.displacement_mm, places)
    kept, step = (np.inf, places, np.zeros_like(places)), 1.0
    for _ in range(_ROUNDS):
        apart = search.apart_mm(places)
        miss = np.inf if apart is None else float(np.linalg.norm(apart, axis=1).max())
        search.tick(_progress(miss, tolerance_mm))
        if apart is not None and miss <= tolerance_mm:
            moved = scanned.nodes_mm - places + apart
            return RestShape(scanned.moved_to(places), moved, miss)
        if apart is not None and miss < _PATIENCE * kept[0]:
            search.refresh_after(miss / kept[0])
            kept = min(kept, (miss, places, apart), key=lambda tried: tried[0])
            places = search.next_places(places, apart) if step == 1.0 else places - step * apart
            continue
        search.forget()
        step /= 2
        if step < _SHORTEST:
            break
        places = kept[1] - step * kept[2]
    x, y, z = scanned.nodes_mm[np.linalg.norm(kept[2], axis=1).argmax()].tolist()
    raise SolveError(
        f"The shape without load was not found: the best, after {search.rounds} rounds, misses the "
        f"scan by {kept[0]:.2f} mm. Make the tissue stiffer or the load of the scan smaller.",
        iterations=search.rounds,
        residual=kept[0],
        point_lps=(x, y, z),
    )


class _Search:
    """What nodes miss of their scanned place, and where to look next."""

    def __init__(
        self, scanned: Mesh, under: Callable[[Mesh], Problem], held: Held, report: Report
    ) -> None:
        self._scanned, self._under, self._held, self._report = scanned, under, held, report
        scanned.pairs  # noqa: B018, known once for all rounds
        self._tangent: Tangent | None = None
        self._is_stale = True
        self._tried: list[tuple[Floats, Floats]] = []
        self._done = 0.0
        self.rounds = 0
        self.is_guessed = False

    def apart_mm(self, places: Floats) -> Floats | None:
        """How far nodes (n, 3) that rest at ``places`` come to lie from their scanned place."""
        self.rounds += 1
        mesh = self._scanned.moved_to(places)
        if self._tangent is not None and not _is_sound(mesh):
            return None
        problem = self._under(mesh)
        if self._tangent is None:
            check_supports(problem, self._held)
        u = self._scanned.nodes_mm - places
        if problem.tissue.seeks_pressure:
            return solve(problem, self._held, start_mm=u).displacement_mm - u
        return self._step_mm(problem, u)

    def _step_mm(self, problem: Problem, u: Floats) -> Floats | None:
        self._is_stale |= self.is_guessed and self.rounds == _SETTLED
        state = problem.at(u, 1.0, tangent=self._is_stale and not self.is_guessed)
        if not np.isfinite(state.energy):
            return None
        if self._is_stale:
            self._tangent = self._tangent or Tangent(problem, self._held.mask)
            known = self._stable(problem, u) if self.is_guessed else state
            self._tangent.update(known.blocks, couplings=known.couplings)
            self._is_stale = False
        assert self._tangent is not None
        forces = np.where(self._held.mask, 0.0, -state.residual)
        forcing = _FORCING / 10 if self.is_guessed else _FORCING
        step, _ = conjugate_gradients(self._tangent, forces, forcing, self.tick)
        return step

    def _stable(self, problem: Problem, u: Floats) -> State:
        """Of a tangent that is positive though a guess is no equilibrium: at first that of rest.

        Then it knows the tension of the tissue, which irons out wrinkles, but no load.
        """
        at = u if self.rounds >= _SETTLED else np.zeros_like(u)
        return problem.at(at, 0.0, tangent=True)

    def tick(self, done: float = 0.0) -> None:
        """Say how far the search has come; it does not fall back."""
        self._done = max(self._done, done)
        self._report(self._done, f"Shape without load, round {self.rounds}")

    def refresh_after(self, share: float) -> None:
        """Take a new tangent if a round left more than a little of the miss."""
        self._is_stale |= share > _SLOW and not self.is_guessed

    def forget(self) -> None:
        """Start anew after a round that led astray."""
        self._tried.clear()
        self._is_stale = True

    def next_places(self, places: Floats, apart: Floats) -> Floats:
        """The next guess: where the misses of the last rounds, combined, are smallest."""
        self._tried = [*self._tried[-_MEMORY:], (places, apart)]
        if len(self._tried) == 1:
            return places - apart
        at = np.stack([one[0].ravel() for one in self._tried], axis=1)
        missed = np.stack([one[1].ravel() for one in self._tried], axis=1)
        between, change = np.diff(at, axis=1), np.diff(missed, axis=1)
        gram = np.einsum("na,nb->ab", change, change)
        right = np.einsum("na,n->a", change, missed[:, -1])
        share = np.linalg.lstsq(gram, right, rcond=1e-10)[0]
        best = at[:, -1] - missed[:, -1] - (between - change) @ share
        return np.asarray(best.reshape(places.shape))


def _progress(miss: float, tolerance_mm: float) -> float:
    """How much of the way (0..1) from 10 mm to the tolerance is done."""
    if not 0 < miss < 10:
        return 0.0
    return float(np.clip(np.log(10 / miss) / np.log(10 / tolerance_mm), 0.0, 1.0))


def _is_sound(mesh: Mesh) -> bool:
    try:
        gate(mesh, "the shape at rest")
    except GeometryError:
        return False
    return True
