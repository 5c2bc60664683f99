"""Scanning and loading DICOM series beside pydicom, SimpleITK and bare reading."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.row import Clock, Row, Spent
from benchmarks.series import SIDE, body, compressed_series, native_series

__all__ = ["compressed_rows", "rows"]

_UID = "1.2.826.0.1.9.1"
_ROOT = Path(__file__).resolve().parent.parent
_SLICES = 400
_SLICE_BYTES = SIDE * SIDE * 2


@contextmanager
def rows() -> Iterator[tuple[Row, ...]]:
    """1,500 files to scan, 400 slices to load."""
    with tempfile.TemporaryDirectory() as scratch:
        many, one = Path(scratch, "many"), Path(scratch, "one")
        for number, count in ((2, 700), (3, 500), (4, 300)):
            native_series(many, f"{_UID}.{number}", count)
        planes = [body(n) for n in range(8)]
        native_series(one, f"{_UID}.5", _SLICES, lambda number: planes[number % 8])
        found = _found(one)
        volume_mib = _SLICES * _SLICE_BYTES / 2**20
        yield (
            Row("scan 1,500 files of 3 series", partial(_scan, many), "pydicom headers",
                partial(_pydicom_headers, many), ratio=1 / 12),
            Row(f"load {_SLICES} slices", partial(_load, found), "the bytes into a fresh array",
                partial(_bare, _places(found)), ratio=1.3),
            Row(f"load {_SLICES} slices", partial(_load, found), "SimpleITK series reader",
                partial(_simpleitk, one), ratio=1 / 8),
            Row(f"peak memory of loading {_SLICES} slices ({volume_mib:.0f} MiB)",
                partial(_peak, _PEAK_OF_OURS, one), "SimpleITK series reader",
                partial(_peak, _PEAK_OF_SIMPLEITK, one), most=1.1 * volume_mib,
                clock=Clock.MEMORY),
            Row(f"hash {_SLICES} slices", partial(_hash, found), most=1.0),
        )  # fmt: skip


@contextmanager
def compressed_rows() -> Iterator[tuple[Row, ...]]:
    """JPEG 2000, where cores are the point."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "j2k")
        compressed_series(folder, f"{_UID}.6", 80)
        found = _found(folder)
        _load(found)  # starts the decoders, which stay
        yield (
            Row("load 80 slices of JPEG 2000", partial(_load, found), "pydicom, one process",
                partial(_pydicom_pixels, folder), ratio=0.75 if _cores() > 1 else 1.1,
                clock=Clock.WALL),
        )  # fmt: skip


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _found(folder: Path) -> Any:
    from surgiplan import io

    (series,) = io.scan(folder).series
    assert series.problems == ()
    return series


def _files(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.iterdir())


def _scan(folder: Path) -> None:
    from surgiplan import io

    assert len(io.scan(folder).series) == 3


def _pydicom_headers(folder: Path) -> None:
    """Group files by series and sort them by place, which is the least that a scan must tell."""
    import pydicom

    series: dict[str, list[tuple[float, str]]] = {}
    for path in _files(folder):
        one = pydicom.dcmread(path, stop_before_pixels=True)
        right, down = np.reshape([float(x) for x in one.ImageOrientationPatient], (2, 3))
        place = [float(x) for x in one.ImagePositionPatient] @ np.cross(right, down)
        key = f"{one.SeriesInstanceUID} {one.Rows} {one.Columns} {one.PixelSpacing}"
        series.setdefault(key, []).append((float(place), path))
    assert [files.sort() for files in series.values()] == [None] * 3


def _load(series: Any) -> Any:
    from surgiplan import io

    io.load_series(series)


def _places(series: Any) -> list[tuple[str, int]]:
    return [(str(header.path), header.pixel_offset) for header in series.headers]


def _bare(places: list[tuple[str, int]]) -> None:
    """The least that any reader must do."""
    values = np.empty((len(places), SIDE, SIDE), np.int16)
    for plane, (path, offset) in zip(values, places, strict=True):
        file = os.open(path, os.O_RDONLY)
        os.preadv(file, [plane.reshape(-1).view(np.uint8).data], offset)
        os.close(file)


def _simpleitk(folder: Path) -> None:
    import SimpleITK as sitk

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(_files(folder))
    sitk.GetArrayFromImage(reader.Execute())


def _hash(series: Any) -> None:
    from surgiplan.model import array_sha256

    array_sha256(np.zeros(series.shape_kji, np.int16))


def _pydicom_pixels(folder: Path) -> None:
    import pydicom
    from pydicom.pixels import pixel_array

    for path in _files(folder):
        pixel_array(pydicom.dcmread(path), raw=True, decoding_plugin="pylibjpeg")


_PEAK_OF_OURS = """
from pathlib import Path
from surgiplan import io
(series,) = io.scan(Path(folder)).series
before = mib("VmRSS")
loaded = io.load_series(series)
"""
_PEAK_OF_SIMPLEITK = """
import os, SimpleITK as sitk
files = sorted(os.path.join(folder, name) for name in os.listdir(folder))
before = mib("VmRSS")
reader = sitk.ImageSeriesReader()
reader.SetFileNames(files)
loaded = sitk.GetArrayFromImage(reader.Execute())
"""
_PEAK = """
import json, sys
folder = sys.argv[1]
def mib(name):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024
{work}
print(json.dumps(mib("VmHWM") - before))
"""


def _peak(work: str, folder: Path) -> Spent:
    answer = subprocess.run(
        [sys.executable, "-c", _PEAK.format(work=work), str(folder)],
        check=True,
        cwd=_ROOT,
        capture_output=True,
        text=True,
    )
    return Spent(0.0, 0.0, float(json.loads(answer.stdout)))
