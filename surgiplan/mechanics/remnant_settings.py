"""What may be set when an organ settles after a cut: tissue, supports, position, a handle."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from surgiplan.errors import PlanError
from surgiplan.model.quantity import Choice, Quantity, check
from surgiplan.units import KPA_PER_MMHG

from .loads import Position, gravity_m_per_s2
from .material import Material, NeoHookean
from .organ import Anchor, Bed, Body, Organ, Surroundings
from .tissues import KnownTissue, tissue

__all__ = ["RemnantSettings", "body_of", "in_operation", "in_scan", "tissue_of"]

Floats = npt.NDArray[np.float64]
Vector = tuple[float, float, float]

_POSITIONS = tuple(position.name.lower() for position in Position)
_BY_NAME, _AS_ORGAN = "by name", "as the organ"
_ORGANS = ("liver", "liver_diseased", "kidney", "spleen", "stomach", "brain", "fibroglandular")
_LESIONS = ("hepatocellular_carcinoma", "liver_diseased", "brain_tumour", "fibroadenoma",
            "invasive_ductal_carcinoma")  # fmt: skip
_HU_FACTORS = (0.5, 2.0)


@dataclass(frozen=True)
class RemnantSettings:
    """The tissue, what carries it and how the patient lies; each default says where it is from."""

    tissue: Annotated[
        str, Choice((_BY_NAME, *_ORGANS), "what the organ is made of; by name: as it is called")
    ] = _BY_NAME
    stiffness_factor: Annotated[
        float, Quantity("1", 0.05, 20.0, "times as stiff as the tissue's usual value")
    ] = 1.0
    shear_modulus_kpa: Annotated[
        float | None,
        Quantity("kPa", 0.3, 50.0, "in place of the tissue's own (liver 1.8, PMC6925591, table 1)"),
    ] = None
    poisson_ratio: Annotated[
        float, Quantity("1", 0.0, 0.49, "0.5 is incompressible; soft tissue nearly so")
    ] = 0.45
    density_kg_per_m3: Annotated[
        float | None,
        Quantity("kg/m3", 900.0, 1200.0, "in place of the tissue's own (liver 1060, PMC6925591)"),
    ] = None
    tumour_tissue: Annotated[
        str, Choice((*_LESIONS, _AS_ORGAN), "what tumours in the organ are made of")
    ] = _LESIONS[0]
    tissue_by_hu: Annotated[
        str,
        Choice(
            ("off", "linear"), "stiffness by Hounsfield units, from half to twice (unconfirmed)"
        ),
    ] = "off"
    stiffening_per_100_hu: Annotated[
        float,
        Quantity("1", -2.0, 2.0, "how much stiffer 100 HU above the organ's median (unconfirmed)"),
    ] = 0.5
    position: Annotated[str, Choice(_POSITIONS, "how the patient lies in the operation")] = "supine"
    head_down_deg: Annotated[
        float, Quantity("deg", -90.0, 90.0, "tilt of the table in the operation, head down")
    ] = 0.0
    scan_position: Annotated[str, Choice(_POSITIONS, "how the patient lay in the scan")] = "supine"
    gravity_m_per_s2: Vector | None = None
    """In the operation, LPS, in place of position and tilt."""
    scan_gravity_m_per_s2: Vector | None = None
    """In the scan, LPS, in place of its position."""
    insufflation_mmhg: Annotated[
        float,
        Quantity("mmHg", 0.0, 20.0, "gas against the free surface; usual is 12 (unconfirmed)"),
    ] = 0.0
    bed_kpa_per_mm: Annotated[
        float, Quantity("kPa/mm", 0.01, 50.0, "springs at its back (unconfirmed)")
    ] = 0.5
    attachment_kpa_per_mm: Annotated[
        float,
        Quantity("kPa/mm", 0.001, 50.0, "soft springs on the rest of the surface (unconfirmed)"),
    ] = 0.02
    cava_kpa_per_mm: Annotated[
        float, Quantity("kPa/mm", 0.0, 50.0, "springs where the vena cava touches (unconfirmed)")
    ] = 1.0
    vessel_kpa_per_mm: Annotated[
        float, Quantity("kPa/mm", 0.0, 50.0, "springs where vessels enter (unconfirmed)")
    ] = 0.1
    contact_with_neighbours: Annotated[
        str,
        Choice(
            ("off", "on"),
            "rest on and slide along the structures around it, in place of springs there",
        ),
    ] = "off"
    handle_lps: Vector | None = None
    """A place on the remnant's surface that is pulled, LPS [mm]."""
    pull_mm: Vector | None = None
    """How far and where to the handle is pulled, LPS [mm]."""
    handle_radius_mm: Annotated[
        float, Quantity("mm", 3.0, 60.0, "how far around its place a handle takes hold")
    ] = 15.0
    elements: Annotated[
        int,
        Quantity("1", 300, 20000, "tetrahedra wanted in the remnant; more are slower, more exact"),
    ] = 2000


