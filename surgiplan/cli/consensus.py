"""What several readers agree on, from a shell: found, written, and each reader's score."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from surgiplan import io
from surgiplan.edits import AddSegments
from surgiplan.errors import SegmentationError
from surgiplan.model import Case, Segment, VoxelGrid
from surgiplan.validation import Consensus, Rule, consensus, id_of, name_by, parted

from .anatomy import segment_json
from .open_case import changed
from .structures import Structures, case_of

__all__ = ["Found", "consensus_of", "written"]


@dataclass(frozen=True)
class Found:
    """The consensus of each structure, and the voxels that it is written on in a file."""

    rule: Rule
    by_name: Mapping[str, Consensus]
    grid: VoxelGrid

    @property
    def segments(self) -> dict[str, Segment]:
        """The structures by name."""
        return {name: one.segment for name, one in self.by_name.items()}


def consensus_of(
    reference: Mapping[str, Segment], readers: Mapping[str, Mapping[str, Segment]], rule: str
) -> Found:
    """What the readers agree on; the reference lends its voxels only.

    Raises SegmentationError for fewer than two readers.
    """
    first = next(iter(reference.values()), None)
    found = consensus(readers, Rule(rule), like=first)
    drawn = [one.segment for one in found.values() if one.segment.voxels]
    if not drawn:
        raise SegmentationError("The readers agree on no voxel at all; nothing was written.")
    grid = (
        reference.grid
        if isinstance(reference, io.LabelMap)
        else _around([*([first] if first else []), *drawn])
    )
    return Found(Rule(rule), found, grid)


def written(found: Found, where: str, structures: Structures) -> tuple[dict[str, Any], list[str]]:
    """Write the consensus to a label map or into a case; what to tell of it.

    Raises SegmentationError or CaseFileError, and then nothing was written.
    """
    drawn = {name: one for name, one in found.segments.items() if one.voxels}
    path, wish = case_of(where)
    if wish and len(drawn) > 1:
        raise SegmentationError(
            f"There are {len(drawn)} structures, which cannot all be called {wish}; choose one "
            f"with --label, or write to {path} without a name."
        )
    if path:
        made, files = _into_case(drawn, path, wish, found.rule, structures), []
    else:
        made = list(drawn.values())
        files = [str(one) for one in io.export_label_map(made, found.grid, Path(where))]
    answer = {
        "rule": found.rule.value,
        "segments": [segment_json(one) for one in made],
        "files": files,
        "readers": [
            {"name": name, **vars(score)}
            for name, one in found.by_name.items()
            for score in one.scores
        ],
    }
    lines = [f"{found.rule.value}: {one.name}, {one.volume_ml:.1f} ml" for one in made]
    lines += [
        f"    {name}, {score.reader}: sensitivity {_share(score.sensitivity)}, specificity "
        f"{_share(score.specificity)}"
        for name, one in found.by_name.items()
        for score in one.scores
    ]
    return {"consensus": answer}, [*lines, *files]


def _into_case(
    drawn: Mapping[str, Segment], path: Path, wish: str, rule: Rule, structures: Structures
) -> list[Segment]:
    made: list[Segment] = []

    def build(case: Case) -> list[AddSegments]:
        for name, segment in drawn.items():
            called = wish or name_by(parted(name)[0], rule.title)
            free = case.free_id("segments", id_of(called))
            volume = case.volume(segment.volume_id if segment.volume_id in case.volumes else "")
            grid = replace(segment.grid, frame_uid=segment.grid.frame_uid or volume.grid.frame_uid)
            volume.grid.require_same_frame(grid)
            placed = io.onto_scan(replace(segment, grid=grid), volume.grid)
            made.append(replace(placed, id=free, name=called, volume_id=volume.id, confidence=None))
            case = case.with_(made[-1])
        return [AddSegments(tuple(made))]

    changed(structures.place(path), build)
    return made


def _around(segments: list[Segment]) -> VoxelGrid:
    """The box of the first one's voxels around all of them."""
    import numpy as np

    first = segments[0].grid
    corners = np.concatenate([first.to_index(one.grid.corners_lps()) for one in segments])
    low = np.rint(corners.min(axis=0) + 0.5).astype(int)
    return first.cropped(low, np.rint(corners.max(axis=0) + 0.5).astype(int))


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
