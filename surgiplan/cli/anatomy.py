"""Commands about anatomy: methods, segment, centerline."""

import time
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from surgiplan.model import Branch, Case, Segment, remarks_of
from surgiplan.workflow import segment as segmented
from surgiplan.workflow import trace_centerline

from .open_case import changed, shown
from .output import Answer, Console
from .settings import settings_json, settings_lines

__all__ = [
    "branch_json",
    "centerline",
    "described",
    "described_lines",
    "made_lines",
    "methods",
    "segment",
    "segment_json",
]


def methods(options: Namespace, console: Console) -> Answer:
    """The segmentation methods with their settings, units, ranges and defaults."""
    from surgiplan.imaging import METHODS

    listed, lines = [], []
    for name, method in METHODS.items():
        about = described(name, method)
        about["segments"] = method.names
        listed.append(about)
        lines += described_lines(about)
    return Answer({"methods": listed}, tuple(lines))


def described(name: str, kind: type[Any]) -> dict[str, Any]:
    """What a program wants to know of a method or an operation before it runs it."""
    return {
        "name": name,
        "title": kind.title,
        "about": kind.about,
        "seeds_min": kind.seeds[0],
        "seeds_max": kind.seeds[1],
        "settings": settings_json(kind.Settings),
    }


def described_lines(about: dict[str, Any]) -> list[str]:
    """The same for a person."""
    return [
        f"{about['name']}: {about['title']}. {about['about']}",
        *settings_lines(about["settings"]),
    ]


def segment(options: Namespace, console: Console) -> Answer:
    """Run one method on a scan of the case."""
    start = time.perf_counter()
    edits: list[Any] = []

    def build(case: Case) -> list[Any]:
        edit = segmented(
            case,
            options.method,
            volume_id=options.volume,
            name=options.name,
            seeds_lps=options.seeds,
            settings=options.settings,
            report=console.report,
        )
        edits.append(edit)
        return edits

    changed(options.case, build, dry_run=options.dry_run)
    made: tuple[Segment, ...] = edits[0].segments
    answer: dict[str, Any] = {
        "segments": [segment_json(one) for one in made],
        "seconds": time.perf_counter() - start,
    }
    return shown(Answer(answer, made_lines(made)), edits, dry_run=options.dry_run)


def made_lines(made: Sequence[Segment]) -> tuple[str, ...]:
    """What a person wants to know of segments that were just made."""
    lines = [f"{one.name}: {one.volume_ml:.1f} ml ({one.made_by})" for one in made]
    return (*lines, *(f"    {remark}" for remark in remarks_of(made)))


def segment_json(segment: Segment) -> dict[str, Any]:
    """What a program wants to know of a segment."""
    return {
        "id": segment.id,
        "name": segment.name,
        "volume_ml": segment.volume_ml,
        "voxels": segment.voxels,
        "made_by": segment.made_by,
        "review": segment.review,
        "recipe": _recipe_json(segment),
        "confidence": segment.confidence,
        "remarks": segment.remarks,
    }


def _recipe_json(segment: Segment) -> dict[str, Any] | None:
    recipe = segment.recipe
    if recipe is None:
        return None
    return {
        "method": recipe.method,
        "settings": dict(recipe.settings),
        "seeds_lps": recipe.seeds_lps,
    }


def centerline(options: Namespace, console: Console) -> Answer:
    """Trace a lumen and measure its sections."""
    edits: list[Any] = []

    def build(case: Case) -> list[Any]:
        edits.append(
            trace_centerline(
                case, options.segment, options.start, options.ends, report=console.report
            )
        )
        return edits

    changed(options.case, build, dry_run=options.dry_run)
    made = edits[0].centerline
    branches = [branch_json(branch) for branch in made.branches]
    answer: dict[str, Any] = {"id": made.id, "segment": made.segment_id, "branches": branches}
    lines = [f"{made.id}: {made.name}"]
    for n, branch in enumerate(branches):
        widest = max((s["d_max_mm"] for s in branch["stations"] if s["d_max_mm"]), default=0)
        lines.append(f"    branch {n}: {branch['length_mm']:.1f} mm long, {widest:.1f} mm wide")
        lines += [
            f"        not measured from {gap['from_mm']:.0f} to {gap['to_mm']:.0f} mm: slices are "
            "missing there and were interpolated"
            for gap in branch["gaps_mm"]
        ]
    return shown(Answer(answer, tuple(lines)), edits, dry_run=options.dry_run)


def branch_json(branch: Branch) -> dict[str, Any]:
    """A branch with its stations; a section that cannot be measured is null with a reason."""
    from surgiplan.planning import sections

    measured = sections(branch)
    keys = ("area_mm2", "perimeter_mm", "d_min_mm", "d_max_mm", "d_area_mm", "d_perimeter_mm")
    stations = []
    for n in range(len(branch.points_lps)):
        station: dict[str, Any] = {
            "s_mm": measured.s_mm[n],
            "point_lps": branch.points_lps[n],
            "tangent": branch.tangents[n],
        }
        station |= {key: getattr(measured, key)[n] for key in keys}
        if not measured.area_mm2[n] > 0:
            station["reason"] = (
                "slices are missing here and were interpolated"
                if branch.is_in_gap(measured.s_mm[n])
                else "no closed section of the lumen here"
            )
        stations.append(station)
    return {
        "points_lps": branch.points_lps,
        "length_mm": branch.length_mm,
        "stations": stations,
        "gaps_mm": [{"from_mm": low, "to_mm": high} for low, high in branch.gaps_mm],
    }
