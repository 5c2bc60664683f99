"""Portal vein and hepatic veins in a scan that shows them brighter than the liver."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report
from surgiplan.model import Segment
from surgiplan.units import MM3_PER_ML

from ..crop import Box, bounding_box
from ..morphology import Mask, Spacing, closed, dilated, distance_mm, eroded, gaussian, labelled
from .organ import Found, Organ
from .portal_trunk import portal_trunk
from .survey import Survey
from .vena_cava import cava_course

__all__ = ["LiverVeins", "LiverVeinsSettings"]

Floats = npt.NDArray[np.float32]
Course = Callable[[npt.ArrayLike], npt.NDArray[np.float64]]

_AROUND_MM = 20.0
_BLUR_MM = 0.8
_CLOSING_MM = 8.0
"""Fills the vessels that the liver's own segment leaves out."""
_FISSURE_MM = 18.0
"""As far outside the liver fissures and the hilum hold large portal branches."""
_BESIDE_MM = 3.0
_WITHIN_MM, _PIECE_MM = 3.0, 5.0
"""A piece without a trunk lies this deep in the liver and is no thicker than this radius."""
_CORE_MM = 4.0
_SPREADS = 5.0
_LEAST_SHARE = 0.003
"""Veins take up at least this share of a liver."""
_LEAST_CONTRAST_HU = 25.0
_SURE, _PERHAPS = 0.6, 0.4
"""Shares of the veins' contrast above which a voxel is vein, and is if it touches sure ones."""
_SMALLEST_MM3 = 60.0
_CAVA_MM = 16.0
"""Around its middle the vena cava itself, where it lies outside the liver."""
_ENTERING_MM, _MOUTH_MM, _NEAR_CAVA_MM = 2.5, 8.0, 36.0
"""Least radius of a hepatic vein at its mouth, length of the mouth, and how far off the vena
cava's own middle may be taken."""
_DOME = 0.4
"""Upper part of the liver's height in which they do."""
_HILUM_FRONT_MM = (10.0, 60.0)
"""The portal vein enters so far in front of the vena cava,"""
_HILUM_ASIDE_MM = (-45.0, 30.0)
"""and from so far to its right to so far to its left."""
_HILUM_TOP = 0.75
_THICK = 0.8
_ROOT_MM = 3.0
"""Least radius of a portal trunk."""


@dataclass(frozen=True)
class LiverVeinsSettings:
    """Nothing to choose: densities are read in the liver itself."""


@dataclass(frozen=True, eq=False)
class _Liver:
    """The liver's surroundings at full resolution."""

    box: Box
    spacing_mm: Spacing
    hull: Mask = field(repr=False)
    """The liver with its vessels."""
    values: Floats = field(repr=False)
    """Without noise."""
    tissue_hu: float
    vein_hu: float
    spread_hu: float


class LiverVeins(Organ):
    """Bright trees in the liver, told apart by the trunk that they lead to."""

    title: ClassVar[str] = "Veins of the liver"
    about: ClassVar[str] = (
        "Portal vein and hepatic veins of a portal-phase scan: what is brighter than the liver, "
        "split by whether it leads to the hilum or to the vena cava. Branches below about two "
        "voxels are lost."
    )
    Settings: ClassVar[type] = LiverVeinsSettings
    names: ClassVar[tuple[str, ...]] = ("portal_vein", "hepatic_veins")

    def find(
        self, survey: Survey, settings: LiverVeinsSettings, report: Report
    ) -> tuple[Found, ...]:
        """Both trees.  Raises SegmentationError where the veins are not brighter than the liver."""
        report(0.0, "Finding the liver")
        liver = _around_liver(survey)
        report(0.4, "Finding bright vessels in it")
        cava = cava_course(survey, liver.tissue_hu, liver.vein_hu)
        veins = _bright(liver, _beside(survey, liver, cava))
        report(0.6, "Telling portal from hepatic veins")
        hepatic_root, portal_root = _roots(liver, veins, cava)
        veins = _linked(liver, veins, hepatic_root | portal_root)
        portal = _led_to(veins, portal_root, hepatic_root, liver.spacing_mm)
        hepatic = veins & ~portal & liver.hull
        report(0.8, "Following the portal trunk")
        made_by = (
            f"liver_veins: above {liver.tissue_hu:.0f} HU of liver, veins of "
            f"{liver.vein_hu:.0f} HU, split by the trunk they lead to"
        )
        remark = "Branches thinner than about two voxels are missing."
        whole, box = portal_trunk(
            survey, liver.box, portal, portal_root, (liver.tissue_hu, liver.vein_hu)
        )
        return (
            Found("portal_vein", whole, box, made_by, 0.65, (remark,)),
            Found("hepatic_veins", hepatic, liver.box, made_by, 0.65, (remark,)),
        )


