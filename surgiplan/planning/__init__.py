"""Measuring vessels, placing stents, cutting organs."""

from .centerlines import trace
from .devices import Device, catalogue, design, device
from .fit import Rule, StentFit, Verdict, fit
from .gaps import gap_ml, gap_remarks, margin_remarks
from .resections import Division, Margin, divide, margin, prepare, remnant, specimen
from .section_view import SectionView, section_view
from .sections import Sections, sections
from .snapping import nearest_voxel
from .stents import Deployment, deployment, expander, struts
from .words import FIT_TITLES, limit_text, source_text, title_of, value_text

__all__ = [
    "FIT_TITLES",
    "Deployment",
    "Device",
    "Division",
    "Margin",
    "Rule",
    "SectionView",
    "Sections",
    "StentFit",
    "Verdict",
    "catalogue",
    "deployment",
    "design",
    "device",
    "divide",
    "expander",
    "fit",
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
    "source_text",
    "specimen",
    "struts",
    "title_of",
    "trace",
    "value_text",
]
