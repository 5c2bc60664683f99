"""Finite-element-lite: soft tissue that deforms under stents, cuts and its own weight."""

from .assembly import Problem
from .carried import seen_on, shape_weights
from .contact import Bodies, Contacted, Obstacle, ball, cylinder, plane, spline_of
from .cubic import CutPlane
from .device import Deployed, Device, DeviceSettings, deployed, device_of, stent_in
from .fields import surface_triangles
from .fitting import inside_mm3
from .lattice import Distance, sampled_distance, stuffed
from .layers import Deposits, wall_range
from .loads import (
    Expander,
    Held,
    Loads,
    Position,
    Pressure,
    Springs,
    Squeezed,
    Traction,
    gravity_m_per_s2,
    held,
    weight_mn_per_mm3,
)
from .material import (
    HolzapfelGasserOgden,
    Linear,
    Material,
    MooneyRivlin,
    NeoHookean,
    NeoHookeanIsochoric,
    Ogden,
    Polynomial,
    RaghavanVorp,
    bulk_modulus,
    lame,
)
from .mesh import Mesh, mesh_of, promoted
from .organ import Organ
from .preview import as_quadratic, locking_error_fraction
from .quality import MeshQuality, dihedral_angles_deg, quality_of
from .rehearsal import Handle, Rehearsal, Rehearsed, surface_patch
from .remnant import RemnantResponse, settle_remnant
from .remnant_settings import RemnantSettings
from .response import Response, response_of
from .rest import RestShape, rest_shape
from .solve import Solution, Step, solve, solve_small_strain
from .tissues import KnownTissue, tissue, tissues
from .two_meshes import mesh_error_fraction, other_element_counts
from .vessel import VesselResponse, VesselSettings, deploy_stent
from .warm import warm_up

__all__ = [
    "Bodies",
    "Contacted",
    "CutPlane",
    "Deployed",
    "Deposits",
    "Device",
    "DeviceSettings",
    "Distance",
    "Expander",
    "Handle",
    "Held",
    "HolzapfelGasserOgden",
    "KnownTissue",
    "Linear",
    "Loads",
    "Material",
    "Mesh",
    "MeshQuality",
    "MooneyRivlin",
    "NeoHookean",
    "NeoHookeanIsochoric",
    "Obstacle",
    "Ogden",
    "Organ",
    "Polynomial",
    "Position",
    "Pressure",
    "Problem",
    "RaghavanVorp",
    "Rehearsal",
    "Rehearsed",
    "RemnantResponse",
    "RemnantSettings",
    "Response",
    "RestShape",
    "Solution",
    "Springs",
    "Squeezed",
    "Step",
    "Traction",
    "VesselResponse",
    "VesselSettings",
    "as_quadratic",
    "ball",
    "bulk_modulus",
    "cylinder",
    "deploy_stent",
    "deployed",
    "device_of",
    "dihedral_angles_deg",
    "gravity_m_per_s2",
    "held",
    "inside_mm3",
    "lame",
    "locking_error_fraction",
    "mesh_error_fraction",
    "mesh_of",
    "other_element_counts",
    "plane",
    "promoted",
    "quality_of",
    "response_of",
    "rest_shape",
    "sampled_distance",
    "seen_on",
    "settle_remnant",
    "shape_weights",
    "solve",
    "solve_small_strain",
    "spline_of",
    "stent_in",
    "stuffed",
    "surface_patch",
    "surface_triangles",
    "tissue",
    "tissues",
    "wall_range",
    "warm_up",
    "weight_mn_per_mm3",
]
