"""Scanning and importing the sample study: what a first user does first."""

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.row import Row
from surgiplan.resources import sample_study

__all__ = ["rows"]


@contextmanager
def rows() -> Iterator[tuple[Row, ...]]:
    """The sample study beside pydicom and SimpleITK."""
    yield (
        Row("scan the sample study", _scan, "pydicom headers", _pydicom, ratio=1.5),
        Row("load the sample study", _load, "SimpleITK series reader", _simpleitk, ratio=1.5),
    )


def _files() -> list[str]:
    return sorted(str(path) for path in sample_study().iterdir())


def _scan() -> None:
    from surgiplan import io

    io.scan([sample_study()])


def _pydicom() -> None:
    import pydicom

    for path in _files():
        pydicom.dcmread(path, stop_before_pixels=True)


def _load() -> None:
    from surgiplan.workflow import import_scan

    import_scan(sample_study())


def _simpleitk() -> None:
    import SimpleITK as sitk

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(_files())
    sitk.GetArrayFromImage(reader.Execute())
