"""A user's own network in ONNX as one more method."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.imaging.crop import bounding_box, cropped_segment
from surgiplan.imaging.method import seed_voxels
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Segment, Volume, VoxelGrid

from .description import VARIABLE, Description, described, is_described

__all__ = ["Onnx", "OnnxSettings"]

Floats = npt.NDArray[np.float32]

_AIR_HU = -1024.0
_UNCHECKED = "A network drew this; nobody has measured how good it is on scans like this one."


@dataclass(frozen=True)
class OnnxSettings:
    """Nothing; the description beside the network says all."""


class Onnx:
    """The network that the environment variable SURGIPLAN_ONNX describes."""

    title: ClassVar[str] = "Your own network (ONNX)"
    about: ClassVar[str] = (
        f"Runs the network described by the file that {VARIABLE} names, and makes a segment of "
        "each of its labels. It says nothing of its confidence."
    )
    Settings: ClassVar[type] = OnnxSettings
    seeds: ClassVar[tuple[int, int]] = (0, 0)
    names: ClassVar[tuple[str, ...]] = ()
    needs_hu: ClassVar[bool] = True

    @staticmethod
    def is_ready() -> bool:
        """Whether a network is named, so that the method is worth listing."""
        return is_described()

    def run(
        self, volume: Volume, seeds_lps: Points, settings: OnnxSettings, report: Report
    ) -> tuple[Segment, ...]:
        """A segment for each label that is found.

        Raises SegmentationError where no network is described, it does not run, or finds nothing.
        """
        seed_voxels(Onnx, volume, seeds_lps)
        network = described()
        report(0.0, f"Loading {network.title}")
        ask = _session(network)
        grid = _grid(volume.grid, network)
        seen = _seen(volume, grid, network)
        scores = _scores(ask, seen, network, report)
        report(0.9, "Putting the answer onto the scan")
        winners = scores.argmax(axis=0)
        found = [
            _segment(winners == number, grid, volume, name, network)
            for number, name in network.labels.items()
        ]
        segments = tuple(one for one in found if one is not None)
        if not segments:
            raise SegmentationError(f"{network.title} found none of its structures in this scan.")
        report(1.0, "Done")
        return segments


def _session(network: Description) -> Any:
    """A function from (1, 1, a, b, c) to (1, labels, a, b, c)."""
    try:
        import onnxruntime
    except ImportError as error:
        raise SegmentationError(
            "Running a network needs onnxruntime, which is not installed; "
            "run: pip install 'surgiplan[onnx]'."
        ) from error
    try:
        session = onnxruntime.InferenceSession(
            str(network.model), providers=["CPUExecutionProvider"]
        )
        name = session.get_inputs()[0].name
    except Exception as error:  # the library's errors have no common class of their own
        raise SegmentationError(
            f"{network.model.name} cannot be loaded as a network: {_first_line(error)}."
        ) from error

    def ask(patch: Floats) -> Floats:
        try:
            answer: Floats = np.asarray(session.run(None, {name: patch})[0], np.float32)
        except Exception as error:
            raise SegmentationError(
                f"{network.model.name} fails on this scan: {_first_line(error)}."
            ) from error
        classes = max(network.labels) + 1
        if answer.ndim != 5 or answer.shape[2:] != patch.shape[2:] or answer.shape[1] < classes:
            raise SegmentationError(
                f"{network.model.name} answers with shape {answer.shape} where (1, {classes} or "
                f"more, {', '.join(map(str, patch.shape[2:]))}) is due; describe another network."
            )
        return np.asarray(answer[0])

    return ask


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")[:200]


def _grid(scan: VoxelGrid, network: Description) -> VoxelGrid:
    """The network's axes and steps over the whole scan."""
    axes = np.array(network.directions, float).T
    steps = np.array(network.spacing_mm)
    along = scan.corners_lps() @ axes
    low, high = along.min(axis=0), along.max(axis=0)
    k, j, i = (int(n) for n in np.maximum(np.ceil((high - low) / steps - 1e-6), 1))
    affine = np.eye(4)
    affine[:3, :3] = axes * steps
    affine[:3, 3] = axes @ (low + steps / 2)
    return VoxelGrid((k, j, i), affine, scan.frame_uid)


