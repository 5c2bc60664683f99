"""The organs of the synthetic patient, each with its shape and how it is painted."""

from .assemble import Anatomy, anatomy_of, paint_patient

__all__ = ["Anatomy", "anatomy_of", "paint_patient"]
