"""The verbs: frozen edits, each a pure function from case to case."""

from .centerlines import AddCenterline
from .edit import Edit, Remove, Rename
from .findings import RecordFinding
from .imports import AddVolume, DropIdentity, NamePatient
from .measurements import MeasureDistance
from .resections import MovePlane, PlanResection, SetMargin
from .segments import AddSegments, ChangeSegment, ColourSegment, ReviewSegment
from .stents import MoveStent, PlaceStent, ResizeStent, TurnStent

__all__ = [
    "EDITS",
    "AddCenterline",
    "AddSegments",
    "AddVolume",
    "ChangeSegment",
    "ColourSegment",
    "DropIdentity",
    "Edit",
    "MeasureDistance",
    "MovePlane",
    "MoveStent",
    "NamePatient",
    "PlaceStent",
    "PlanResection",
    "RecordFinding",
    "Remove",
    "Rename",
    "ResizeStent",
    "ReviewSegment",
    "SetMargin",
    "TurnStent",
]

EDITS: tuple[type[Edit], ...] = (
    AddVolume,
    NamePatient,
    DropIdentity,
    AddSegments,
    ChangeSegment,
    ColourSegment,
    ReviewSegment,
    AddCenterline,
    PlaceStent,
    MoveStent,
    ResizeStent,
    TurnStent,
    PlanResection,
    MovePlane,
    SetMargin,
    MeasureDistance,
    RecordFinding,
    Rename,
    Remove,
)
"""Every edit that a journal can hold."""
