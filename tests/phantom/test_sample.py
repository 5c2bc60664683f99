"""The sample study in the repository: small enough, whole, and as true as its truth says."""

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest

from surgiplan_phantom import Options
from surgiplan_phantom.dicom_files import uid
from surgiplan_phantom.patient import patient_of

# Half way between contrast (about 297 HU) and the wall of an artery (48 HU).
_EDGE_HU = 172.0


@pytest.fixture(scope="module")
def truth(sample_dicom: Path) -> dict:
    text = (sample_dicom.parent / "truth" / "truth.json").read_text(encoding="utf-8")
    return json.loads(text)


@pytest.fixture(scope="module")
def lower_half(sample_dicom: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values [HU] from the coeliac trunk down, with origin and spacing (x, y, z) [mm]."""
    headers = [(pydicom.dcmread(f, stop_before_pixels=True), f) for f in sample_dicom.iterdir()]
    headers = [(h, f) for h, f in headers if float(h.ImagePositionPatient[2]) < 195]
    headers.sort(key=lambda item: float(item[0].ImagePositionPatient[2]))
    values = np.stack([pydicom.dcmread(f).pixel_array for _, f in headers]).astype(np.float32)
    first = headers[0][0]
    spacing = [*map(float, first.PixelSpacing[::-1]), float(first.SpacingBetweenSlices)]
    return values - 1024, np.array(first.ImagePositionPatient, dtype=float), np.array(spacing)


def test_the_sample_is_small_and_anisotropic(sample_dicom: Path) -> None:
    files = [f for f in sample_dicom.parent.rglob("*") if f.is_file()]
    assert sum(f.stat().st_size for f in files) <= 30e6
    header = pydicom.dcmread(next(iter(sample_dicom.iterdir())), stop_before_pixels=True)
    assert max(map(float, header.PixelSpacing)) <= 1.0
    assert float(header.PixelSpacing[0]) < float(header.SpacingBetweenSlices) <= 2.5


def test_the_sample_is_the_patient_that_the_generator_writes_unasked(sample_dicom: Path) -> None:
    header = pydicom.dcmread(next(iter(sample_dicom.iterdir())), stop_before_pixels=True)
    assert header.StudyInstanceUID == uid(patient_of(Options()), "study")


def test_the_true_diameters_are_the_ones_in_the_image(truth: dict, lower_half: tuple) -> None:
    from scipy.ndimage import spline_filter

    values, origin, spacing = lower_half
    smooth = spline_filter(values, order=3, output=np.float32)
    errors = []
    for line in truth["centerlines"]:
        for station in line["stations"]:
            low, high, area = _section(smooth, origin, spacing, station)
            round_mm = 2 * np.sqrt(station["area_mm2"] / np.pi)
            errors.append((low - station["d_min_mm"], high - station["d_max_mm"], area - round_mm))
    table = np.array(errors)
    assert len(table) > 150
    assert np.abs(table.mean(axis=0)).max() < 0.2
    assert np.abs(table[:, 2]).max() < 0.85


def _section(
    smooth: np.ndarray, origin: np.ndarray, spacing: np.ndarray, station: dict
) -> tuple[float, float, float]:
    """Smallest, largest and equal-area diameter [mm] of the contrast across the axis."""
    from scipy.ndimage import map_coordinates

    point, tangent = np.array(station["point_lps"]), np.array(station["tangent"])
    u = np.cross(tangent, [0.0, 1.0, 0.0])
    u /= np.linalg.norm(u)
    angles = np.linspace(0, 2 * np.pi, 121)[:-1]
    rays = np.outer(np.cos(angles), u) + np.outer(np.sin(angles), np.cross(tangent, u))
    radii = np.arange(0, station["d_max_mm"] / 2 + 5, 0.1)
    places = point + rays[:, None] * radii[None, :, None]
    indices = ((places - origin) / spacing)[..., ::-1].reshape(-1, 3).T
    profile = map_coordinates(smooth, indices, order=3, prefilter=False).reshape(120, -1)
    edge = radii[np.argmax(profile < _EDGE_HU, axis=1)] - 0.05
    rim = edge[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    turns = np.linspace(0, np.pi, 60)
    widths = [np.ptp(rim @ [np.cos(a), np.sin(a)]) for a in turns]
    return min(widths), max(widths), 2 * float(np.sqrt((edge**2).mean()))
