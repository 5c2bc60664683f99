"""What the headers of NIfTI and NRRD files say about where their voxels lie."""

import gzip
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from surgiplan.errors import DicomError

__all__ = ["FARTHEST_MM", "NiftiPlace", "nifti_place", "require_nrrd_sides"]

Affine = npt.NDArray[np.float64]

_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""NIfTI points are RAS."""
_UNIT_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
"""Length of NIfTI's spatial units: not given, metre, millimetre, micron."""
_UNIT_BITS = 0b111
_RIGHT_ANGLE = 1e-4
"""Largest cosine between voxel axes: 0.05 mm on the far side of a body."""
_SAME_PLACE_MM = 0.1
FARTHEST_MM = 1e6
"""No scanner's origin is so far away."""
_NIFTI_1, _NIFTI_2 = (size.to_bytes(4, "little") for size in (348, 540))
_NRRD_HEADER_BYTES = 1 << 16
_NRRD_UNITS = {"", "mm", "millimeter", "millimeters", "millimetre"}


@dataclass(frozen=True)
class NiftiPlace:
    """The sform and the qform of a NIfTI file where they are set: voxel (i, j, k) to RAS [mm]."""

    sform: Affine | None
    qform: Affine | None

    @property
    def affine(self) -> Affine:
        """The map from voxel (k, j, i) to LPS [mm]: the sform, or the qform where there is none.

        So do most readers.  ITK takes the qform where both are set and the sform's code is not 1.
        """
        chosen = self.qform if self.sform is None else self.sform
        assert chosen is not None
        result: Affine = _TO_LPS @ chosen
        result[:3, :3] = result[:3, 2::-1]
        return result

    def remarks(self, shape_kji: tuple[int, ...]) -> list[str]:
        """A sentence if the two do not agree on where a volume's corners lie."""
        if self.sform is None or self.qform is None:
            return []
        corners = np.array(np.meshgrid(*[[0, n - 1] for n in shape_kji[::-1]])).reshape(3, -1)
        between = (self.sform - self.qform) @ np.concatenate([corners, np.ones((1, 8))])
        apart_mm = float(np.linalg.norm(between[:3], axis=0).max())
        if apart_mm <= _SAME_PLACE_MM:
            return []
        return [
            f"The file gives two places, up to {apart_mm:.1f} mm apart; its sform was taken, not "
            "its qform."
        ]


def nifti_place(path: Path) -> NiftiPlace:
    """Where a .nii or .nii.gz file says its voxels lie.

    Raises DicomError for a file that is not NIfTI-1, for one with neither form, whose sides are
    unknown, and for sheared axes.
    """
    place = NiftiPlace(*_forms(_nifti_header(path)))
    if place.sform is None and place.qform is None:
        raise DicomError(
            f"{path.name} does not say which side is left (sform and qform code 0); save it again "
            "with its orientation."
        )
    _require_right_angles(path, place.affine)
    return place


def require_nrrd_sides(path: Path, space: str) -> None:
    """Raise DicomError unless an NRRD file, read in ``space``, has patient axes in millimetres."""
    if space != "left-posterior-superior":
        raise DicomError(
            f"{path.name} does not say which side is left (no anatomical space); save it again "
            "with its orientation."
        )
    with path.open("rb") as file:
        head = file.read(_NRRD_HEADER_BYTES).partition(b"\n\n")[0].decode("latin-1")
    for line in head.splitlines():
        name, _, units = line.partition(":")
        if name.strip().lower() == "space units":
            strange = {unit.strip(' "') for unit in units.split()} - _NRRD_UNITS
            if strange:
                raise DicomError(
                    f"{path.name} gives lengths in {strange.pop()}; save it in millimetres."
                )


def _nifti_header(path: Path) -> bytes:
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opened(path, "rb") as file:
            header = bytes(file.read(348))
    except (OSError, EOFError, zlib.error):
        header = b""
    if len(header) == 348 and header[:4] in (_NIFTI_1, _NIFTI_1[::-1]):
        return header
    if header[:4] in (_NIFTI_2, _NIFTI_2[::-1]):
        raise DicomError(f"{path.name} is NIfTI-2; save it as NIfTI-1.")
    raise DicomError(f"{path.name} is damaged or not the format that its name says; save it again.")


def _forms(header: bytes) -> tuple[Affine | None, Affine | None]:
    """The sform and the qform that are set, from voxel (i, j, k) to RAS [mm]."""
    order = "<" if header[:4] == _NIFTI_1 else ">"
    pixdim, codes, quaternion, offset, rows, (units,) = (
        struct.unpack_from(order + kind, header, place)
        for kind, place in (
            ("8f", 76), ("2h", 252), ("3f", 256), ("3f", 268), ("12f", 280), ("B", 123),
        )
    )  # fmt: skip
    unit_mm = _UNIT_MM.get(units & _UNIT_BITS, 1.0)
    scale = np.array([unit_mm] * 3 + [1.0])[:, None]
    sform = np.array([*rows, 0, 0, 0, 1], float).reshape(4, 4) * scale if codes[1] > 0 else None
    if codes[0] <= 0:
        return sform, None
    qform = np.eye(4)
    turned_over = -1.0 if pixdim[0] < 0 else 1.0
    with np.errstate(all="ignore"):
        qform[:3, :3] = _rotation(*quaternion) * np.array(pixdim[1:4]) * [1.0, 1.0, turned_over]
        qform[:3, 3] = offset
        qform *= scale
    return sform, qform if _is_near(qform) else None


def _is_near(affine: Affine) -> bool:
    """Whether all its numbers are some, and no farther away than a patient can be."""
    return bool(np.isfinite(affine).all() and np.abs(affine).max() < FARTHEST_MM)


def _rotation(b: float, c: float, d: float) -> Affine:
    """The rotation (3, 3) of a unit quaternion whose first part is implied."""
    a = np.sqrt(max(0.0, 1.0 - (b * b + c * c + d * d)))
    if a == 0.0:
        b, c, d = np.array([b, c, d]) / np.linalg.norm([b, c, d])
    return np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )


def _require_right_angles(path: Path, affine: Affine) -> None:
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if not _is_near(affine) or lengths.min() < 1e-6:
        raise DicomError(f"{path.name} does not say where its voxels lie; save it again.")
    cosines = affine[:3, :3] / lengths
    if np.abs(cosines.T @ cosines - np.eye(3)).max() > _RIGHT_ANGLE:
        raise DicomError(f"{path.name} has sheared axes; resample it to an upright grid first.")
