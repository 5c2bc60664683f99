"""Scans in, cases to and from disk, surfaces out."""

from .dicom import load_series
from .phases import phase_of, phases
from .scan import scan
from .series import ACCEPTABLE, PROBLEM_KINDS, Problem, Scan, SeriesFound
from .thumbnails import thumbnail
from .volumes import VOLUME_SUFFIXES, load_volume_file

__all__ = [
    "ACCEPTABLE",
    "PROBLEM_KINDS",
    "VOLUME_SUFFIXES",
    "Problem",
    "Scan",
    "SeriesFound",
    "load_series",
    "load_volume_file",
    "phase_of",
    "phases",
    "scan",
    "thumbnail",
]
