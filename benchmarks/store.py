"""Saving: 12 MiB of edits in a case of 600 MiB, beside one archive that is written anew."""

import os
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.row import Clock, Row, Spent
from surgiplan import io
from surgiplan.edits import AddSegments, AddVolume
from surgiplan.model import Case, Patient, Segment, Volume, VoxelGrid

__all__ = ["rows"]

_SCAN_SHAPE, _MASK_SHAPE = (1200, 512, 512), (48, 512, 512)


@contextmanager
def rows() -> Iterator[tuple[Row, ...]]:
    """A case of 600 MiB that gains 12 MiB."""
    with TemporaryDirectory(prefix="surgiplan-bench-", ignore_cleanup_errors=True) as folder:
        path = _case_of_600_mib(Path(folder))
        yield (
            Row("save 12 MiB of edits in a case of 600 MiB", partial(_save, path),
                "all in one new archive", partial(_archive, path), most=0.5, clock=Clock.WALL),
            Row("autosave the same", partial(_autosave, path), most=0.5, clock=Clock.WALL),
            Row("open a case of 600 MiB, every byte hashed", partial(_open, path), most=2.0),
        )  # fmt: skip


def _save(path: Path) -> Spent:
    edits = [_twelve_mib()]
    case = edits[0].apply(io.load(path))
    start = time.process_time(), time.perf_counter()
    io.save(case, path, journal=edits)
    return Spent(time.process_time() - start[0], time.perf_counter() - start[1])


def _autosave(path: Path) -> Spent:
    edits = [_twelve_mib()]
    case = edits[0].apply(io.load(path))
    start = time.process_time(), time.perf_counter()
    io.autosave(case, path, edits)
    return Spent(time.process_time() - start[0], time.perf_counter() - start[1])


def _archive(path: Path) -> Spent:
    """Write scan and edits to a new archive in the place of the old one."""
    scan = max((path / "objects").iterdir(), key=lambda file: file.stat().st_size)
    archive = path.with_name("project.mrb")
    mask = _twelve_mib().segments[0].mask
    start = time.process_time(), time.perf_counter()
    with zipfile.ZipFile(archive.with_suffix(".new"), "w", zipfile.ZIP_STORED) as new:
        new.write(scan, "scan")
        new.writestr("mask", np.packbits(mask).tobytes())
        new.writestr("edit", mask.tobytes())
    with archive.with_suffix(".new").open("rb") as file:
        os.fsync(file.fileno())
    os.replace(archive.with_suffix(".new"), archive)
    return Spent(time.process_time() - start[0], time.perf_counter() - start[1])


def _open(path: Path) -> None:
    io.load(path)


def _twelve_mib() -> AddSegments:
    random = np.random.default_rng(time.monotonic_ns())
    mask = random.integers(0, 2, _MASK_SHAPE, np.uint8).view(bool)
    grid = VoxelGrid(_MASK_SHAPE, np.eye(4))
    return AddSegments((Segment("liver", "Liver", mask, grid, "ct", "grow"),))


def _case_of_600_mib(folder: Path) -> Path:
    random = np.random.default_rng(1)
    values = random.integers(-1000, 2000, _SCAN_SHAPE, np.int16)
    add = AddVolume(Volume("ct", values, VoxelGrid(_SCAN_SHAPE, np.eye(4))), Patient("P-1"))
    path = folder / "plan.splan"
    io.save(add.apply(Case()), path, journal=[add])
    return path
