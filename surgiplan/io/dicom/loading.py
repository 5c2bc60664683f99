"""Turns a series that was found into a volume, and refuses what could mislead."""

import hashlib
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from surgiplan.errors import DicomError
from surgiplan.jobs_report import Report, part, silent
from surgiplan.model import Patient, Source, Volume, VoxelGrid

from .acceptance import accepted_stack
from .headers import iso_date, text
from .pixels import AIR_HU
from .quiet import quiet
from .resample import even_grid, onto_grid
from .series import ImageHeader, SeriesFound
from .stack import Layout, layout_of
from .stacking import Allocate, Partial, Stacked, stacked

__all__ = ["LARGEST_VOLUME_BYTES", "load_series", "pseudonym", "vendor_of"]

LARGEST_VOLUME_BYTES = 8 << 30
"""More than any scan of a body part has; beyond, a header is damaged or hostile."""
_FACTS = (
    "PatientSex", "PatientSize", "PatientWeight", "PatientAge",
    "PatientBirthDate", "StudyDate", "Manufacturer",
)  # fmt: skip
_VENDORS = {
    "Siemens": (["siemens"],),
    "GE": (["ge"], ["general", "electric"]),
    "Philips": (["philips"],),
    "Canon": (["canon"], ["toshiba"]),
    "Fujifilm": (["fujifilm"], ["hitachi"]),
    "United Imaging": (["uih"], ["united", "imaging"]),
    "Neusoft": (["neusoft"],),
    "Samsung": (["samsung"], ["neurologica"]),
}
"""Words of a header that name a vendor, today's name first."""
_UNITS = {"BQML": "Bq/mL", "CNTS": "counts", "GML": "g/mL"}


