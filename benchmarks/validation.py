"""Ten organs of a full CT beside MedPy: the same numbers, how long, and in how much memory.

MedPy looks at the whole scan for each organ, which takes minutes for all ten: it measures one of
them, and the names of the rows say so.
"""

import os
import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.row import Clock, Row, Spent, _once

__all__ = ["rows"]

ROOT = Path(__file__).resolve().parent.parent
SHAPE = (400, 512, 512)
SPACING_MM = (1.0, 0.75, 0.75)
ORGANS = {
    "liver": ((150, 170, 110), (75, 80, 75)),
    "spleen": ((160, 250, 290), (45, 35, 30)),
    "kidney_right": ((110, 260, 120), (55, 28, 30)),
    "kidney_left": ((110, 260, 270), (55, 28, 30)),
    "lung_right": ((300, 190, 90), (90, 85, 50)),
    "lung_left": ((300, 190, 290), (90, 85, 50)),
    "heart": ((260, 150, 190), (50, 45, 55)),
    "aorta": ((200, 230, 190), (190, 12, 12)),
    "pancreas": ((120, 180, 200), (12, 15, 60)),
    "spine": ((200, 290, 190), (190, 22, 22)),
}
"""Centre and radii [mm] along (k, j, i)."""


@contextmanager
def rows():
    """The table of all organs, one organ, and memory."""
    medpy = cache(lambda: _once(one_of_medpy)) if find_spec("medpy") else None
    yield (
        Row(
            "compare one organ (liver) of a 400 x 512 x 512 CT", one_of_ours,
            "MedPy on the same organ", medpy, ratio=1 / 20,
        ),
        Row(
            "compare ten organs of it, voxels as MedPy", ten_organs,
            "MedPy on one of the ten", medpy, ratio=1 / 2,
        ),
        Row("the same, areas as surface-distance", ten_areas, "MedPy on one of the ten", medpy,
            ratio=1 / 2),
        Row("memory of it, label volumes apart", cache(memory), most=150, clock=Clock.MEMORY),
    )  # fmt: skip


@cache
def label_volumes():
    """Two readers' labels, int16 of ``SHAPE``; the second errs by a few millimetres."""
    return drawn(0.0), drawn(0.35)


def drawn(shift):
    """Ten uneven bodies as numbers from 1."""
    labels = np.zeros(SHAPE, np.int16)
    axes = [np.arange(n) * step for n, step in zip(SHAPE, SPACING_MM, strict=True)]
    for number, (centre, radii) in enumerate(ORGANS.values(), start=1):
        box = tuple(
            slice(max(int((c - 1.2 * r) / step), 0), int((c + 1.2 * r) / step) + 1)
            for c, r, step in zip(centre, radii, SPACING_MM, strict=True)
        )
        k, j, i = np.meshgrid(
            *((a[b] - c) / r for a, b, c, r in zip(axes, box, centre, radii, strict=True)),
            indexing="ij", sparse=True,
        )  # fmt: skip
        bumps = 1 + 0.12 * np.sin(5 * k) * np.sin(4 * j + number + shift) * np.cos(6 * i + shift)
        labels[box][k * k + j * j + i * i < bumps] = number
    return labels


def label_maps():
    """Both as files of labels are once they are read."""
    from surgiplan.io import LabelMap
    from surgiplan.model import Volume, VoxelGrid

    affine = np.eye(4)
    affine[:3, :3] = np.diag(SPACING_MM[::-1])[:, ::-1]
    grid = VoxelGrid(SHAPE, affine)
    names = dict(enumerate(ORGANS, start=1))
    return [
        LabelMap(Path(f"reader{n}"), Volume("labels", one, grid, unit="1"), names)
        for n, one in enumerate(label_volumes())
    ]


def ten_organs():
    return _compared("voxels")


def ten_areas():
    return _compared("area")


def _compared(surface):
    from surgiplan.validation import Surface, compared

    reference, test = label_maps()
    assert len(compared(reference, {"test": test}, surface=Surface(surface))) == len(ORGANS)


def one_of_ours():
    from surgiplan.validation import Surface, compared

    one, other = ({"liver": labels["liver"]} for labels in label_maps())
    (row,) = compared(one, {"test": other}, surface=Surface.VOXELS)
    return row.agreement


def one_of_medpy():
    """Raises AssertionError where the numbers are not ours."""
    from medpy.metric.binary import assd, dc, hd95

    reference, test = (volume == 1 for volume in label_volumes())
    found = (
        dc(test, reference),
        hd95(test, reference, SPACING_MM),
        assd(test, reference, SPACING_MM),
    )
    ours = one_of_ours()
    np.testing.assert_allclose(found, (ours.dice, ours.hd95_mm, ours.assd_mm), atol=1e-4)


def memory():
    """Peak of a process of its own [MiB] above what it had before it compared anything."""
    command = [sys.executable, "-m", "benchmarks.validation"]
    before = os.times()
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    after = os.times()
    processor = after.children_user - before.children_user
    return Spent(processor, after.elapsed - before.elapsed, float(told))


def peak_mib():
    """What the comparison of ten organs adds, areas and voxels each, the larger of the two."""
    from surgiplan.validation import agreement

    labels, _ = label_maps()
    agreement(labels["pancreas"], labels["pancreas"])  # loads what is needed
    return max(_peak_of(work) for work in (ten_organs, ten_areas))


def _peak_of(work):
    Path("/proc/self/clear_refs").write_text("5")
    before = _kib("VmRSS")
    work()
    return (_kib("VmHWM") - before) / 1024


def _kib(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


if __name__ == "__main__":
    print(peak_mib())
