"""Whether a volume that was accepted is the one that its files hold."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from surgiplan.io import SeriesFound
from surgiplan.model import Volume

from .reference import Frame
from .watch import line_within

__all__ = ["Referee", "complaint"]

SAME_MM = 1e-4
"""How far the corners of the volume may lie from where the headers put the first and last slice."""
SLICE_MM = 0.1
"""How far any slice may lie from its own header: the limit that surgiplan states."""
LOSSY_LEVELS = 2
AIR_HU = -1024
ROOT = Path(__file__).resolve().parent.parent


class Referee:
    """A process that reads series with other code; it may die, and is started again then."""

    def __init__(self, scratch: Path) -> None:
        self._planes = scratch / "planes.npy"
        self._process: subprocess.Popen[str] | None = None

    def frames(self, paths: Sequence[Path]) -> list[Frame] | str:
        """The frames of these files, or why there is no second opinion."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "fuzz.reference"], cwd=ROOT, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        assert self._process.stdin is not None
        question = {"paths": [str(path) for path in paths], "planes": str(self._planes)}
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            line = line_within(self._process, 20.0)
        except (BrokenPipeError, OSError):
            line = ""
        if not line:
            self.close()
            return "the second decoder died or hung"
        answer = json.loads(line)
        if "error" in answer:
            return str(answer["error"])
        planes = np.load(self._planes)
        return [_frame(one, plane) for one, plane in zip(answer["frames"], planes, strict=True)]

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _frame(plain: dict[str, Any], raw: np.ndarray) -> Frame:
    for name in ("position", "orientation", "spacing_mm"):
        plain[name] = np.array(plain[name])
    return Frame(**plain, raw=raw)


def complaint(series: SeriesFound, volume: Volume, frames: list[Frame]) -> str:
    """What is wrong with a volume that stands for ``frames``; empty if nothing is."""
    if len(frames) != volume.grid.shape[0]:
        return f"{volume.grid.shape[0]} slices of {len(frames)} images"
    # Headers round direction vectors; their length says nothing about the size of a voxel.
    right, down = (v / np.linalg.norm(v) for v in frames[0].orientation)
    rows_mm, columns_mm = frames[0].spacing_mm
    normal = np.cross(right, down)
    frames = sorted(frames, key=lambda frame: float(frame.position @ normal))
    affine = np.eye(4)
    affine[:3, 3] = frames[0].position
    affine[:3, 0] = (frames[-1].position - frames[0].position) / (len(frames) - 1)
    affine[:3, 1], affine[:3, 2] = down * rows_mm, right * columns_mm
    corners = _corners(volume.grid.shape)
    away_mm = np.linalg.norm((corners @ (volume.grid.affine - affine).T)[:, :3], axis=1).max()
    if away_mm > SAME_MM:
        return f"corners are {away_mm:.6f} mm away"
    for k, frame in enumerate(frames):
        place = volume.grid.to_lps([k, 0, 0])
        if np.linalg.norm(place - frame.position) > SLICE_MM:
            return f"slice {k} is {np.linalg.norm(place - frame.position):.3f} mm away"
        if wrong := _wrong_values(volume.values[k], frame):
            return f"slice {k}: {wrong}"
    return ""


def _corners(shape: tuple[int, ...]) -> np.ndarray:
    ends = np.array(shape) - 1
    return np.array([[*(np.array(c) * ends), 1.0] for c in np.ndindex(2, 2, 2)])


def _wrong_values(values: np.ndarray, frame: Frame) -> str:
    if values.shape != frame.raw.shape:
        return f"{values.shape} pixels instead of {frame.raw.shape}"
    expected = frame.raw.astype(float) * frame.slope + frame.intercept
    allowed = 1e-6 * np.abs(expected) + 1e-6
    if frame.is_lossy:
        allowed += LOSSY_LEVELS * abs(frame.slope)
    wrong = np.abs(values - expected) > allowed
    if frame.modality == "CT":
        low, high = sorted(frame.padding or (np.inf, np.inf))
        outside = (expected < AIR_HU) | ((frame.raw >= low) & (frame.raw <= high))
        wrong &= ~(outside & (values == AIR_HU))
    if not wrong.any():
        return ""
    most = np.abs(values - expected)[wrong].max()
    return f"{np.count_nonzero(wrong)} other values, by up to {most:g}"
