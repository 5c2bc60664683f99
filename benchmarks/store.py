"""Saving: 12 MiB of edits in a case of 600 MiB, beside one archive that is written anew."""

import atexit
import os
import time
import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from surgiplan import io
from surgiplan.edits import AddSegments, AddVolume
from surgiplan.model import Case, Patient, Segment, Volume, VoxelGrid

__all__ = ["autosave_edits", "open_case", "save_edits", "save_edits_in_one_archive"]

_SCAN_SHAPE, _MASK_SHAPE = (1200, 512, 512), (48, 512, 512)


def save_edits() -> float:
    """Processor seconds to save 12 MiB of edits in a case of 600 MiB."""
    path = _case_of_600_mib()
    edits = [_twelve_mib()]
    case = edits[0].apply(io.load(path))
    start = time.process_time()
    io.save(case, path, journal=edits)
    return time.process_time() - start


def autosave_edits() -> float:
    """Processor seconds to autosave the same."""
    path = _case_of_600_mib()
    edits = [_twelve_mib()]
    case = edits[0].apply(io.load(path))
    start = time.process_time()
    io.autosave(case, path, edits)
    return time.process_time() - start


def save_edits_in_one_archive() -> float:
    """Processor seconds to write scan and edits to a new archive in the place of the old one."""
    path = _case_of_600_mib()
    scan = max((path / "objects").iterdir(), key=lambda file: file.stat().st_size)
    archive = path.with_name("project.mrb")
    mask = _twelve_mib().segments[0].mask
    start = time.process_time()
    with zipfile.ZipFile(archive.with_suffix(".new"), "w", zipfile.ZIP_STORED) as new:
        new.write(scan, "scan")
        new.writestr("mask", np.packbits(mask).tobytes())
        new.writestr("edit", mask.tobytes())
    with archive.with_suffix(".new").open("rb") as file:
        os.fsync(file.fileno())
    os.replace(archive.with_suffix(".new"), archive)
    return time.process_time() - start


def open_case() -> float:
    """Processor seconds to open a case of 600 MiB, every byte hashed."""
    path = _case_of_600_mib()
    start = time.process_time()
    io.load(path)
    return time.process_time() - start


def _twelve_mib() -> AddSegments:
    random = np.random.default_rng(time.monotonic_ns())
    mask = random.integers(0, 2, _MASK_SHAPE, np.uint8).view(bool)
    grid = VoxelGrid(_MASK_SHAPE, np.eye(4))
    return AddSegments((Segment("liver", "Liver", mask, grid, "ct", "grow"),))


@cache
def _case_of_600_mib() -> Path:
    folder = TemporaryDirectory(prefix="surgiplan-bench-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    random = np.random.default_rng(1)
    values = random.integers(-1000, 2000, _SCAN_SHAPE, np.int16)
    add = AddVolume(Volume("ct", values, VoxelGrid(_SCAN_SHAPE, np.eye(4))), Patient("P-1"))
    path = Path(folder.name) / "plan.splan"
    io.save(add.apply(Case()), path, journal=[add])
    return path
