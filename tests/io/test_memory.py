"""A scan comes in with hardly any memory beside the mapped volume."""

import sys

import pytest
from memory import ROOT, packed_series, peak_anonymous_mib, sparse_series

from surgiplan import mapped
from surgiplan.errors import DicomError
from surgiplan.io.dicom.decoders import at_a_time
from surgiplan.workflow import import_scan

PET = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.128", "Modality": "PT", "RescaleSlope": 0.37}
JOB = [sys.executable, str(ROOT / "tests" / "jobs" / "import_job.py")]
SHELL = [sys.executable, "-m", "surgiplan", "import", "--quiet"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


@pytest.fixture(scope="module")
def small_import_mib(tmp_path_factory):
    """What the program takes by itself: the import of hardly any scan."""
    folder = tmp_path_factory.mktemp("small")
    return imported_mib(sparse_series(folder / "scan", 4), folder)


def imported_mib(scan, folder, *options):
    return peak_anonymous_mib([*SHELL, str(scan), "-o", str(folder / "a.splan"), *options])


@pytest.mark.parametrize("tags", [{}, PET], ids=["CT", "PET"])
def test_a_scan_of_120_mib_needs_less_than_half_of_that_beside_it(tmp_path, tags, small_import_mib):
    # A PET becomes twice as large as it is on disk.
    folder = sparse_series(tmp_path / "scan", 240, **tags)
    assert imported_mib(folder, tmp_path) < small_import_mib + 60


def test_the_window_and_its_worker_need_no_copy_of_a_scan(tmp_path):
    small, large = (sparse_series(tmp_path / str(n), n) for n in (4, 240))
    assert peak_anonymous_mib([*JOB, str(large)]) < peak_anonymous_mib([*JOB, str(small)]) + 60


def test_a_compressed_scan_needs_60_mib_more_for_each_decoder(tmp_path, small_import_mib):
    folder = packed_series(tmp_path / "scan", 240)
    assert imported_mib(folder, tmp_path) < small_import_mib + 60 + 60 * at_a_time()


def test_a_scan_that_finds_no_memory_is_refused_in_one_sentence(tmp_path, monkeypatch):
    folder = sparse_series(tmp_path / "scan", 8)
    monkeypatch.setattr(mapped, "_available_bytes", lambda: 3 << 20)
    with pytest.raises(
        DicomError, match=r"not enough memory .*4 MiB are needed and 3 MiB are free"
    ):
        import_scan(folder)


def test_a_gap_is_filled_without_a_copy_of_a_scan(tmp_path, small_import_mib):
    folder = sparse_series(tmp_path / "scan", 240)
    (folder / "0120.dcm").unlink()
    assert imported_mib(folder, tmp_path, "--accept", "missing_slice") < small_import_mib + 60


@pytest.mark.slow
def test_1200_slices_need_less_than_300_mib_beside_the_volume(tmp_path):
    folder = sparse_series(tmp_path / "scan", 1200)
    assert imported_mib(folder, tmp_path) < 300
    assert peak_anonymous_mib([*JOB, str(folder)]) < 300
