"""Every file of the real scans loads exactly, or is refused for the right reason."""

import csv
import hashlib
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
import pytest
from second_decoder import gdcm_values

from surgiplan import io
from surgiplan.errors import DicomError

SCANS = {"CT", "PT", "MR"}
LOSSY = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 81, 91, 203)}
NO_DECODER = {f"1.2.840.10008.1.2.4.{n}" for n in (53, 55)}
"""Retired 1990s processes."""
GREY_LEVELS = 2
SECONDS = 10
MINOR = {"single_image"}
"""What each file says that is looked at alone."""
Row = dict[str, str]


@pytest.fixture(scope="module")
def rows(shared_data) -> list[Row]:
    with (shared_data / "DICOM_MANIFEST.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def alone(rows, shared_data) -> dict[str, io.Scan]:
    """What a scan finds in each file by itself."""
    found = {}
    for row in rows:
        with at_most(SECONDS, row["file"]):
            found[row["file"]] = io.scan(shared_data / row["file"])
    return found


def test_each_of_688_files_has_the_outcome_that_its_content_asks_for(rows, alone):
    assert len(rows) == 688
    wrong = {}
    for row in rows:
        outcome = outcome_of(alone[row["file"]])
        if not outcome & expected(row):
            wrong[row["file"]] = (outcome, expected(row))
    assert not wrong


def expected(row: Row) -> set[str]:
    """Outcomes that are right for a file with these columns of the manifest."""
    state = row["pydicom"]
    if row["modality"] not in SCANS:
        # Reports, plans, structures, segmentations, ultrasound, photographs, things without header.
        # One without a modality is an enhanced MR that was cut off.
        return {"not_a_volume", "ignored"} | ({"truncated"} if state == "EMPTY" else set())
    if state == "no pixels":
        return {"not_a_volume"}
    if "Secondary Capture" in row["sop"] or row["photometric"] != "MONOCHROME2":
        return {"not_a_volume"}
    if row["ts"] in NO_DECODER:
        return {"undecodable"}
    if "number of bytes" in state:
        return {"truncated"}
    if state != "ok":
        return {"undecodable", "truncated"}
    if row["frames"] not in ("", "1"):
        return MULTI_FRAME
    return {"loads", "overview"}


MULTI_FRAME = {"loads", "several_phases", "no_position", "no_spacing", "not_a_volume"}
"""Frames without places, or of several phases, are named; others stack into a volume."""


def outcome_of(scan: io.Scan) -> set[str]:
    """One word for what became of a file, or the kinds of its problems."""
    if not scan.series:
        assert scan.ignored[0][1], "whatever is left alone has a reason"
        return {"ignored"}
    problems = {p.kind: p.detail for one in scan.series for p in one.problems}
    if "overview" in problems.get("not_a_volume", ""):
        return {"overview"}
    return set(problems.keys() - MINOR) or {"loads"}


def test_only_what_calls_itself_a_localizer_is_refused_as_an_overview(rows, alone, shared_data):
    for row in rows:
        if row["modality"] in SCANS and outcome_of(alone[row["file"]]) == {"overview"}:
            types = pydicom.dcmread(shared_data / row["file"], stop_before_pixels=True).ImageType
            assert {"LOCALIZER", "SCOUT"} & set(types), row["file"]


def test_every_ct_pet_and_mr_that_decodes_elsewhere_has_the_stored_values_of_the_manifest(
    rows, alone, shared_data
):
    checked, wrong = 0, {}
    for row in rows:
        if row["modality"] not in SCANS or row["pydicom"] != "ok":
            continue
        checked += 1
        try:
            with at_most(SECONDS, row["file"]):
                values = stored(alone[row["file"]])
        except DicomError as error:
            wrong[row["file"]] = str(error)
            continue
        if hashlib.sha1(values.tobytes()).hexdigest()[:12] == row["sha"]:
            continue
        if row["ts"] not in LOSSY:
            wrong[row["file"]] = "other values than the manifest"
        elif (stray := stray_levels(values, shared_data / row["file"], row)) > GREY_LEVELS:
            wrong[row["file"]] = f"{stray} grey levels"
    assert checked >= 485
    assert not wrong


def stored(scan: io.Scan) -> np.ndarray:
    """Stored values of all frames of a file, in the order in which they lie in it."""
    headers = [header for one in scan.series for header in one.headers]
    headers.sort(key=lambda header: header.frame or 0)
    planes = [io.stored_values(header) for header in headers]
    return np.array(planes) if len(planes) > 1 else planes[0]


def stray_levels(values: np.ndarray, path: Path, row: Row) -> float:
    """Largest difference of grey levels from GDCM's decoder and from the manifest's range."""
    other = gdcm_values(path)
    assert other is not None, f"nothing to compare {path.name} with"
    away = np.abs(values.astype(int) - other.reshape(values.shape)).max()
    return max(away, abs(values.min() - float(row["min"])), abs(values.max() - float(row["max"])))


def test_no_file_changes_what_becomes_of_another(rows, alone, shared_data):
    together = io.scan(shared_data)
    known = {shared_data / row["file"] for row in rows}
    ignored = {path for path, _ in together.ignored} & known
    # Given by itself, a DICOMDIR leads to the files that it names.
    expected = {
        shared_data / name
        for name, scan in alone.items()
        if not scan.series or Path(name).name.startswith("DICOMDIR")
    }
    assert ignored == expected
    torso = next(s for s in together.series if s.images == 135 and s.modality == "CT")
    assert torso.problems == ()
    assert torso.is_volume


@contextmanager
def at_most(seconds: int, name: str) -> Iterator[None]:
    """Fails where a file takes more processor time, however busy the machine is."""

    def late(*_):
        raise AssertionError(f"{name} took more than {seconds} s")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
