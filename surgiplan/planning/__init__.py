"""Measuring vessels, placing stents, cutting organs."""

from .apposition import Achieved, Lumen, StationAfter, achieved, struts_after
from .centerlines import trace
from .devices import Device, Force, catalogue, design, device, force_of
from .fit import Rule, StentFit, Verdict, fit
from .gaps import gap_ml, gap_remarks, margin_remarks
from .resections import Division, Margin, divide, margin, prepare, remnant, skin_points, specimen
from .section_view import SectionView, section_view
from .sections import Sections, sections
from .snapping import nearest_voxel
from .stents import Deployment, deployment, expander, struts
from .words import FIT_TITLES, limit_text, source_text, title_of, value_text

__all__ = [
    "FIT_TITLES",
    "Achieved",
    "Deployment",
    "Device",
    "Division",
    "Force",
    "Lumen",
    "Margin",
    "Rule",
    "SectionView",
    "Sections",
    "StationAfter",
    "StentFit",
    "Verdict",
    "achieved",
    "catalogue",
    "deployment",
    "design",
    "device",
    "divide",
    "expander",
    "fit",
    "force_of",
    "gap_ml",
    "gap_remarks",
    "limit_text",
    "margin",
    "margin_remarks",
    "nearest_voxel",
    "prepare",
    "remnant",
    "section_view",
    "sections",
    "skin_points",
    "source_text",
    "specimen",
    "struts",
    "struts_after",
    "title_of",
    "trace",
    "value_text",
]
