"""The conformance statement says of every class, syntax and problem what the program does."""

import re
from pathlib import Path

import pytest

from surgiplan.io import ACCEPTABLE, PROBLEM_KINDS
from surgiplan.io.dicom import archives, decoding, elements, encoded
from surgiplan.io.dicom import loading as dicom
from surgiplan.io.dicom import pixel_bytes as pixels
from surgiplan.io.dicom.classes import ENHANCED, SLICES
from surgiplan.io.dicom.headers import _DEFLATED_SYNTAX
from surgiplan.io.exchange import rt_reading, seg, seg_reading
from surgiplan.io.exchange.rt_writing import RTSTRUCT_CLASS
from surgiplan.io.exchange.seg_writing import LABELMAP_CLASS, SEG_CLASS

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "dicom-conformance.md").read_text()


def table(number: int) -> dict[str, list[str]]:
    """The rows of the first table of a section, by their first cell."""
    section = re.split(r"^## ", TEXT, flags=re.MULTILINE)[number]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return {row[0].strip(" `"): [cell.strip() for cell in row[1:]] for row in rows[2:]}


def test_it_names_the_classes_that_are_read_and_no_others():
    read = {**SLICES, **ENHANCED}
    stated = table(1)
    assert stated.keys() == read.keys()
    for uid, (_, kind) in stated.items():
        assert kind.split(",")[0] == read[uid]
        assert ("multi-frame" in kind) == (uid in ENHANCED)


def test_it_names_the_transfer_syntaxes_and_who_decodes_them():
    stated = {uid: row[1] for uid, row in table(2).items()}
    native = {uid: "itself" for uid in pixels._NATIVE}
    assert stated == decoding._PLUGINS | native | {_DEFLATED_SYNTAX.decode(): "zlib"}


def test_it_names_every_kind_of_problem_in_the_order_of_the_program():
    stated = table(5)
    assert tuple(stated) == PROBLEM_KINDS
    never = {kind for kind, row in stated.items() if row[1].startswith("never")}
    assert never == set(PROBLEM_KINDS) - set(ACCEPTABLE)


LIMITS = {
    "decoded volume": f"{dicom.LARGEST_VOLUME_BYTES >> 30} GiB",
    "decoded frame": f"{encoded._LARGEST_FRAME_BYTES >> 30} GiB",
    "compressed pixels": f"grow by {encoded._LARGEST_GROWTH} ",
    "deflated file": f"{pixels._LARGEST_BYTES >> 20} MiB",
    "sequences": f"{elements._DEEPEST} deep",
    "fragments of one file": f"{pixels._MOST_FRAGMENTS:,}",
    "one decoding": f"{encoded._SECONDS:.0f} s and {decoding._USUAL_BYTES / 2**30} GiB",
    "ZIP archive": f"{archives._MOST_MEMBERS:,} members, {archives._LARGEST_TOTAL >> 30} GiB, "
    f"growth {archives._LARGEST_RATIO}, {archives._LARGEST_MEMBER >> 30} GiB",
}


@pytest.mark.parametrize("what", LIMITS)
def test_it_states_the_limits_that_hold(what):
    assert LIMITS[what] in table(8)[what][0]


def test_it_names_the_segmentations_and_structure_sets():
    written = {SEG_CLASS, LABELMAP_CLASS, RTSTRUCT_CLASS}
    assert {key for key in table(10) if key.startswith("1.2.")} == written
    said = TEXT[TEXT.index("## 10") :]
    for limit in (
        f"{seg_reading._MOST_SEGMENTS:,}",
        f"{seg_reading._MOST_FRAMES:,}",
        f"{seg_reading._MOST_PLANES:,}",
        f"{seg_reading._LARGEST_MASKS >> 30} GiB of voxels",
        f"{rt_reading._MOST_POINTS:,}",
        f"{seg._LARGEST_FILE_BYTES >> 30} GiB |",
    ):
        assert f"| {limit}" in said
    assert rt_reading._MOST_STRUCTURES == seg_reading._MOST_SEGMENTS
