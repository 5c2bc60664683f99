"""Sound series of a known field, and the ways in which real series are spoilt.

The field grows evenly along all three patient axes, so that linear interpolation reproduces it:
where a volume differs from the field, it lies in the wrong place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation
from series_on_disk import Slice

GREY_HU = 1 / 16
"""One stored grey level; the field is known to half of that."""
SLOPE_HU_MM = np.array([9.0, -5.0, 7.0])
"""How the field grows along the patient axes."""
AIR_HU = -1024


@dataclass
class Body:
    """A series before it is written, and what it takes to spoil it."""

    random: np.random.Generator
    directions: np.ndarray
    """Columns: unit vectors of growing slice, row and column number."""
    spacing_mm: tuple[float, float, float]
    """Along (k, j, i)."""
    shape: tuple[int, int, int]
    images: list[Slice] = field(default_factory=list)

    @property
    def center(self) -> np.ndarray:
        return np.array([12.0, -40.0, 350.0])

    def image(self, height_mm: float, shift_mm: Sequence[float] = (0, 0)) -> Slice:
        """One slice of the field; ``shift_mm`` moves it along (row number, column number)."""
        position = self.center + self.directions @ [height_mm, *shift_mm]
        return Slice(self.stored(position), position, {
            "ImageOrientationPatient": [
                float(f"{x:.12f}") for x in (*self.directions[:, 2], *self.directions[:, 1])
            ],
            "PixelSpacing": list(self.spacing_mm[1:]),
            "RescaleSlope": GREY_HU, "RescaleIntercept": 0, "PixelRepresentation": 1,
        })  # fmt: skip

    def stored(self, position: np.ndarray) -> np.ndarray:
        """Grey levels of the field on a slice whose first voxel lies at ``position`` [LPS mm]."""
        j, i = np.indices(self.shape[1:])
        down, right = (self.directions[:, n] * self.spacing_mm[n] for n in (1, 2))
        places = position + j[..., None] * down + i[..., None] * right
        return np.rint(self.hu(places) / GREY_HU).astype(np.int16)

    def hu(self, places: np.ndarray) -> Any:
        """The field at places (..., 3) in LPS [mm]."""
        return (places - self.center) @ SLOPE_HU_MM + 40

    def some(self, least: int = 1, most: int | None = None) -> list[int]:
        """Numbers of slices inside the stack, not its ends."""
        inner = np.arange(1, len(self.images) - 1)
        count = self.random.integers(least, (most or least) + 1)
        return sorted(self.random.choice(inner, count, replace=False).tolist())


def sound(seed: int, *, slices: int = 9) -> Body:
    """An oblique series of anisotropic voxels, new for each seed."""
    random = np.random.default_rng(seed)
    turned = Rotation.random(rng=random).as_matrix()
    spacing = np.round(random.uniform([0.8, 0.4, 0.5], [3.0, 0.9, 0.7]), 4)
    body = Body(random, turned, tuple(map(float, spacing)), (slices, 11, 8))
    body.images = [body.image(k * body.spacing_mm[0]) for k in range(slices)]
    return body


def drop(body: Body) -> None:
    for n in reversed(body.some(1, 3)):
        del body.images[n]


def duplicate(body: Body) -> None:
    for n in body.some(1, 2):
        one = body.images[n]
        body.images.append(Slice(one.pixels, one.position, dict(one.tags)))


def foreign_frame(body: Body) -> None:
    for n in body.some(1, 4):
        body.images[n].tags["FrameOfReferenceUID"] = "1.2.826.0.1.5.99"


def shuffled_names(body: Body) -> None:
    body.random.shuffle(body.images)


def permuted_numbers(body: Body) -> None:
    numbers = body.random.permutation(len(body.images))
    for image, number in zip(body.images, numbers, strict=True):
        image.tags["InstanceNumber"] = int(number) + 1


def mixed_spacing(body: Body) -> None:
    rows_mm, columns_mm = body.spacing_mm[1:]
    zoom = body.random.choice([0.9, 1.1])
    for n in body.some(1, 3):
        body.images[n].tags["PixelSpacing"] = [round(rows_mm * zoom, 5), columns_mm]


def tilt(body: Body) -> None:
    heights = np.arange(len(body.images)) * body.spacing_mm[0]
    body.images = [
        body.image(h, shift) for h, shift in zip(heights, _drift(body, heights), strict=True)
    ]


def tilt_uneven(body: Body) -> None:
    heights = _uneven_heights(body)
    body.images = [
        body.image(h, shift) for h, shift in zip(heights, _drift(body, heights), strict=True)
    ]


def uneven(body: Body) -> None:
    body.images = [body.image(height) for height in _uneven_heights(body)]


def mixed_orientation(body: Body) -> None:
    degrees = body.random.uniform(3, 90) * body.random.choice([-1, 1])
    axis = body.directions[:, body.random.integers(3)]
    turn = Rotation.from_rotvec(axis * degrees, degrees=True).as_matrix()
    for n in body.some(1, 3):
        cosines = np.array(body.images[n].tags["ImageOrientationPatient"]).reshape(2, 3) @ turn.T
        body.images[n].tags["ImageOrientationPatient"] = [float(f"{x:.12f}") for x in cosines.flat]


def two_phases(body: Body) -> None:
    brighter = body.random.integers(1, 200)
    for image in list(body.images):
        body.images.append(Slice(image.pixels + brighter, image.position, dict(image.tags)))


def foreign_patient(body: Body) -> None:
    tag, value = [("PatientID", "ZZ-4712"), ("PatientName", "ZZCANARY^Bertha")][
        body.random.integers(2)
    ]
    for n in body.some(1, 4):
        body.images[n].tags[tag] = value


def _drift(body: Body, heights_mm: np.ndarray) -> np.ndarray:
    """Sideways shifts (row, column) [mm] under a gantry of 12 to 20 degrees of either sign."""
    degrees = body.random.uniform(12, 20) * body.random.choice([-1, 1])
    return np.outer(heights_mm, [np.tan(np.radians(degrees)), 0.0])


def _uneven_heights(body: Body) -> np.ndarray:
    """Steps of which no even grid holds all."""
    step_mm = body.spacing_mm[0]
    while True:
        steps = step_mm * body.random.uniform(0.6, 1.4, len(body.images) - 1)
        heights = np.concatenate([[0], np.cumsum(steps)])
        if max(abs(a - b) for a, b in pairwise(steps)) > 0.4 * step_mm:
            return heights


Defect = Callable[[Body], None]

REPORTED: dict[Defect, set[str]] = {
    drop: {"missing_slice"},
    duplicate: {"duplicate_slice"},
    foreign_frame: {"foreign_frame"},
    mixed_spacing: {"mixed_spacing"},
    tilt: {"gantry_tilt"},
    tilt_uneven: {"gantry_tilt", "uneven_spacing"},
    uneven: {"uneven_spacing"},
    mixed_orientation: {"mixed_orientation"},
    two_phases: {"several_phases"},
    foreign_patient: {"mixed_patients"},
}
"""Each defect that misleads, and the kinds that name it."""
HARMLESS: tuple[Defect, ...] = (shuffled_names, permuted_numbers)
"""What must change nothing at all."""