def _around_liver(survey: Survey) -> _Liver:
    segment = survey.organ("liver")
    if segment is None:
        raise SegmentationError("No liver was found, and so no veins in it; make a liver first.")
    scan = survey.scan
    spacing = scan.grid.spacing_mm
    k, j, i = segment.grid.box_in(scan.grid)
    tight = Box((k.start, j.start, i.start), (k.stop, j.stop, i.stop))
    box = tight.grown(np.ceil(_AROUND_MM / np.array(spacing)).astype(int), scan.grid.shape)
    mask = np.zeros(box.shape, bool)
    mask[tight.shifted([-n for n in box.low]).slices] = segment.mask
    hull = closed(mask, _CLOSING_MM, spacing)
    values = gaussian(np.clip(scan.values[box.slices], -150, 400), _BLUR_MM, spacing)
    core = values[eroded(mask, _CORE_MM, spacing)]
    if core.size * scan.grid.voxel_mm3 < 50 * MM3_PER_ML:
        raise SegmentationError("Too little of the liver is in this scan to tell its veins.")
    tissue = float(np.median(core))
    spread = 1.4826 * float(np.median(np.abs(core - tissue)))
    bright = core[core > tissue + _SPREADS * spread]
    vein = float(np.percentile(bright, 80)) if bright.size else tissue
    if bright.size < _LEAST_SHARE * core.size or vein - tissue < _LEAST_CONTRAST_HU:
        raise SegmentationError(
            f"The veins are not brighter than the liver ({tissue:.0f} HU) here; "
            "choose a scan of the portal phase."
        )
    return _Liver(box, spacing, hull, values, tissue, vein, spread)


def _beside(survey: Survey, liver: _Liver, cava: Course) -> Mask:
    """The liver with its fissures and its hilum, without the vena cava and the kidneys."""
    wide = dilated(liver.hull, _FISSURE_MM, liver.spacing_mm) & ~liver.hull
    extent = bounding_box(liver.hull)
    assert extent is not None
    # Above the hilum only hepatic veins leave the liver, and heart and vena cava lie there.
    wide[extent.low[0] + int(_HILUM_TOP * extent.shape[0]) :] = False
    places = np.argwhere(wide)
    offset = _from_cava(liver, places, cava)
    wide[tuple(places[np.hypot(offset[:, 0], offset[:, 1]) < _CAVA_MM].T)] = False
    for name in ("kidney_right", "kidney_left"):
        kidney = survey.organ(name)
        if kidney is not None:
            wide &= ~dilated(_in_box(survey, kidney, liver.box), _BESIDE_MM, liver.spacing_mm)
    result: Mask = wide | liver.hull
    return result


def _in_box(survey: Survey, segment: Segment, box: Box) -> Mask:
    """A segment of the upright scan on the voxels of a box."""
    whole = np.zeros(survey.scan.grid.shape, bool)
    whole[segment.grid.box_in(survey.scan.grid)] = segment.mask
    return whole[box.slices]


def _bright(liver: _Liver, where: Mask) -> Mask:
    """What is as bright as veins, fainter voxels only where they touch sure ones."""
    contrast = liver.vein_hu - liver.tissue_hu
    above = np.where(where, liver.values - liver.tissue_hu, -np.inf)
    sure = (above > max(_SURE * contrast, 4 * liver.spread_hu)) & liver.hull
    labels, sizes = labelled(above > max(_PERHAPS * contrast, 2.5 * liver.spread_hu))
    keep = np.zeros(len(sizes), bool)
    keep[labels[sure]] = True
    keep &= sizes * np.prod(liver.spacing_mm) >= _SMALLEST_MM3
    keep[0] = False
    result: Mask = keep[labels]
    return result


