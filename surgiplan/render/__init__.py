"""What is seen: scenes in step with a case, drawn off screen; no Qt."""

from .anatomy_scene import DRAWN_BY, AnatomyScene
from .colours import VIEW_COLOURS, default_colour
from .frame import Frame
from .look import WINDOW_PRESETS, Look, Style, defaults_for, finding_arrays
from .painted import Painted, painted_in
from .pictures import pictures, save_png
from .scene import NOTICE, Hit, Scene
from .slice_plane import Orientation, slice_axis
from .slice_scene import SliceScene

__all__ = [
    "DRAWN_BY",
    "NOTICE",
    "VIEW_COLOURS",
    "WINDOW_PRESETS",
    "AnatomyScene",
    "Frame",
    "Hit",
    "Look",
    "Orientation",
    "Painted",
    "Scene",
    "SliceScene",
    "Style",
    "default_colour",
    "defaults_for",
    "finding_arrays",
    "painted_in",
    "pictures",
    "save_png",
    "slice_axis",
]
