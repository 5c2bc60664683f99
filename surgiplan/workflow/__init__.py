"""The long functions a person would name; the window and the shell call the same ones.

Each takes a case and returns an edit.  None draws, asks, or changes what it was given, so each can
run in another process.
"""

from .anatomy import segment, trace_centerline
from .editing import edit_segment
from .evidence import substantiate
from .exchange import import_segments
from .imports import VOLUME_FILES, import_scan, import_series
from .kept_meshes import kept_tetrahedra
from .plan import design, measure_distance, place_stent, plan_resection
from .rehearsal import Grip, RemnantInHand, take_in_hand
from .remaking import remake_segment, why_not_remake
from .settings import settings_from
from .simulation import simulate, simulation_settings
from .suitability import suitability_of, suitability_rows
from .tetrahedra import Tetrahedra, tetrahedra_of

__all__ = [
    "VOLUME_FILES",
    "Grip",
    "RemnantInHand",
    "Tetrahedra",
    "design",
    "edit_segment",
    "import_scan",
    "import_segments",
    "import_series",
    "kept_tetrahedra",
    "measure_distance",
    "place_stent",
    "plan_resection",
    "remake_segment",
    "segment",
    "settings_from",
    "simulate",
    "simulation_settings",
    "substantiate",
    "suitability_of",
    "suitability_rows",
    "take_in_hand",
    "tetrahedra_of",
    "trace_centerline",
    "why_not_remake",
]
