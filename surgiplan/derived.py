"""What follows from a case: computed once per input, forgotten with it."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

__all__ = ["once_per_input"]

Noun = TypeVar("Noun")
Result = TypeVar("Result")


def once_per_input(function: Callable[[Noun], Result]) -> Callable[[Noun], Result]:
    """Remember ``function`` of an immutable noun for as long as that noun lives."""
    known: WeakKeyDictionary[Noun, Result] = WeakKeyDictionary()

    @wraps(function)
    def remembered(noun: Noun) -> Result:
        if noun not in known:
            known[noun] = function(noun)
        return known[noun]

    return remembered
