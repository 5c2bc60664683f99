"""``python -m benchmarks.accuracy``: runs every automatic method, writes ``docs/accuracy.md``."""

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.accuracy.page import page
from benchmarks.accuracy.patients import Known, known_patient, options
from benchmarks.accuracy.pictures import picture
from benchmarks.accuracy.real import real_scans
from benchmarks.accuracy.scores import Score, scores
from surgiplan.errors import SegmentationError
from surgiplan.imaging import METHODS
from surgiplan.imaging.crop import bounding_box
from surgiplan.imaging.morphology import distance_mm
from surgiplan.jobs_report import silent
from surgiplan.model import Segment

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "accuracy.md"
PICTURES = ROOT / "docs" / "accuracy"


def main() -> int:
    """Measure, print, write; 0 if no method misleads."""
    parser = ArgumentParser(prog="python -m benchmarks.accuracy")
    parser.add_argument("--patients", type=int, default=20)
    parser.add_argument("--no-page", action="store_true", help="print only")
    chosen = parser.parse_args()
    patients = measured(known_patient(one) for one in islice(options(), chosen.patients))
    data = Path(os.environ.get("SURGIPLAN_TEST_DATA", ROOT.parent / "shared" / "data"))
    real = measured(real_scans(data), pictures=not chosen.no_page) if data.is_dir() else []
    text = page(patients, real)
    if chosen.no_page:
        print(text)
    else:
        PAGE.write_text(text, encoding="utf-8")
    return int(any(one.misleads for one in (*patients, *real)))


def measured(known: Iterable[Known], *, pictures: bool = False) -> list[Score]:
    """The scores of all automatic methods on these scans."""
    method = METHODS["torso"]
    answers: list[Score] = []
    for one in known:
        start = time.process_time()
        try:
            found = method().run(one.scan, np.zeros((0, 3)), method.Settings(), silent)
        except SegmentationError as error:
            sys.stderr.write(f"{one.name}: {error}\n")
            found = ()
        found += tumour(one)
        seconds = time.process_time() - start
        answers += scores(one, found)
        for segment in found:
            for remark in segment.remarks:
                sys.stderr.write(f"    {segment.id}: {remark}\n")
        sys.stderr.write(f"{one.name}: {len(found)} segments, {seconds:.0f} s of processor time\n")
        if pictures:
            PICTURES.mkdir(exist_ok=True)
            picture(one, found, PICTURES)
    return answers


def tumour(known: Known) -> tuple[Segment, ...]:
    """What one click into the middle of the patient's tumour gives."""
    truth = known.truth.get("tumour")
    if truth is None or not truth.any():
        return ()
    method = METHODS["tumour"]
    box = bounding_box(truth)
    assert box is not None
    depth = distance_mm(~np.pad(truth[box.slices], 1), known.scan.grid.spacing_mm)
    deepest = np.unravel_index(depth.argmax(), depth.shape) + np.array(box.low) - 1
    click = known.scan.grid.to_lps(deepest)[None]
    try:
        return method().run(known.scan, click, method.Settings(), silent)
    except SegmentationError as error:
        sys.stderr.write(f"{known.name}: {error}\n")
        return ()


if __name__ == "__main__":
    sys.exit(main())
