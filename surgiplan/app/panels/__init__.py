"""The panels on the right: one for each stage of a case."""

from .all_panels import panels_for

__all__ = ["panels_for"]
