"""Contact: bodies that press on each other, pull nothing, and may rub."""

from .coupling import Coupling
from .obstacle import Bodies, Obstacle
from .pressing import Contacted, Sums, Touch
from .shapes import Near, Shape, ball, cylinder, plane, spline_of
from .touching import Contacts

__all__ = [
    "Bodies",
    "Contacted",
    "Contacts",
    "Coupling",
    "Near",
    "Obstacle",
    "Shape",
    "Sums",
    "Touch",
    "ball",
    "cylinder",
    "plane",
    "spline_of",
]
