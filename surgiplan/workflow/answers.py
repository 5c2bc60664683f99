"""Findings made from what a solve answered."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from surgiplan import __version__
from surgiplan.model import Case, Finding

if TYPE_CHECKING:
    from surgiplan.mechanics import Response

__all__ = ["HEADLINES", "finding_of", "plain_numbers", "tidy"]

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


def finding_of(
    case: Case,
    path: str,
    kind: str,
    inputs: Sequence[str],
    settings: Any,
    numbers: Mapping[str, Any],
    response: "Response",
) -> Finding:
    """The finding about what stands at ``path``, made from the ``inputs`` (paths in the case)."""
    values = {f.name: getattr(settings, f.name) for f in fields(settings)}
    return Finding(
        id=f"{path.rpartition('/')[2]}_response",
        kind=kind,
        subject=path,
        made_from=case.made_from(*inputs),
        settings={name: value for name, value in values.items() if value is not None},
        numbers={**numbers, **_FIRST_ANSWER},
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


def plain_numbers(answer: Any) -> dict[str, Any]:
    """The plain values among the fields of a response."""
    values = {field.name: getattr(answer, field.name) for field in fields(answer)}
    plain = {n: list(v) if isinstance(v, tuple) else v for n, v in values.items()}
    return {n: tidy(v) for n, v in plain.items() if isinstance(v, float | int | str | list)}


def tidy(value: Any) -> Any:
    """Plain Python for JSON; what is not finite becomes None."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value
