"""What a scan of folders finds: images, series and the problems of each."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from .archives import Entry

__all__ = ["ACCEPTABLE", "PROBLEM_KINDS", "ImageHeader", "Problem", "Scan", "SeriesFound"]

_MAIN_STACK = "leave out the images that do not belong to the main stack"
ACCEPTABLE: Mapping[str, str] = MappingProxyType(
    {
        "duplicate_slice": "use each slice once",
        "missing_slice": "fill the gap by interpolation",
        "uneven_spacing": "resample to even steps",
        "gantry_tilt": "resample to an upright grid",
        "not_a_volume": "leave out the images that are no slices",
        "foreign_frame": _MAIN_STACK,
        "mixed_spacing": _MAIN_STACK,
        "mixed_orientation": _MAIN_STACK,
        "truncated": "leave out the images that are cut off",
        "undecodable": "leave out the images that cannot be decoded",
    }
)
"""Kinds of problems that a user may accept, and what happens then.

Whether a series' own problem of such a kind can be mended, its ``action`` says: images are left out
only where they are few beside the main stack.
"""

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
    action: str = ""
    """What is done once the user accepts it, "use each slice once"; empty if it cannot be."""


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
    """What may tell phases at one position apart, see ``header_values.PHASE_TAGS``."""
    pixel_offset: int
    """Where the pixel bytes begin in the file; -1 where that is not known."""
    pixel_bytes: int
    pixels_complete: bool
    is_calibrated: bool = True
    """Whether the file says how stored values become those of its unit: it has an intercept."""
    read_by: str = field(default="pydicom", compare=False)
    """``fast`` or ``pydicom``: which of the two readers told all this."""
    stated_unit: str = ""
    """In what the values are given, ``HU`` or ``BQML``; empty where the file does not say."""
    entry: Entry | None = field(default=None, repr=False)
    """Where the member lies in its archive; None for a plain file."""

    @property
    def unit(self) -> str:
        """In what its values are given, as DICOM says it; ``1`` where that is not beyond doubt.

        Without an intercept the air of a CT is 0 or -1000, and nobody knows which; one of inverted
        greys (MONOCHROME1) is so rare that its values may be inverted too.
        """
        if self.modality != "CT" or self.stated_unit not in ("", "HU"):
            return self.stated_unit or "1"
        return "HU" if self.is_calibrated and self.photometric == "MONOCHROME2" else "1"

    @property
    def name(self) -> str:
        """What a person would call the file."""
        return Path(self.member).name if self.member else self.path.name

    def open(self) -> BinaryIO:
        """The file, at its start.  Raises OSError."""
        if self.entry is not None:
            return self.entry.open(self.path, many=self.frames > 1)
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
    """The slices that stack, in the order of their places; then what is left out."""
    left_out: int = 0
    """How many of the last headers do not belong to the stack."""
    phase_label: str = ""
    """What tells this phase from others, "trigger time 35 ms"; empty for a whole series."""

    @property
    def stack(self) -> tuple[ImageHeader, ...]:
        """The images that may become the volume, all phases of them."""
        return self.headers[: len(self.headers) - self.left_out]

    @property
    def read_by(self) -> dict[str, int]:
        """How many files were read ``fast`` and how many with ``pydicom``."""
        return dict(Counter(reader for _, _, reader in self._files_read()))

    def _files_read(self) -> set[tuple[Path, str, str]]:
        return {(header.path, header.member, header.read_by) for header in self.headers}

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
