"""Contact: bodies that press on each other, pull nothing, and may rub."""

from .obstacle import Obstacle
from .shapes import Near, Shape, ball, cylinder, plane, spline_of
from .touching import Contacted, Contacts, Touch

__all__ = [
    "Contacted",
    "Contacts",
    "Near",
    "Obstacle",
    "Shape",
    "Touch",
    "ball",
    "cylinder",
    "plane",
    "spline_of",
]
