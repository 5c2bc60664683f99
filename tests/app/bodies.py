"""A small made-up patient for the window's tests: an aorta, a liver and a tumour."""

from dataclasses import replace

import numpy as np

from surgiplan.imaging import cropped_segment
from surgiplan.model import (
    Branch,
    Case,
    Centerline,
    Patient,
    Resection,
    Source,
    StentDesign,
    StentPlacement,
    Volume,
    VoxelGrid,
)

SPACING_MM = (2.5, 1.5, 1.5)


def grid(shape: tuple[int, int, int] = (60, 90, 100)) -> VoxelGrid:
    k, j, i = SPACING_MM
    affine = np.eye(4)
    affine[:3, :3] = [[0, 0, i], [0, j, 0], [k, 0, 0]]
    affine[:3, 3] = [-75.0, -68.0, 0.0]
    return VoxelGrid(shape, affine, "1.2.3")


def masks() -> dict[str, np.ndarray]:
    """Bool masks of shape (60, 90, 100) by name."""
    place = grid().to_lps(np.stack(np.meshgrid(*map(np.arange, grid().shape), indexing="ij"), -1))
    x, y, z = np.moveaxis(place, -1, 0)
    bend = 6 * np.sin(z / 40)
    return {
        "body": (x / 70) ** 2 + (y / 62) ** 2 < 1,
        "aorta_lumen": (x - 8 - bend) ** 2 + (y - 12) ** 2 < 10**2,
        "liver": ((x + 30) / 34) ** 2 + ((y + 12) / 36) ** 2 + ((z - 90) / 42) ** 2 < 1,
        "tumour": (x + 18) ** 2 + (y + 14) ** 2 + (z - 92) ** 2 < 13**2,
        "bone": (x - 2) ** 2 + (y - 45) ** 2 < 14**2,
    }


def volume() -> Volume:
    found = masks()
    values = np.full(grid().shape, -1000, np.int16)
    for name, hu in (
        ("body", 30),
        ("liver", 110),
        ("tumour", 70),
        ("aorta_lumen", 300),
        ("bone", 600),
    ):
        values[found[name]] = hu
    noise = np.random.default_rng(7).normal(0, 12, values.shape)
    values = (values + noise).astype(np.int16)
    source = Source(
        series_uid="1.2.3.4", study_date="2024-03-02", modality="CT",
        description="CT torso, split bolus", files=60, window_level=(400.0, 60.0),
    )  # fmt: skip
    return Volume("ct", values, grid(), source=source, name="CT torso, split bolus")


def scanned_case() -> Case:
    return Case(Patient("K-4071", "M", 71.0)).with_(volume())


def segmented_case() -> Case:
    case = scanned_case()
    names = {"aorta_lumen": "Aorta lumen", "liver": "Liver", "tumour": "Tumour", "bone": "Bone"}
    found = masks()
    return case.with_(
        *(
            cropped_segment(
                found[key], grid(), segment_id=key, name=name, volume_id="ct", made_by="drawn"
            )
            for key, name in names.items()
        )
    )


def branch() -> Branch:
    z = np.arange(4.0, 144.0, 1.0)
    points = np.stack([8 + 6 * np.sin(z / 40), np.full_like(z, 12.0), z], -1)
    tangents = np.gradient(points, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    side = np.cross(tangents, [0.0, 1.0, 0.0])
    radius = 10 + 1.5 * np.exp(-(((z - 80) / 15) ** 2))
    ring = np.cos(angle)[:, None] * side[:, None] + np.sin(angle)[:, None] * np.array([0, 0.9, 0])
    return Branch(points, tangents, points[:, None] + radius[:, None, None] * ring)


def planned_case() -> Case:
    case = segmented_case()
    line = Centerline(
        "centerline", "Centreline of Aorta lumen", "aorta_lumen", (branch(),),
        case.made_from("segments/aorta_lumen", "volumes/ct"),
    )  # fmt: skip
    stent = StentPlacement(
        "stent",
        "Generic 22 × 60",
        StentDesign("Generic thoracic", 22.0, 60.0),
        "centerline",
        0,
        70.0,
    )
    cut = Resection(
        "resection", "Resection of Liver", "liver", [-34.0, -12.0, 90.0], [1.0, 0.0, 0.0], "tumour"
    )
    return case.with_(line, stent, cut)


def few_elements(subject: str) -> int:
    """Of a simulation of the stent or the resection: a third of what is usual, for tests."""
    from surgiplan.workflow import simulation_settings

    return int(simulation_settings(planned_case(), subject)().elements) // 3


def renamed(case: Case, pseudonym: str) -> Case:
    return replace(case, patient=Patient(pseudonym))
