"""What a caller may choose about a synthetic patient and its scan."""

from dataclasses import dataclass
from enum import Enum


class Sex(Enum):
    """DICOM patient sex."""

    FEMALE = "F"
    MALE = "M"


class Disease(Enum):
    """Which of the two lesions the patient has."""

    NONE = "none"
    ANEURYSM = "aneurysm"
    TUMOUR = "tumour"
    BOTH = "both"

    @property
    def has_aneurysm(self) -> bool:
        """Whether the infrarenal aorta carries an aneurysm."""
        return self in (Disease.ANEURYSM, Disease.BOTH)

    @property
    def has_tumour(self) -> bool:
        """Whether the liver carries a tumour."""
        return self in (Disease.TUMOUR, Disease.BOTH)


class Phase(Enum):
    """Contrast phase of the scan."""

    SPLIT_BOLUS = "split-bolus"
    NATIVE = "native"
    ARTERIAL = "arterial"
    PORTAL = "portal"


@dataclass(frozen=True)
class Options:
    """One patient and one scan; ``None`` for age, sex and size means drawn from the seed."""

    seed: int = 1
    age_years: int | None = None
    sex: Sex | None = None
    size_scale: float = 1.0
    disease: Disease = Disease.BOTH
    phase: Phase = Phase.SPLIT_BOLUS
    slice_step_mm: float = 2.5
    in_plane_mm: tuple[float, float] = (0.85, 0.85)
    noise_hu: float = 11.0

    def __post_init__(self) -> None:
        """Refuse values outside what the anatomy and the scanner model can express."""
        if not 18 <= (self.age_years if self.age_years is not None else 60) <= 100:
            raise ValueError("age must be between 18 and 100 years")
        if not 0.75 <= self.size_scale <= 1.25:
            raise ValueError("size scale must be between 0.75 and 1.25")
        if not 0.4 <= self.slice_step_mm <= 12 or not all(0.4 <= s <= 6 for s in self.in_plane_mm):
            raise ValueError("voxels must be 0.4 to 12 mm between slices and 0.4 to 6 mm in plane")
        if not 0 <= self.noise_hu <= 60:
            raise ValueError("noise must be between 0 and 60 HU")
