"""What a scan of folders finds: images, series and the problems of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

__all__ = ["ACCEPTABLE", "PROBLEM_KINDS", "ImageHeader", "Problem", "Scan", "SeriesFound"]

ACCEPTABLE: Mapping[str, str] = MappingProxyType(
    {
        "duplicate_slice": "use each slice once",
        "missing_slice": "fill the gap by interpolation",
        "uneven_spacing": "resample to even steps",
        "gantry_tilt": "resample to an upright grid",
    }
)
"""Problems that a user may accept, and what happens then."""

PROBLEM_KINDS = (
    "mixed_patients",
    "not_a_volume",
    "no_position",
    "no_spacing",
    "truncated",
    "undecodable",
    "mixed_spacing",
    "mixed_orientation",
    "foreign_frame",
    "several_phases",
    "single_image",
    "duplicate_slice",
    "gantry_tilt",
    "missing_slice",
    "uneven_spacing",
)
"""All kinds, in the order in which they are reported: the one that explains most comes first."""


@dataclass(frozen=True)
class Problem:
    """Why a series could mislead: its kind, and a sentence with the numbers."""

    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What one DICOM file says about itself, without its pixels."""

    path: Path
    """The file, or the archive that it lies in."""
    member: str
    """Name within that archive; empty for a plain file."""
    frame: int | None
    """Place among the frames of a multi-frame file, from 0; None where the file is one image."""
    sop_class: str
    sop_uid: str
    series_uid: str
    study_uid: str
    frame_uid: str
    modality: str
    description: str
    study_date: str
    """ISO date or empty."""
    patient: str
    """Opaque key, comparable within one scan only."""
    transfer_syntax: str
    rows: int
    columns: int
    frames: int
    samples: int
    bits: int
    """Bits allocated."""
    bits_stored: int
    is_signed: bool
    slope: float
    """Of stored values to the unit of the series, with ``intercept``."""
    intercept: float
    padding: tuple[float, float] | None
    """Lowest and highest stored value that mark what was not scanned, as far as the tags say."""
    photometric: str
    image_type: tuple[str, ...]
    spacing_mm: tuple[float, float] | None
    """Distance between rows, then between columns."""
    orientation: tuple[float, ...] | None
    """Direction of growing column number, then of growing row number: six cosines."""
    position: tuple[float, ...] | None
    """Centre of the first voxel in LPS [mm]."""
    window_level: tuple[float, float] | None
    instance: int | None
    phase_marks: tuple[str, ...]
    """What may tell phases at one position apart, see ``phases.PHASE_TAGS``."""
    pixel_offset: int
    """Where the pixel bytes begin in the file; -1 where that is not known."""
    pixel_bytes: int
    pixels_complete: bool

    @property
    def name(self) -> str:
        """What a person would call the file."""
        return Path(self.member).name if self.member else self.path.name

    def open(self) -> BinaryIO:
        """The file, at its start.  Raises OSError."""
        return self.path.open("rb")

    @property
    def file_bytes(self) -> int:
        """Size of the decoded pixels of the whole file."""
        return self.rows * self.columns * self.samples * self.frames * max(self.bits, 1) // 8


@dataclass(frozen=True)
class SeriesFound:
    """A series in the order of its slices, and what is wrong with it."""

    uid: str
    modality: str
    description: str
    study_date: str
    """ISO date or empty."""
    patient: str
    """Opaque key, the same for the same patient within one scan; no name and no hash of one."""
    images: int
    shape_kji: tuple[int, int, int]
    spacing_mm: tuple[float, float, float] | None
    """Along (k, j, i); None where the images do not stack into a volume."""
    transfer_syntax: str
    is_volume: bool
    """Whether the images are parallel slices with known places."""
    problems: tuple[Problem, ...]
    study_uid: str = ""
    frame_uid: str = ""
    window_level: tuple[float, float] | None = None
    headers: tuple[ImageHeader, ...] = field(default=(), repr=False)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files, sorted along the normal of the slices where that is known."""
        return tuple(dict.fromkeys(header.path for header in self.headers))


@dataclass(frozen=True)
class Scan:
    """All series that were found, volumes first, and the files that were left alone."""

    series: tuple[SeriesFound, ...]
    ignored: tuple[tuple[Path, str], ...]
    """Each file or folder that is no DICOM image, and why."""