def _seen(volume: Volume, grid: VoxelGrid, network: Description) -> Floats:
    """The scan as the network wants it, 0 to 1."""
    low, high = network.window_hu
    values = _onto(volume.values, volume.grid, grid, _AIR_HU)
    return np.asarray(np.clip((values - low) / (high - low), 0, 1), np.float32)


def _onto(values: npt.NDArray[Any], source: VoxelGrid, grid: VoxelGrid, outside: float) -> Floats:
    """Values at the voxels of another grid, linear between middles."""
    from scipy.ndimage import affine_transform

    matrix = np.linalg.inv(source.affine) @ grid.affine
    found: Floats = affine_transform(
        values,
        matrix[:3, :3],
        matrix[:3, 3],
        output_shape=grid.shape,
        output=np.float32,
        order=1,
        cval=outside,
    )
    return np.asarray(found)


def _scores(ask: Any, seen: Floats, network: Description, report: Report) -> Floats:
    """Mean answer of all patches at each voxel, shape (labels, a, b, c)."""
    if network.patch is None:
        report(0.2, f"{network.title} looks at the scan")
        answer: Floats = ask(seen[None, None])
        return answer
    size = np.array(network.patch)
    room = np.maximum(size, seen.shape)
    padded = np.pad(seen, [(0, int(n)) for n in room - seen.shape])
    total: Floats | None = None
    times = np.zeros(padded.shape, np.float32)
    starts = list(_starts(room, size))
    for n, start in enumerate(starts):
        report(0.1 + 0.8 * n / len(starts), f"{network.title} looks at part {n + 1}")
        box = tuple(slice(int(a), int(a + b)) for a, b in zip(start, size, strict=True))
        answer = ask(np.ascontiguousarray(padded[box])[None, None])
        if total is None:
            total = np.zeros((len(answer), *padded.shape), np.float32)
        total[(slice(None), *box)] += answer
        times[box] += 1
    assert total is not None
    a, b, c = seen.shape
    mean: Floats = (total / times)[:, :a, :b, :c]
    return mean


def _starts(room: npt.NDArray[Any], size: npt.NDArray[Any]) -> Iterator[tuple[int, int, int]]:
    """First voxels of patches that overlap by half, the last ones flush with the end."""
    lines = []
    for whole, part in zip(room.tolist(), size.tolist(), strict=True):
        steps = int(np.ceil(2 * (whole - part) / part)) if whole > part else 0
        lines.append(sorted({round(n * (whole - part) / max(steps, 1)) for n in range(steps + 1)}))
    for k in lines[0]:
        for j in lines[1]:
            for i in lines[2]:
                yield k, j, i


def _segment(
    mask: npt.NDArray[np.bool_], grid: VoxelGrid, volume: Volume, name: str, network: Description
) -> Segment | None:
    """A label on the scan's own voxels: where its interpolated mask is above one half."""
    box = bounding_box(mask)
    if box is None:
        return None
    corners = volume.grid.to_index(grid.cropped(box.low, box.high).corners_lps())
    low = np.clip(np.floor(corners.min(axis=0)), 0, volume.grid.shape).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, volume.grid.shape).astype(int)
    if np.any(high <= low):
        return None
    place = volume.grid.cropped(low, high)
    fine = _onto(mask.astype(np.float32), grid, place, 0.0) > 0.5
    if not fine.any():
        return None
    return cropped_segment(
        fine,
        place,
        segment_id=name,
        volume_id=volume.id,
        made_by=f"onnx: {network.title} ({network.model.name})",
        remarks=(_UNCHECKED,),
    )
