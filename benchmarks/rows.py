"""All subjects; each makes its own files, measures beside them, and takes them away again."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType

from benchmarks import (
    dicom,
    editing,
    editor,
    mechanics,
    sample,
    store,
    surfaces,
    torso,
    validation,
    window,
)
from benchmarks.row import Row

__all__ = ["SUBJECTS"]

SUBJECTS: Mapping[str, Callable[[], AbstractContextManager[tuple[Row, ...]]]] = MappingProxyType(
    {
        "window": window.rows,
        "editor": editor.rows,
        "editing": editing.rows,
        "sample": sample.rows,
        "dicom": dicom.rows,
        "compressed": dicom.compressed_rows,
        "store": store.rows,
        "mechanics": mechanics.rows,
        "validation": validation.rows,
        "surfaces": surfaces.rows,
        "torso": torso.rows,
    }
)
"""By the name that ``python -m benchmarks NAME`` takes."""
