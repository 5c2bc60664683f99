"""The scores as a page."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.accuracy.pictures import file_of
from benchmarks.accuracy.real import UNLABELLED
from benchmarks.accuracy.scores import THIN, Score

__all__ = ["page"]

_WANTED = {"lung_left": 0.95, "lung_right": 0.95, "liver": 0.95, "bone": 0.95, "aorta_lumen": 0.95}
_OTHERS = 0.90
_LEAST_REAL = {
    "lung_left": 0.93, "lung_right": 0.93, "liver": 0.80, "spleen": 0.80, "kidney_left": 0.80,
    "kidney_right": 0.80, "kidneys": 0.80, "bone": 0.75, "aorta_lumen": 0.75,
}  # fmt: skip
_NOT_SOUGHT = ("vena_cava", "sternum", "scapulae", "femora")

HEAD = """# How near the automatic organs come

Written by `make accuracy`. Research use only. The synthetic patients have a truth, but cleaner
borders than real ones; the real scans have a network's labels, not a reader's. *Given up* means
that the method said why it would not answer. A confidence above 0.8 with a Dice below 0.7 is a
defect; such answers are listed at the end.
"""


VERDICT = """The torso has no labels. Looked at by its developers, not by a radiologist: lungs,
liver, spleen, spine, ribs and the right kidney follow their borders; the lower
border of the heart on the liver is a guess; the neck of each scapula counts partly
as a long bone; the left kidney, which the scan cuts, takes a piece of bowel along,
and says that it is unsure. In the upper abdomen the back of the liver, which the
arms darken, is left out."""


def page(patients: Sequence[Score], real: Sequence[Score]) -> str:
    """The whole page in Markdown."""
    lines = [HEAD, f"## {len({s.patient for s in patients})} synthetic patients", ""]
    lines += ["All phases, noise of 7 to 25 HU, slices of 1.5 to 5 mm, ages 25 to 88. Median Dice "
              "of those found.", ""]  # fmt: skip
    lines += _organs(patients) + _vessels(patients)
    lines += ["", "## Real scans", "", *_real(real), "", *_pictures(real), "",
              "## Sure and wrong", ""]  # fmt: skip
    misled = [s for s in (*patients, *real) if s.misleads]
    lines += [f"- {s.patient}: {s.name}, Dice {s.dice:.2f} at {s.confidence:.2f}" for s in misled]
    return "\n".join([*lines, *(["None."] if not misled else []), ""])


def _pictures(real: Sequence[Score]) -> list[str]:
    names = sorted({s.patient for s in real} | {UNLABELLED})
    shown = [f"![{name}](accuracy/{file_of(name)})" for name in names]
    return ["Three axial slices and a coronal one of each.", "", *shown, "", VERDICT]


def _by_name(scores: Iterable[Score]) -> dict[str, list[Score]]:
    named: dict[str, list[Score]] = defaultdict(list)
    for one in scores:
        if one.name not in _NOT_SOUGHT:
            named[one.name].append(one)
    return dict(sorted(named.items()))


def _organs(scores: Sequence[Score]) -> list[str]:
    lines = ["| structure | given up | median Dice | wanted | | quartiles | worst |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for name, all_of_it in _by_name(scores).items():
        if name in THIN:
            continue
        found = [s for s in all_of_it if s.confidence is not None]
        lost = len(all_of_it) - len(found)
        wanted = _WANTED.get(name, _OTHERS)
        if not found:
            lines.append(f"| {name} | {lost} | – | {wanted:.2f} | miss | – | – |")
            continue
        dice = np.array([s.dice for s in found])
        worst = min(found, key=lambda s: s.dice)
        low, middle, high = np.percentile(dice, [25, 50, 75])
        lines.append(
            f"| {name} | {lost} of {len(all_of_it)} | {middle:.3f} | {wanted:.2f} | "
            f"{'pass' if middle >= wanted else 'miss'} | {low:.3f} to {high:.3f} | "
            f"{worst.dice:.3f} ({worst.patient}) |"
        )
    return lines


def _vessels(scores: Sequence[Score]) -> list[str]:
    lines = ["", "Thin vessels by their length; distances in voxel diagonals.", "",
             "| vessel | given up | length found | wanted | | off the axis by | wanted | | Dice |",
             "|---|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for name, all_of_it in _by_name(scores).items():
        found = [s for s in all_of_it if s.length_found is not None]
        if name not in THIN or not found:
            continue
        length = float(np.median([s.length_found for s in found]))
        off = float(np.median([s.off_axis_voxels for s in found]))
        lines.append(
            f"| {name} | {len(all_of_it) - len(found)} of {len(all_of_it)} | {length:.2f} | 0.90 | "
            f"{'pass' if length >= 0.9 else 'miss'} | {off:.2f} | 1.00 | "
            f"{'pass' if off <= 1 else 'miss'} | {np.median([s.dice for s in found]):.2f} |"
        )
    return lines


def _real(scores: Sequence[Score]) -> list[str]:
    lines = ["| scan | structure | lies in it | Dice | confidence | at least | |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for s in scores:
        least = _LEAST_REAL.get(s.name)
        dice = "given up" if s.confidence is None else f"{s.dice:.3f}"
        sure = "–" if s.confidence is None else f"{s.confidence:.2f}"
        verdict = "–"
        if least is not None and s.is_whole:
            verdict = "pass" if s.confidence is None or s.dice >= least else "miss"
        whole = "whole" if s.is_whole else "in part"
        wanted = f"{least:.2f}" if least is not None and s.is_whole else "–"
        lines.append(
            f"| {s.patient} | {s.name} | {whole} | {dice} | {sure} | {wanted} | {verdict} |"
        )
    return lines
