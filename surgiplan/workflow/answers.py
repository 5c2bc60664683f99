"""Findings made from what a solve answered."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from surgiplan import __version__
from surgiplan.errors import SolveError
from surgiplan.model import Case, Finding

if TYPE_CHECKING:
    from surgiplan.mechanics import MeshQuality, Response, Step

__all__ = ["HEADLINES", "finding_of", "history_of", "mesh_numbers", "plain_numbers", "tidy"]

HEADLINES = (
    "displacement_max_mm",
    "stress_p95_kpa",
    "stress_p99_kpa",
    "strain_p95",
    "strain_p99",
)
"""What every response says first."""

_FIRST_ANSWER = {
    "discretisation_error_fraction": None,
    "discretisation_reason": "No second mesh was computed yet.",
}


_MOST_STRAIN = 1.0
"""Green-Lagrange; drawn out to 1.7 times its length, further than the laws of tissue were
measured.  Aortic wall and liver tear at a fraction of it."""


def finding_of(
    case: Case,
    path: str,
    kind: str,
    inputs: Sequence[str],
    settings: Any,
    numbers: Mapping[str, Any],
    response: "Response",
) -> Finding:
    """The finding about what stands at ``path``, made from the ``inputs`` (paths in the case).

    Raises SolveError for an answer that no tissue could give.
    """
    _require_credible(response)
    values = {f.name: getattr(settings, f.name) for f in fields(settings)}
    return Finding(
        id=f"{path.rpartition('/')[2]}_response",
        kind=kind,
        subject=path,
        made_from=case.made_from(*inputs),
        settings={name: value for name, value in values.items() if value is not None},
        numbers={
            "mesh_quality": mesh_numbers(response.mesh_quality),
            **numbers,
            **_FIRST_ANSWER,
        },
        arrays={
            "points_lps": np.asarray(response.points_mm, np.float64),
            "triangles": np.asarray(response.triangles, np.int32),
            "displacement_mm": np.asarray(response.displacement_mm, np.float32),
            "von_mises_kpa": np.asarray(response.von_mises_kpa, np.float32),
            "strain": np.asarray(response.strain, np.float32),
            "spring_kpa_per_mm": np.asarray(response.spring_kpa_per_mm, np.float32),
            "fixed": np.asarray(response.fixed, bool),
        },
        software=f"surgiplan {__version__}",
    )


def _require_credible(response: "Response") -> None:
    moved, strained = response.displacement_mm, response.strain
    if not (response.converged and np.isfinite(moved).all() and np.isfinite(strained).all()):
        raise SolveError("The answer is not finite everywhere; simulate with other settings.")
    if response.strain_p95 > _MOST_STRAIN:
        x, y, z = response.points_mm[int(strained.argmax())].tolist()
        raise SolveError(
            f"A twentieth of the tissue would be strained by more than "
            f"{response.strain_p95:.0%}, which no tissue bears; make the load or the device "
            f"smaller, or the tissue stiffer.",
            iterations=response.iterations,
            residual=response.residual,
            point_lps=(x, y, z),
        )


def mesh_numbers(quality: "MeshQuality") -> dict[str, Any]:
    """The quality of a mesh for JSON, without what is not known of it."""
    return {name: tidy(value) for name, value in asdict(quality).items() if value not in (None, ())}


def history_of(steps: "Sequence[Step]") -> list[dict[str, Any]]:
    """How the load was put on, equilibrium by equilibrium, as plain numbers."""
    return [
        {
            "fraction": tidy(step.fraction),
            "displacement_max_mm": float(np.linalg.norm(step.displacement_mm, axis=1).max()),
            "iterations": step.iterations,
            "residual": tidy(step.residual),
            "min_jacobian": tidy(step.min_jacobian),
        }
        for step in steps
    ]


def plain_numbers(answer: Any) -> dict[str, Any]:
    """The plain values among the fields of a response."""
    values = {field.name: getattr(answer, field.name) for field in fields(answer)}
    plain = {n: list(v) if isinstance(v, tuple) else v for n, v in values.items()}
    return {n: tidy(v) for n, v in plain.items() if isinstance(v, float | int | str | list)}


def tidy(value: Any) -> Any:
    """Plain Python for JSON; what is not finite becomes None."""
    if isinstance(value, tuple):
        return [tidy(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value
