"""All segmentation methods by name; none is imported before it is asked for."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points

from surgiplan.errors import SegmentationError

from .method import Method

__all__ = ["METHODS"]

_GROUP = "surgiplan.segmentation"
"""Entry-point group in which other packages register methods."""

_OWN: Mapping[str, str] = {
    "threshold": "surgiplan.imaging.threshold:Threshold",
    "grow": "surgiplan.imaging.grow:Grow",
    "body": "surgiplan.imaging.organs.body:Body",
    "bone": "surgiplan.imaging.bone:Bone",
    "vessel": "surgiplan.imaging.vessel:Vessel",
    "liver": "surgiplan.imaging.liver:Liver",
    "tumour": "surgiplan.imaging.tumour:Tumour",
    "torso": "surgiplan.imaging.organs.torso:Torso",
}


class _Methods(Mapping[str, type[Method]]):
    """Name to class; a name that two packages claim is an error."""

    def __getitem__(self, name: str) -> type[Method]:
        if name in _OWN:
            module, _, attribute = _OWN[name].partition(":")
            found: type[Method] = getattr(import_module(module), attribute)
            return found
        for entry in entry_points(group=_GROUP):
            if entry.name == name:
                plugin: type[Method] = entry.load()
                return plugin
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        yield from _OWN
        for entry in entry_points(group=_GROUP):
            if entry.name in _OWN:
                raise SegmentationError(
                    f"Two packages offer a method named {entry.name}; uninstall {entry.value}."
                )
            yield entry.name

    def __len__(self) -> int:
        return sum(1 for _ in self)


METHODS: Mapping[str, type[Method]] = _Methods()
"""Segmentation methods by the name that the command line uses."""
