"""A mapping of names to classes, none of which is imported before it is asked for."""

from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, TypeVar, cast

from surgiplan.errors import SegmentationError

__all__ = ["LazyClasses"]

_Kind = TypeVar("_Kind")


class LazyClasses(Mapping[str, type[_Kind]]):
    """Name to class; a name that two packages claim is an error."""

    def __init__(
        self, own: Mapping[str, str], *, group: str = "", optional: Collection[str] = ()
    ) -> None:
        """Take surgiplan's own, ``module:class`` by name, and an entry-point group for others.

        Those in ``optional`` are found by name and listed only while their ``is_ready`` is true.
        """
        self._own = own
        self._group = group
        self._optional = optional

    def __getitem__(self, name: str) -> type[_Kind]:
        if name in self._own:
            module, _, attribute = self._own[name].partition(":")
            return cast(type[_Kind], getattr(import_module(module), attribute))
        for entry in self._others():
            if entry.name == name:
                return cast(type[_Kind], entry.load())
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        for name in self._own:
            if name not in self._optional or cast(Any, self[name]).is_ready():
                yield name
        for entry in self._others():
            if entry.name in self._own:
                raise SegmentationError(
                    f"Two packages offer a method named {entry.name}; uninstall {entry.value}."
                )
            yield entry.name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _others(self) -> tuple[Any, ...]:
        return tuple(entry_points(group=self._group)) if self._group else ()
