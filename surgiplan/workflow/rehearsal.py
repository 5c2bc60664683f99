"""A remnant in the hand: it follows a handle at once, and wherever it lies is a finding."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import PlanError
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Case, Finding

from .answers import tidy
from .remnant_response import settled_remnant
from .settings import settings_from
from .simulation import simulation_settings

if TYPE_CHECKING:
    from surgiplan.mechanics import RemnantResponse

__all__ = ["Grip", "RemnantInHand", "take_in_hand"]

Floats = npt.NDArray[np.float64]
_STAYS = ("points_lps", "triangles", "cut")
"""Endings of the arrays that a pull does not change."""
_HANDLE = ("handle_lps", "pull_mm")


def take_in_hand(
    case: Case, subject: str, settings: Mapping[str, Any], *, report: Report = silent
) -> "RemnantInHand":
    """Settle the remnant of a planned resection so that it can be pulled at.

    A handle among ``settings`` is left out.  Raises PlanError for a stent, and as ``simulate``.
    """
    if not subject.startswith("plan/resections/"):
        raise PlanError("Only what stays after a resection can be pulled at; choose a resection.")
    free = {
        name: value for name, value in settings.items() if name not in ("handle_lps", "pull_mm")
    }
    values = settings_from(simulation_settings(case, subject), free)
    finding, answer = settled_remnant(case, subject, values, report)
    return RemnantInHand(finding, answer, radius_mm=values.handle_radius_mm)


class RemnantInHand:
    """What stays of an organ, settled, and a hand that may hold a part of its surface.

    One thread at a time moves it; another may ``cancel`` what it waits for.
    """

    def __init__(self, finding: Finding, answer: "RemnantResponse", *, radius_mm: float) -> None:
        from surgiplan.mechanics import shape_weights

        self.finding = finding
        """The settled remnant before anybody pulls."""
        self._radius_mm = radius_mm
        self._offsets = answer.displacement_mm - answer.solution.displacement_mm
        self._rehearsal = answer.rehearsal()
        self._carried = {
            name: shape_weights(answer.mesh, np.asarray(points, float))
            for name, points in finding.arrays.items()
            if name.endswith("points_lps")
        }

    def grip(self, point_lps: npt.ArrayLike) -> "Grip":
        """A hold of the surface around a place (3,) where it lies now, LPS [mm]."""
        from surgiplan.mechanics import surface_patch

        u = self._rehearsal.displacement_mm
        nodes = surface_patch(self._rehearsal.mesh, point_lps, self._radius_mm, u)
        moved = (u + self._offsets)[nodes].mean(axis=0)
        return Grip(nodes, np.asarray(point_lps, float) - moved, moved)

    def pulled(self, grip: "Grip", by_mm: npt.ArrayLike, report: Report = silent) -> Finding:
        """The remnant with what is held moved by ``by_mm`` (3,) since it was taken hold of.

        Raises SolveError, and leaves it as it was, when the tissue cannot follow; Cancelled.
        """
        from surgiplan.mechanics import Handle

        answer = self._rehearsal.drag(Handle(grip.nodes, by_mm), report=report)
        u = answer.displacement_mm + self._offsets
        numbers = {
            "converged": True,
            "displacement_max_mm": tidy(float(np.linalg.norm(u, axis=1).max())),
            "handle_force_n": tidy(float(np.linalg.norm(answer.force_mn[0])) / 1000),
            "residual": tidy(answer.residual),
            "min_jacobian": tidy(answer.min_jacobian),
            "assumptions": self.finding.numbers.get("assumptions", []),
        }
        settings = {**self.finding.settings, **grip.settings(by_mm)}
        return replace(self.finding, arrays=self._arrays(u), numbers=numbers, settings=settings)

    def cancel(self) -> None:
        """Stop the pull that another thread waits for, if there is one."""
        self._rehearsal.cancel()

    def _arrays(self, displacement_mm: Floats) -> dict[str, npt.NDArray[Any]]:
        """The surface, and all that is carried along, with all nodes (n, 3) moved from the scan."""
        kept = {n: a for n, a in self.finding.arrays.items() if n.endswith(_STAYS)}
        for name, weights in self._carried.items():
            moved = np.asarray(weights @ displacement_mm)
            kept[name.replace("points_lps", "displacement_mm")] = moved
        return kept


@dataclass(frozen=True, eq=False)
class Grip:
    """Nodes (k,) in the hand; where their middle was scanned, LPS, and how far it had moved."""

    nodes: npt.NDArray[np.integer]
    scanned_lps: Floats
    moved_mm: Floats

    def settings(self, by_mm: npt.ArrayLike) -> dict[str, tuple[float, ...]]:
        """The settings with which ``simulate`` finds a pull by ``by_mm`` (3,) again."""
        pull = self.moved_mm + np.asarray(by_mm, float)
        return {
            "handle_lps": tuple(round(float(x), 2) for x in self.scanned_lps),
            "pull_mm": tuple(round(float(x), 2) for x in pull),
        }
