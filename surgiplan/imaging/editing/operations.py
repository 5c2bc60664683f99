"""All operations by name; none is imported before it is asked for."""

from collections.abc import Mapping

from surgiplan.imaging.lazily import LazyClasses

from .operation import Operation

__all__ = ["OPERATIONS"]

_OWN: Mapping[str, str] = {
    name: f"surgiplan.imaging.editing.{where}"
    for name, where in {
        "margin": "margins:Margin",
        "hollow": "margins:Hollow",
        "keep_largest": "islands:KeepLargest",
        "keep_islands": "islands:KeepIslands",
        "remove_islands": "islands:RemoveIslands",
        "split": "islands:Split",
        "fill_holes": "islands:FillHoles",
        "median": "smoothing:Median",
        "gaussian": "smoothing:Gaussian",
        "closing": "smoothing:Closing",
        "opening": "smoothing:Opening",
        "smooth": "smoothing:Smooth",
        "joint": "joint:Joint",
        "union": "logic:Union",
        "intersection": "logic:Intersection",
        "difference": "logic:Difference",
        "invert": "logic:Invert",
        "threshold": "ranges:ThresholdWithin",
        "draw": "outlines:Draw",
        "scissors": "outlines:Scissors",
        "level_trace": "tracing:LevelTrace",
        "fill_between": "slices:FillBetween",
        "march": "marching:March",
        "trace_vessel": "vessel_trace:TraceVessel",
        "grow_cut": "seeded:GrowCutOperation",
        "watershed": "seeded:Watershed",
    }.items()
}

OPERATIONS: Mapping[str, type[Operation]] = LazyClasses(_OWN)
"""Operations by the name that the command line uses, in the order of a menu."""
