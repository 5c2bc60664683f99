"""What is seen: scenes in step with a case, drawn off screen; no Qt."""

from .anatomy_scene import DRAWN_BY, AnatomyScene
from .colours import VIEW_COLOURS, default_colour
from .fields import (
    FIELDS,
    Coloured,
    coloured_values,
    finding_arrays,
    fraction_words,
    place_of,
    range_of,
    readings,
    step_fractions,
)
from .finding_parts import has_assumptions, has_inside
from .frame import Frame
from .look import WINDOW_PRESETS, Look, ResponseLook, Style, defaults_for
from .painted import Painted, painted_in
from .pictures import pictures, save_png
from .scene import NOTICE, Hit, Scene
from .slice_plane import Orientation, slice_axis
from .slice_scene import SliceScene

__all__ = [
    "DRAWN_BY",
    "FIELDS",
    "NOTICE",
    "VIEW_COLOURS",
    "WINDOW_PRESETS",
    "AnatomyScene",
    "Coloured",
    "Frame",
    "Hit",
    "Look",
    "Orientation",
    "Painted",
    "ResponseLook",
    "Scene",
    "SliceScene",
    "Style",
    "coloured_values",
    "default_colour",
    "defaults_for",
    "finding_arrays",
    "fraction_words",
    "has_assumptions",
    "has_inside",
    "painted_in",
    "pictures",
    "place_of",
    "range_of",
    "readings",
    "save_png",
    "slice_axis",
    "step_fractions",
]
