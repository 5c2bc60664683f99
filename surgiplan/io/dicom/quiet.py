"""Keeps pydicom from warning and logging about each odd value of a foreign file.

Its messages quote the value, which may be a patient's name.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet"]


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing that pydicom has to say about values is heard meanwhile."""
    import pydicom  # noqa: F401  (it sets its level when it is imported)

    log = logging.getLogger("pydicom")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)
