"""Organs that a trunk CT shows, found without a click."""

from .organ import Found, Organ
from .survey import Survey, survey_of

__all__ = ["Found", "Organ", "Survey", "survey_of"]
