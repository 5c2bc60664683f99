"""Who the patient is: build, age and the random variation of the anatomy, all from the seed."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from .grid import Points
from .hounsfield import Tissues, tissues
from .noise import Lattice, lattice
from .options import Options, Sex


@dataclass(frozen=True)
class Patient:
    """One synthetic patient; lengths of the template times ``scale`` are lengths of the patient."""

    options: Options
    age_years: int
    sex: Sex
    scale: float
    fatness: float

    @cached_property
    def tissues(self) -> Tissues:
        """Hounsfield values of this patient's tissues in the chosen phase."""
        return tissues(self.options.phase, self.age_years)

    def rng(self, name: str) -> np.random.Generator:
        """Random numbers for one purpose, independent of every other purpose."""
        return np.random.default_rng([self.options.seed, *name.encode()])

    def lattice(self, name: str, pitch_mm: float | tuple[float, float, float]) -> Lattice:
        """A random field of this patient."""
        return lattice(self.rng(name), pitch_mm)

    @cached_property
    def _waves(self) -> tuple[Points, Points, Points]:
        rng = self.rng("warp")
        wave_numbers = 2 * np.pi / rng.uniform(170, 340, (6, 1)) * _directions(rng, 6)
        return wave_numbers, rng.uniform(0, 2 * np.pi, 6), 1.5 * rng.standard_normal((6, 3))

    def warp(self, points: ArrayLike) -> Points:
        """Template points (n, 3) moved to where this patient has them [mm]."""
        p = np.asarray(points, dtype=np.float64)
        wave_numbers, phases, amplitudes = self._waves
        return np.asarray(p + np.sin(p @ wave_numbers.T + phases) @ amplitudes)


def patient_of(options: Options) -> Patient:
    """The patient that a seed and the caller's wishes describe."""
    rng = np.random.default_rng([options.seed, 1])
    drawn_sex = Sex.MALE if rng.random() < 0.6 else Sex.FEMALE
    drawn_age = int(rng.integers(58, 82))
    spread, fatness = rng.normal(0, 0.02), float(np.clip(rng.normal(1.0, 0.22), 0.6, 1.6))
    sex = options.sex or drawn_sex
    build = 1.0 if sex is Sex.MALE else 0.94
    scale = build * options.size_scale * (1 + float(np.clip(spread, -0.04, 0.04)))
    age = options.age_years if options.age_years is not None else drawn_age
    return Patient(options, age, sex, scale, fatness)


def _directions(rng: np.random.Generator, count: int) -> Points:
    vectors = rng.standard_normal((count, 3))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
