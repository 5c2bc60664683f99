"""Meshes that are made once for the same anatomy and settings, then found again."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from surgiplan.derived import Store
from surgiplan.errors import GeometryError
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Segment, Surface

from .tetrahedra import Tetrahedra

if TYPE_CHECKING:
    from surgiplan.mechanics import CutPlane, Distance, Mesh

__all__ = ["MESHER", "kept_tetrahedra", "stuffed_once"]

MESHER = "lattice 2"
"""Changes whenever the same anatomy would get another mesh."""


def kept_tetrahedra(
    body: Segment | Surface, elements: int, make: Callable[[], Tetrahedra], kept: Store | None
) -> tuple[Tetrahedra, bool]:
    """The mesh of a body, and whether it was found; else ``make`` makes it and it is kept."""
    key = _key("tetrahedra", body.digest, elements)
    found = _read(kept.get(key)) if kept is not None else None
    if found:
        from surgiplan.mechanics import MeshQuality

        mesh, about = found
        about["quality"]["pieces_left_out_ml"] = tuple(about["quality"]["pieces_left_out_ml"])
        quality = MeshQuality(**about["quality"])
        return Tetrahedra(mesh, quality, about["lattice_mm"], tuple(about["mended"])), True
    made = make()
    if kept is not None:
        about = {"lattice_mm": made.lattice_mm, "mended": made.mended}
        kept.put(key, _written(made.mesh, {**about, "quality": asdict(made.quality)}))
    return made, False


def stuffed_once(
    organ: Segment, kept: Store | None, volumes_mm3: Sequence[float] = ()
) -> "Callable[..., Mesh]":
    """``mechanics.stuffed`` for one organ, which looks first among what was kept.

    ``volumes_mm3``: of the organ, or of its parts behind and before the plane.
    """
    from surgiplan.mechanics import stuffed

    def stuff(
        distance: "Distance",
        bounds_mm: npt.ArrayLike,
        edge_mm: float,
        *,
        plane: "CutPlane | None" = None,
        what: str = "the organ",
        report: Report = silent,
    ) -> "Mesh":
        parts = () if plane is None else (*plane.point_mm, *plane.direction)
        key = _key("stuffed", organ.digest, edge_mm, *parts, *volumes_mm3)
        found = _read(kept.get(key)) if kept is not None else None
        if found:
            return found[0]
        mesh = stuffed(
            distance,
            bounds_mm,
            edge_mm,
            plane=plane,
            volumes_mm3=tuple(volumes_mm3),
            what=what,
            report=report,
        )
        if kept is not None:
            kept.put(key, _written(mesh, {}))
        return mesh

    return stuff


def _key(*parts: Any) -> str:
    words = [float(part).hex() if isinstance(part, float) else str(part) for part in parts]
    return hashlib.sha256("|".join([MESHER, *words]).encode()).hexdigest()


def _written(mesh: "Mesh", about: Mapping[str, Any]) -> dict[str, Any]:
    """Corners alone: the nodes between them follow from them to the bit."""
    return {
        "corners_mm": mesh.nodes_mm[mesh.corner_nodes],
        "cells": mesh.corner_cells,
        "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
    }


def _read(arrays: Mapping[str, Any] | None) -> tuple["Mesh", dict[str, Any]] | None:
    """The mesh in kept arrays, gated as any other, or None if it is none."""
    from surgiplan.mechanics import mesh_of

    if arrays is None:
        return None
    try:
        mesh = mesh_of(arrays["corners_mm"], arrays["cells"])
        return mesh, json.loads(arrays["about"].tobytes())
    except (KeyError, ValueError, TypeError, GeometryError):
        return None
