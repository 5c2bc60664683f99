"""Measuring vessels, placing stents, cutting organs."""

from .devices import Device, catalogue, design, device
from .fit import Rule, StentFit, Verdict, fit
from .resections import Division, Margin, divide, margin, prepare, remnant, specimen
from .sections import Sections, sections
from .stents import Deployment, deployment, expander, struts

__all__ = [
    "Deployment",
    "Device",
    "Division",
    "Margin",
    "Rule",
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
    "margin",
    "prepare",
    "remnant",
    "sections",
    "specimen",
    "struts",
]
