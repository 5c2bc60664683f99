"""Twenty synthetic patients that no method was made on, each with the truth of every organ."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surgiplan.model import Volume, VoxelGrid
from surgiplan_phantom.options import Disease, Options, Phase, Sex
from surgiplan_phantom.study import make_study

__all__ = ["Known", "known_patient", "options"]

Mask = npt.NDArray[np.bool_]

_FIRST_SEED = 7001
_PHASES = (Phase.PORTAL, Phase.ARTERIAL, Phase.NATIVE, Phase.SPLIT_BOLUS)
_UNIONS = {
    "long_bones": ("femora",),
    "bone": ("spine", "ribs", "sternum", "scapulae", "pelvis", "femora"),
    "kidneys": ("kidney_left", "kidney_right"),
}
"""Names that surgiplan writes, and the structures of the phantom that they stand for."""


@dataclass(frozen=True, eq=False)
class Known:
    """A scan and what is truly in it, masks (k, j, i) of the scan's shape by surgiplan's names."""

    name: str
    scan: Volume
    truth: dict[str, Mask]
    whole: frozenset[str]
    """Structures that lie in the scan as a whole."""


def options(count: int = 20) -> Iterator[Options]:
    """Patients and scans of all phases, noises, sizes and slice steps, the same ones each time."""
    for n in range(count):
        rng = np.random.default_rng([_FIRST_SEED, n])
        in_plane_mm = float(rng.choice([0.8, 0.9, 1.0]))
        yield Options(
            seed=_FIRST_SEED + n,
            sex=(Sex.FEMALE, Sex.MALE)[n % 2],
            age_years=int(rng.integers(25, 88)),
            size_scale=float(rng.uniform(0.85, 1.15)),
            disease=list(Disease)[(n // 4) % 4],
            phase=_PHASES[n % 4],
            slice_step_mm=float(rng.choice([1.5, 2.0, 2.5, 3.0, 5.0])),
            in_plane_mm=(in_plane_mm, in_plane_mm),
            noise_hu=float(rng.uniform(7, 25)),
        )


def known_patient(chosen: Options) -> Known:
    """One patient, scanned."""
    study = make_study(chosen)
    k_mm, j_mm, i_mm = study.scan.spacing_kji_mm
    affine = np.zeros((4, 4))
    affine[[2, 1, 0], [0, 1, 2]] = k_mm, j_mm, i_mm
    affine[:3, 3] = study.scan.origin_lps_mm
    affine[3, 3] = 1
    k, j, i = study.pixels.shape
    scan = Volume(
        id="ct", values=study.pixels, grid=VoxelGrid(shape=(k, j, i), affine=affine), unit="HU"
    )
    truth = {
        name: study.scan.to_slices(part.astype(np.float32)) >= 127.5
        for name, part in study.canvas.segments.items()
    }
    for name, parts in _UNIONS.items():
        truth[name] = np.any([truth[part] for part in parts if part in truth], axis=0)
    about = f"{chosen.seed} {chosen.phase.value} {k_mm:g} mm {chosen.noise_hu:.0f} HU"
    return Known(about, scan, truth, frozenset(truth))
