"""What a hand does to a segment: operations that look at a box of the scan and return segments."""

from .operation import NoSettings, Operation
from .operations import OPERATIONS
from .patch import Patch, extended
from .strokes import Brush, Stroke

__all__ = ["OPERATIONS", "Brush", "NoSettings", "Operation", "Patch", "Stroke", "extended"]
