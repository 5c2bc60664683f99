"""Finite-element-lite: soft tissue that deforms under stents, cuts and its own weight."""

from .lattice import Distance, sampled_distance, stuffed
from .material import Material, lame
from .mesh import TetMesh, promoted
from .remnant import RemnantResponse, RemnantSettings, settle_remnant
from .response import Response
from .vessel import VesselResponse, VesselSettings, deploy_stent
from .warm import warm_up

__all__ = [
    "Distance",
    "Material",
    "RemnantResponse",
    "RemnantSettings",
    "Response",
    "TetMesh",
    "VesselResponse",
    "VesselSettings",
    "deploy_stent",
    "lame",
    "promoted",
    "sampled_distance",
    "settle_remnant",
    "stuffed",
    "warm_up",
]
