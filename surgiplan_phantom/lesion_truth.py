"""What a liver plan would measure: size of the tumour and its distance to the veins."""

from typing import Any, TypeAlias

import numpy as np

from .anatomy.liver import Liver
from .grid import Points, box_grid
from .solids import Solid

Json: TypeAlias = dict[str, Any]

_STEP_MM = 0.6


def lesion_measures(liver: Liver, scale: float) -> Json:
    """Measures of the tumour in patient lengths; empty without one."""
    if liver.tumour is None:
        return {}
    tumour = liver.tumour
    grid = box_grid(tumour.low - 2, tumour.high + 2, _STEP_MM)
    inside = tumour.distance(grid) < 0
    volume = float(inside.sum()) * (_STEP_MM * scale) ** 3 / 1000
    surface = _surface_points(tumour)
    return {
        "tumour_volume_ml": volume,
        "tumour_diameter_mm": _diameter(surface) * scale,
        "tumour_equivalent_diameter_mm": 2 * (volume * 1000 * 3 / (4 * np.pi)) ** (1 / 3),
        "tumour_to_hepatic_vein_mm": _gap(tumour, liver.hepatic) * scale,
        "tumour_to_portal_vein_mm": _gap(tumour, liver.portal) * scale,
        "tumour_to_liver_surface_mm": _depth(surface, liver.whole) * scale,
    }


def lesion_landmarks(liver: Liver, scale: float) -> Json:
    """Centroid of the tumour in patient LPS [mm]; empty without one."""
    if liver.tumour is None:
        return {}
    grid = box_grid(liver.tumour.low - 2, liver.tumour.high + 2, _STEP_MM)
    kji = np.argwhere(liver.tumour.distance(grid) < 0).mean(axis=0)
    zyx = np.array(grid.origin) + np.array(grid.step) * kji
    return {"tumour_centre": [float(v) * scale for v in zyx[::-1]]}


def _surface_points(solid: Solid, step_mm: float = _STEP_MM) -> Points:
    """Points on the surface of a solid, by marching cubes on its signed distance."""
    from skimage.measure import marching_cubes

    grid = box_grid(solid.low - 3, solid.high + 3, step_mm)
    vertices = marching_cubes(solid.distance(grid), 0.0, spacing=grid.step)[0]
    return np.asarray((vertices + np.array(grid.origin))[:, ::-1], dtype=np.float64)


def _diameter(points: Points) -> float:
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import pdist

    return float(pdist(points[ConvexHull(points).vertices]).max())


def _gap(tumour: Solid, vessels: Solid) -> float:
    """Smallest distance between two surfaces, searched within 20 mm of the tumour [mm]."""
    from scipy.spatial import cKDTree

    near = Solid(tumour.low - 20, tumour.high + 20, vessels.distance)
    gaps, _ = cKDTree(_surface_points(tumour)).query(_surface_points(near, 0.8))
    return float(gaps.min())


def _depth(surface: Points, liver: Solid) -> float:
    from scipy.spatial import cKDTree

    around = Solid(surface.min(axis=0) - 40, surface.max(axis=0) + 40, liver.distance)
    gaps, _ = cKDTree(_surface_points(around, 1.5)).query(surface)
    return float(gaps.min())
