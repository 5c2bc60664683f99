"""Large scans that take no disk, and the memory that a program and its children take for them."""

import os
import subprocess
import time
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from series_on_disk import header

ROOT = Path(__file__).resolve().parents[2]


def sparse_series(folder: Path, count: int, side: int = 512, **tags: object) -> Path:
    """A CT of ``count`` slices, ``side`` pixels square, whose pixels are all 0."""
    folder.mkdir()
    size = side * side * 2
    start = _template(side, **tags) + b"\xe0\x7f\x10\x00OW\x00\x00" + size.to_bytes(4, "little")
    for k in range(count):
        with (folder / f"{k:04d}.dcm").open("wb") as file:
            file.write(start.replace(b"7777", b"%d" % (1000 + k)))
            file.truncate(len(start) + size)
    return folder


def packed_series(folder: Path, count: int, side: int = 512) -> Path:
    """The same in RLE, each pixel as bright as its column number."""
    folder.mkdir()
    image = pydicom.dcmread(BytesIO(_template(side)))
    image.PixelData = np.tile(np.arange(side, dtype="<u2"), (side, 1)).tobytes()
    image.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
    whole = BytesIO()
    image.save_as(whole)
    for k in range(count):
        data = whole.getvalue().replace(b"7777", b"%d" % (1000 + k))
        (folder / f"{k:04d}.dcm").write_bytes(data)
    return folder


def _template(side: int, **tags: object) -> bytes:
    """A slice without pixels; its number stands there as 7777."""
    image = header(0)
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.5.4.7777"
    image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, "7777"], [1, 0, 0, 0, 1, 0]
    image.Rows = image.Columns = side
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    for name, value in tags.items():
        setattr(image, name, value)
    whole = BytesIO()
    image.save_as(whole, enforce_file_format=True)
    return whole.getvalue()


def peak_anonymous_mib(command: list[str]) -> float:
    """Largest sum of anonymous memory [MiB] of a command and all its children while it runs."""
    known = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=known) as program:
        peak = 0
        while program.poll() is None:
            peak = max(peak, sum(map(_anonymous_kib, _family(program.pid))))
            time.sleep(0.02)
    assert program.returncode == 0
    return peak / 1024


def _family(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def _anonymous_kib(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))