def load_series(
    series: SeriesFound,
    accept: Collection[str] = (),
    report: Report = silent,
    *,
    allocate: Allocate = np.empty,
    partial: Callable[[Partial], None] | None = None,
) -> tuple[Volume, Patient]:
    """The volume of a series, and its patient under a pseudonym.

    ``allocate`` gives the memory for its voxels.  ``partial`` hears what there is of an even stack
    while slices that take long are decoded.

    Raises DicomError with one sentence for the first problem that is not among ``accept``, and
    for slices that cannot be decoded.  Of the problems in ``ACCEPTABLE``, those that were accepted
    are mended and remembered in the volume's source.
    """
    accepted = accepted_stack(series, accept)
    layout, _ = layout_of(accepted.headers)
    _refuse_huge(layout, even_grid(layout))
    dataset = _patient_facts(layout.images[len(layout.images) // 2])
    reading = part(report, 0.0, 0.9 if layout.is_regular else 0.6)
    stack = stacked(layout, reading, allocate, partial)
    values = stack.values
    remarks = accepted.remarks + _remarks(layout, stack, len(accepted.headers))
    first = layout.images[0]
    if layout.is_regular:
        grid = VoxelGrid(values.shape, layout.affine(), first.frame_uid)
    else:
        grid = even_grid(layout)
        outside = AIR_HU if first.unit == "HU" else float(values.min())
        del stack
        values = onto_grid(values, layout, grid, outside, allocate, part(report, 0.6, 0.95))
    volume = Volume(
        id=_short_name(series.modality).lower(),
        values=values,
        grid=grid,
        unit=_UNITS.get(first.unit, first.unit),
        name=_short_name(series.modality),
        source=Source(
            series_uid=series.uid,
            study_uid=series.study_uid,
            study_date=series.study_date,
            modality=series.modality,
            description=series.description,
            files=len(accepted.headers),
            window_level=series.window_level,
            accepted=tuple(p.kind for p in series.problems),
            remarks=remarks,
            interpolated_k=layout.gaps_k,
            vendor=vendor_of(text(dataset, "Manufacturer")),
        ),
    )
    return volume, _patient(dataset, series)


def vendor_of(manufacturer: str) -> str:
    """The vendor whom a header's text means; never that text, which may say anything."""
    words = "".join(c if c.isalnum() else " " for c in manufacturer.lower()).split()
    for vendor, signs in _VENDORS.items():
        if any(words[n : n + len(sign)] == sign for sign in signs for n in range(len(words))):
            return vendor
    return "other" if words else ""


def pseudonym(seed: str) -> str:
    """``P-4F2A91`` from a UID: no name, number or date of birth goes into it."""
    return "P-" + hashlib.sha256(seed.encode()).hexdigest()[:6].upper()


def _refuse_huge(layout: Layout, grid: VoxelGrid) -> None:
    slices = max(grid.shape[0], len(layout.images))
    if slices > 2 * len(layout.images):
        raise DicomError(
            f"Of {slices} slices only {len(layout.images)} are there (missing_slice), too few to "
            "fill the gaps; export the series again."
        )
    own = layout.images[0].rows * layout.images[0].columns
    if grid.shape[1] * grid.shape[2] > 4 * own + 4096:
        raise DicomError(
            "The slices lie so far beside each other that most of an upright volume would be empty "
            "(gantry_tilt, uneven_spacing); export the series again."
        )
    if slices * grid.shape[1] * grid.shape[2] * 4 > LARGEST_VOLUME_BYTES:
        size = " x ".join(str(n) for n in grid.shape)
        raise DicomError(
            f"A volume of {size} voxels needs more than 8 GiB; export a smaller part of it."
        )


def _remarks(layout: Layout, stack: Stacked, images: int) -> tuple[str, ...]:
    remarks = []
    if copies := images - len(layout.images):
        remarks.append(f"Copies of slices that were left out: {copies}.")
    if layout.numbers is not None:
        for n in np.flatnonzero(np.diff(layout.numbers) > 1):
            low, high = layout.images[n].position, layout.images[n + 1].position
            remarks.append(
                f"The gap of {layout.heights_mm[n + 1] - layout.heights_mm[n]:.2f} mm between "
                f"{_place(low)} and {_place(high)} mm was interpolated; do not measure there."
            )
    else:
        steps = np.diff(layout.heights_mm)
        remarks.append(
            f"Steps of {steps.min():.2f} to {steps.max():.2f} mm between slices were resampled to "
            "even ones."
        )
    if layout.is_tilted:
        remarks.append("Slices that lay tilted or sideways were resampled to an upright grid.")
    if stack.padded:
        remarks.append(f"{stack.padded} voxels outside the scan were set to {AIR_HU} HU.")
    first = layout.images[0]
    if first.photometric == "MONOCHROME1":
        remarks.append(
            "The files ask for inverted greys (MONOCHROME1): the values are as stored, only the "
            "picture is not inverted."
        )
    if first.modality == "CT" and first.unit == "1":
        remarks.append(
            "The files do not say beyond doubt how stored values become Hounsfield units; they "
            "are kept as they are, without a unit."
        )
    return tuple(remarks)


def _patient_facts(header: ImageHeader) -> Any:
    """The tags of one image that say what its values mean and whose they are."""
    import pydicom

    try:
        with header.open() as file, quiet():
            return pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(_FACTS))
    except Exception as error:
        raise DicomError(
            f"{header.name} cannot be read any more ({type(error).__name__}); export it again."
        ) from error


def _place(position: tuple[float, ...] | None) -> str:
    return ",".join(f"{x:.1f}" for x in position or ())


def _short_name(modality: str) -> str:
    return {"PT": "PET"}.get(modality, modality or "scan")


def _patient(dataset: Any, series: SeriesFound) -> Patient:
    with quiet():
        sex = text(dataset, "PatientSex").upper()[:1]
        size_m, weight_kg = (_positive(dataset, t) for t in ("PatientSize", "PatientWeight"))
        return Patient(
            pseudonym=pseudonym(series.study_uid or series.uid),
            sex=sex if sex in ("M", "F", "O") else "",
            age_years=_age_years(dataset),
            height_cm=None if size_m is None else round(size_m * 100, 1),
            weight_kg=weight_kg,
        )


def _positive(dataset: Any, tag: str) -> float | None:
    try:
        value = float(text(dataset, tag))
    except ValueError:
        return None
    return value if np.isfinite(value) and value > 0 else None


_YEARS = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}


def _age_years(dataset: Any) -> float | None:
    """From the age itself, else from the dates of birth and study; None where neither is there."""
    age = text(dataset, "PatientAge").upper()
    if age[:-1].isdigit() and age[-1] in _YEARS and age != "000Y":
        return round(int(age[:-1]) * _YEARS[age[-1]], 2)
    from datetime import date

    born, studied = (iso_date(text(dataset, t)) for t in ("PatientBirthDate", "StudyDate"))
    if not born or not studied:
        return None
    days = (date.fromisoformat(studied) - date.fromisoformat(born)).days
    return round(days / 365.25, 1) if 0 <= days < 130 * 366 else None