def tissue_of(settings: RemnantSettings, organ: Organ) -> KnownTissue:
    """The entry of the table that the settings name, or that the organ's name tells."""
    return tissue(organ.tissue if settings.tissue == _BY_NAME else settings.tissue)


def body_of(settings: RemnantSettings, organ: Organ) -> Body:
    """The organ's tissue and bed.  PlanError for a setting out of its range."""
    check(settings)
    for name in ("gravity_m_per_s2", "scan_gravity_m_per_s2", "handle_lps", "pull_mm"):
        vector = getattr(settings, name)
        if vector is not None and (np.shape(vector) != (3,) or not np.isfinite(vector).all()):
            raise PlanError(f"{name} needs 3 numbers, x,y,z towards left, back and head.")
    if (settings.handle_lps is None) != (settings.pull_mm is None):
        raise PlanError("A handle needs its place (handle_lps) and its way (pull_mm); give both.")
    known = tissue_of(settings, organ)
    own = _soft(known.material, settings)
    anchors = [Anchor("the vena cava", organ.cava, settings.cava_kpa_per_mm)] if organ.cava else []
    anchors += [Anchor("a vessel", one, settings.vessel_kpa_per_mm) for one in organ.vessels]
    return Body(
        organ=organ,
        material=own,
        density_kg_per_m3=settings.density_kg_per_m3 or known.density_kg_per_m3,
        stiffness_factor=_Stiffness(organ, settings, own),
        bed=Bed(settings.bed_kpa_per_mm, settings.attachment_kpa_per_mm, tuple(anchors)),
    )


def in_scan(settings: RemnantSettings) -> Surroundings:
    """What acted on the organ in the scan."""
    return Surroundings(_gravity(settings.scan_gravity_m_per_s2, settings.scan_position, 0.0))


def in_operation(settings: RemnantSettings) -> Surroundings:
    """What acts on it in the operation."""
    gravity = _gravity(settings.gravity_m_per_s2, settings.position, settings.head_down_deg)
    return Surroundings(gravity, settings.insufflation_mmhg * KPA_PER_MMHG)


class _Stiffness:
    """How many times stiffer than the organ's usual tissue it is at points (n, 3)."""

    def __init__(self, organ: Organ, settings: RemnantSettings, own: Material) -> None:
        self._organ, self._settings = organ, settings
        self._lesion = 1.0
        if settings.tumour_tissue != _AS_ORGAN:
            lesion = tissue(settings.tumour_tissue).material
            self._lesion = _shear(lesion) / _shear(own)
        self._median = None
        if organ.hu is not None and settings.tissue_by_hu != "off":
            self._median = float(np.median(organ.hu(_within(organ))))

    def __call__(self, points: Floats) -> Floats:
        factor = np.ones(len(points))
        if self._median is not None and self._organ.hu is not None:
            above = (self._organ.hu(points) - self._median) / 100
            factor = np.clip(1 + self._settings.stiffening_per_100_hu * above, *_HU_FACTORS)
        for distance in self._organ.lesions:
            factor = np.where(np.asarray(distance(points)) < 0, self._lesion, factor)
        return factor * self._settings.stiffness_factor


def _within(organ: Organ) -> Floats:
    """A few thousand points inside an organ (n, 3)."""
    low, high = np.asarray(organ.bounds_mm, float)
    axes = [np.linspace(low[i], high[i], 24) for i in range(3)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(grid[np.asarray(organ.distance(grid)) < 0])


def _gravity(vector: Vector | None, position: str, head_down_deg: float) -> Floats:
    if vector is not None:
        return np.asarray(vector, float)
    tilt = np.radians(head_down_deg)
    return gravity_m_per_s2(Position[position.upper()], head_down_rad=float(tilt))


def _soft(material: Material, settings: RemnantSettings) -> Material:
    """The tissue's law with the stiffness and Poisson's ratio asked for."""
    if isinstance(material, NeoHookean):
        shear = settings.shear_modulus_kpa or _shear(material)
        return NeoHookean(2 * shear * (1 + settings.poisson_ratio), settings.poisson_ratio)
    if settings.shear_modulus_kpa is None:
        return material
    young = 2 * settings.shear_modulus_kpa * (1 + settings.poisson_ratio)
    return NeoHookean(young, settings.poisson_ratio)


def _shear(material: Material) -> float:
    """Shear modulus at small strain [kPa]."""
    young, poisson = material.stiffness_kpa
    return young / (2 * (1 + poisson))
