"""Synthetic torso CT studies with known truth; research use only, not for clinical use."""

from .options import Disease, Options, Phase, Sex
from .study import Study, make_study, write_study

__all__ = ["Disease", "Options", "Phase", "Sex", "Study", "make_study", "write_study"]
