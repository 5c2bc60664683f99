"""What follows from a case: computed once per input, forgotten with it."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Protocol, TypeVar
from weakref import WeakKeyDictionary

__all__ = ["Store", "once_per_input"]

Noun = TypeVar("Noun")
Result = TypeVar("Result")


class Store(Protocol):
    """Where results are kept by what they were made from; any of them may be gone at any time."""

    def get(self, key: str) -> Mapping[str, Any] | None:
        """The arrays under a key (a SHA-256, hexadecimal), or None."""

    def put(self, key: str, arrays: Mapping[str, Any]) -> None:
        """Keep arrays under a key, if there is room."""


def once_per_input(function: Callable[[Noun], Result]) -> Callable[[Noun], Result]:
    """Remember ``function`` of an immutable noun for as long as that noun lives."""
    known: WeakKeyDictionary[Noun, Result] = WeakKeyDictionary()

    @wraps(function)
    def remembered(noun: Noun) -> Result:
        if noun not in known:
            known[noun] = function(noun)
        return known[noun]

    return remembered
