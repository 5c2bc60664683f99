"""The nouns of a plan: immutable, numpy only."""

from .case import Case, Patient, Provenance
from .coded import Code, CodedAnatomy
from .disagreement import Disagreement, Place
from .finding import Finding
from .identity import Identity
from .noun import Noun, array_sha256
from .plan import Measurement, Plan, Resection, StentDesign, StentPlacement
from .quantity import Choice, Quantity, check, choices, quantities
from .segmentation import REVIEW_STATES, Recipe, Segment, remarks_of
from .surface import Branch, Centerline, Surface
from .volume import Points, Source, Volume, VoxelGrid

__all__ = [
    "REVIEW_STATES",
    "Branch",
    "Case",
    "Centerline",
    "Choice",
    "Code",
    "CodedAnatomy",
    "Disagreement",
    "Finding",
    "Identity",
    "Measurement",
    "Noun",
    "Patient",
    "Place",
    "Plan",
    "Points",
    "Provenance",
    "Quantity",
    "Recipe",
    "Resection",
    "Segment",
    "Source",
    "StentDesign",
    "StentPlacement",
    "Surface",
    "Volume",
    "VoxelGrid",
    "array_sha256",
    "check",
    "choices",
    "quantities",
    "remarks_of",
]