def _linked(liver: _Liver, veins: Mask, roots: Mask) -> Mask:
    """The trees of the roots, and other pieces if they are thin and well within the liver."""
    labels, sizes = labelled(veins)
    inside = distance_mm(~liver.hull, liver.spacing_mm)
    radius = distance_mm(~veins, liver.spacing_mm)
    deep = np.bincount(labels[veins & (inside > _WITHIN_MM)], minlength=len(sizes))
    thick = np.bincount(labels[veins & (radius > _PIECE_MM)], minlength=len(sizes))
    keep = (deep > 0.8 * sizes) & (thick == 0)
    keep[labels[roots]] = True
    keep[0] = False
    result: Mask = keep[labels]
    return result


def _from_cava(liver: _Liver, places: npt.NDArray[np.int64], cava: Course) -> Floats:
    """How far voxels (n, 3) lie to the back and to the left of the vena cava, (n, 2) [mm]."""
    middle = cava(places[:, 0] + liver.box.low[0])
    offset = (places[:, 1:] + np.array(liver.box.low[1:]) - middle) * liver.spacing_mm[1:]
    return np.asarray(offset, np.float32)


def _roots(liver: _Liver, veins: Mask, cava: Course) -> tuple[Mask, Mask]:
    """The voxels where hepatic veins reach the vena cava, and the thickest of the portal vein.

    Raises SegmentationError where one of them is not seen.
    """
    places = np.argwhere(veins)
    offset = _from_cava(liver, places, cava)
    extent = bounding_box(liver.hull)
    assert extent is not None
    height = (places[:, 0] - extent.low[0]) / max(extent.shape[0], 1)
    radius = distance_mm(~veins, liver.spacing_mm)[veins]
    in_liver = dilated(liver.hull, _BESIDE_MM, liver.spacing_mm)[veins]
    away = np.where(height > 1 - _DOME, np.hypot(offset[:, 0], offset[:, 1]), np.inf)
    nearest = float(np.min(away[in_liver & (radius > _ENTERING_MM)], initial=np.inf))
    at_cava = in_liver & (away < nearest + _MOUTH_MM) & (nearest < _NEAR_CAVA_MM)
    front, aside = -offset[:, 0], offset[:, 1]
    at_hilum = (
        in_liver
        & (height < _HILUM_TOP)
        & (front > _HILUM_FRONT_MM[0])
        & (front < _HILUM_FRONT_MM[1])
    )
    at_hilum &= (aside > _HILUM_ASIDE_MM[0]) & (aside < _HILUM_ASIDE_MM[1])
    if not at_cava.any() or not at_hilum.any():
        raise SegmentationError(
            "Bright vessels were found in the liver, but not where they reach the vena cava and "
            "the hilum, so portal and hepatic veins cannot be told apart."
        )
    thickest = float(radius[at_hilum].max())
    if thickest < _ROOT_MM:
        raise SegmentationError("No portal trunk was found at the hilum of the liver.")
    middle = places[int(np.argmax(np.where(at_hilum, radius, 0)))]
    apart = np.linalg.norm((places - middle) * np.array(liver.spacing_mm), axis=1)
    roots = []
    for where in (at_cava, (apart < 2 * thickest) & (radius > _THICK * thickest)):
        root = np.zeros_like(veins)
        root[tuple(places[where].T)] = True
        roots.append(root)
    return roots[0], roots[1]


def _led_to(veins: Mask, root: Mask, other: Mask, spacing: Spacing) -> Mask:
    """The part of a net of vessels that leads to ``root`` rather than to ``other``.

    Both trees grow from their roots, thick vessels first, so that they meet where a crossing is
    thinnest; pieces that lead to neither go with what is nearest.
    """
    from scipy.ndimage import distance_transform_edt
    from skimage.segmentation import watershed

    depth = distance_mm(~veins, spacing)
    marks = np.where(root, 1, 0) + np.where(other, 2, 0)
    marks[root & other] = 0
    trees = watershed(-depth, marks, mask=veins)
    rest = veins & (trees == 0)
    if rest.any():
        nearest = distance_transform_edt(
            trees == 0, sampling=spacing, return_distances=False, return_indices=True
        )
        trees[rest] = trees[tuple(axis[rest] for axis in nearest)]
    result: Mask = trees == 1
    return result
