"""How a long function says how far it is, and hears that it is no longer wanted."""

from collections.abc import Callable

__all__ = ["Report", "part", "silent"]

Report = Callable[[float, str], None]
"""Called with the fraction done (0..1) and what is being done; raises Cancelled to stop."""


def silent(fraction: float, message: str) -> None:
    """Report to nobody, cancel never."""


def part(report: Report, start: float, end: float) -> Report:
    """A report for one stage of a longer job, from fraction ``start`` to ``end`` of the whole."""

    def staged(fraction: float, message: str) -> None:
        report(start + (end - start) * min(max(fraction, 0.0), 1.0), message)

    return staged
