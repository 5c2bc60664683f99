"""What a scan can be used for and how exact, in plain words: judged from its voxels alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from surgiplan.geometry import upright
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Volume, VoxelGrid

from .blood_pool import BloodPool, blood_pool
from .coarse import coarsened
from .crop import Box
from .scan_quality import (
    Coverage,
    Metal,
    body_of,
    coverage_of,
    cut_fraction,
    liver_hu,
    metal_in,
    noise_hu,
)
from .suitability_terms import CONTRAST, NOISE, SLICES, Statement, Suits, Task, Topic

__all__ = ["Statement", "Suits", "Task", "Topic", "by_task", "suitability", "summary"]

_BLOCK_MM = (4.0, 2.0, 2.0)
_MOST_BLOCKS = 9e6
"""A longer scan is looked at in larger blocks, for the sake of memory."""
_BODY_BLOCK_MM = 4.0
_AIR_HU = -1024.0
_BLOOD_HU = 50.0
"""Wall, thrombus and muscle beside a vessel."""
_FULL_FLANK_MM = 300.0
"""From the lung bases to the groins of an adult; unconfirmed."""
_LIVER_BELOW_LUNGS_MM = 120.0
"""How far a liver reaches below the lung bases; unconfirmed."""
_HEART_MM = 130.0
"""Lung beside the whole heart and the arch; unconfirmed."""
_ROUGHLY_CUT = 0.05
_STREAKS = 1.15
_BRIGHT_LIVER_HU, _DARK_LIVER_HU = 85.0, 80.0
_PORTAL_HU = 250.0
_ARTERIAL_OVER_LIVER_HU = 100.0
_HERE = "measured in this scan"


def suitability(volume: Volume, report: Report = silent) -> tuple[Statement, ...]:
    """What can be said of a scan, best known first; it changes nothing.

    A CT is judged for each task; of other scans, whose values have no common unit, only spacing
    and extent are told.
    """
    if volume.unit != "HU":
        return (*_spacing_only(volume), *_gaps(volume))
    report(0.0, "Looking at the scan")
    facts = _facts(_turned(volume), report)
    return (
        *_resolution(facts),
        *_coverage(facts),
        *_contrast(facts),
        *_noise(facts),
        *_metal(facts),
        *_field(facts),
        *_gaps(volume),
    )


def summary(statements: Sequence[Statement]) -> tuple[tuple[str, Suits, str], ...]:
    """What a person reads first: title, verdict and sentences.

    For each task its worst verdict and why; then what concerns every use, where it is not good.
    """
    rows = [
        (task.value.capitalize(), verdict, " ".join(dict.fromkeys(o.sentence for o in why)))
        for task, (verdict, why) in by_task(statements).items()
    ]
    for one in statements:
        if one.task is None and one.verdict is not Suits.GOOD:
            rows.append((one.topic.value.capitalize(), one.verdict, one.sentence))
    return tuple(rows)


def by_task(statements: Sequence[Statement]) -> dict[Task, tuple[Suits, tuple[Statement, ...]]]:
    """The worst verdict for each task that is spoken of, and the statements that give it."""
    order = list(Suits)
    found = {}
    for task in Task:
        own = [one for one in statements if one.task is task]
        if own:
            worst = max((one.verdict for one in own), key=order.index)
            found[task] = worst, tuple(one for one in own if one.verdict is worst)
    return found


@dataclass(frozen=True)
class _Facts:
    """What was measured in a CT."""

    slice_mm: float
    pixel_mm: float
    diagonal_mm: float
    slices: int
    coverage: Coverage
    blood: BloodPool | None
    liver_hu: float | None
    noise_hu: float | None
    metal: Metal | None
    cut_fraction: float


def _turned(volume: Volume) -> Volume:
    """The volume with its slices towards the head, whichever way it was scanned."""
    values, affine = upright(volume.values, volume.grid.affine)
    if np.array_equal(affine, volume.grid.affine):
        return volume
    return replace(volume, values=values, grid=VoxelGrid(values.shape, affine))


def _facts(volume: Volume, report: Report) -> _Facts:
    spacing = volume.grid.spacing_mm
    block_mm = np.array(_BLOCK_MM)
    blocks = np.prod(np.array(volume.grid.shape) / np.maximum(np.rint(block_mm / spacing), 1))
    block_mm *= max(1.0, float(blocks) / _MOST_BLOCKS) ** (1 / 3)
    whole = Box((0, 0, 0), volume.grid.shape)
    coarse = coarsened(volume, whole, block_mm, floor=_AIR_HU)
    report(0.3, "Looking for the body")
    wide = coarse.pooled(_BODY_BLOCK_MM)
    body = body_of(wide)
    report(0.4, "Looking for contrast")
    rows, columns = coarse.values.shape[1:]
    j, i = (a // b for a, b in zip(wide.factors[1:], coarse.factors[1:], strict=True))
    blood = blood_pool(coarse, body.repeat(j, axis=1).repeat(i, axis=2)[:, :rows, :columns])
    liver = liver_hu(wide, body)
    report(0.7, "Measuring noise")
    noise = noise_hu(volume.values, spacing)
    report(0.8, "Looking for metal")
    metal = metal_in(volume.values, spacing)
    return _Facts(
        slice_mm=spacing[0],
        pixel_mm=max(spacing[1:]),
        diagonal_mm=float(np.linalg.norm(spacing)),
        slices=volume.grid.shape[0],
        coverage=coverage_of(wide, body),
        blood=blood,
        liver_hu=liver,
        noise_hu=noise,
        metal=metal,
        cut_fraction=cut_fraction(wide, body),
    )


def _resolution(facts: _Facts) -> Iterator[Statement]:
    mm = _mm(facts.slice_mm)
    pixel, diagonal = f"{facts.pixel_mm:.1f} mm", f"{facts.diagonal_mm:.1f} mm"
    said = {
        Task.AORTA: f"{mm} slices: aortic neck length known to about {mm}, diameters across the "
        f"slices to about {pixel}.",
        Task.ANNULUS: f"{mm} slices: height of the annulus known to about {mm}. Whether the scan "
        "was gated by ECG cannot be seen in it; look it up.",
        Task.LIVER: f"{mm} slices: margins known to about {diagonal}; a lesion of 10 mm shows in "
        f"{_slices(10.0, facts)}.",
        Task.BONE: f"{mm} slices: edges of bone known to about {mm} along the body, {pixel} across "
        "it.",
        Task.LUNG: f"{mm} slices: a nodule of 6 mm shows in {_slices(6.0, facts)}.",
    }
    numbers = {"slice_mm": facts.slice_mm, "pixel_mm": facts.pixel_mm}
    for task, limit in SLICES.items():
        verdict = limit.verdict(max(facts.slice_mm, facts.pixel_mm))
        yield Statement(Topic.RESOLUTION, verdict, said[task], task, numbers, limit.source)


def _coverage(facts: _Facts) -> Iterator[Statement]:
    scan = facts.coverage
    numbers = {
        "length_mm": scan.length_mm,
        "lungs_mm": scan.lungs_mm,
        "above_lungs_mm": scan.above_lungs_mm,
        "below_lungs_mm": scan.below_lungs_mm,
    }
    if _is_no_trunk(facts):
        unknown = "This does not look like a trunk; whether the organ is in it is not known."
        for task in (Task.AORTA, Task.ANNULUS, Task.LIVER, Task.LUNG):
            yield Statement(Topic.COVERAGE, Suits.UNKNOWN, unknown, task, numbers)
        return
    for task, (verdict, sentence) in {
        Task.AORTA: _aorta_covered(scan),
        Task.ANNULUS: _heart_covered(scan),
        Task.LIVER: _liver_covered(scan),
        Task.LUNG: _lungs_covered(scan),
    }.items():
        source = "lengths of an adult's trunk, unconfirmed"
        yield Statement(Topic.COVERAGE, verdict, sentence, task, numbers, source)


_NO_LUNG = "Hardly any lung is seen, so where this scan begins and ends is not known"


def _aorta_covered(scan: Coverage) -> tuple[Suits, str]:
    length = f"{scan.length_mm:.0f} mm"
    if scan.length_mm < 100:
        return Suits.UNFIT, f"{length} along the body are too short to plan landing zones."
    if not scan.lungs_mm:
        return Suits.UNKNOWN, f"{_NO_LUNG}; {length} are covered."
    if scan.below_lungs_mm >= _FULL_FLANK_MM:
        return Suits.GOOD, (
            f"{scan.below_lungs_mm:.0f} mm below the lung bases are covered: abdominal aorta and "
            "iliac arteries."
        )
    return Suits.LIMITED, (
        f"The scan ends {scan.below_lungs_mm:.0f} mm below the lung bases: the iliac arteries are "
        "not or not all in it."
    )


def _heart_covered(scan: Coverage) -> tuple[Suits, str]:
    if not scan.lungs_mm:
        return Suits.UNFIT, "Hardly any lung is seen, so the heart is not or not all in this scan."
    if scan.lungs_mm >= _HEART_MM and scan.below_lungs_mm > 0:
        return Suits.GOOD, f"{scan.lungs_mm:.0f} mm of lung are covered, and the heart with them."
    return Suits.LIMITED, f"Only {scan.lungs_mm:.0f} mm of lung are covered; the heart may be cut."


def _liver_covered(scan: Coverage) -> tuple[Suits, str]:
    if scan.length_mm < _LIVER_BELOW_LUNGS_MM:
        return Suits.UNFIT, f"{scan.length_mm:.0f} mm along the body do not hold a whole liver."
    if not scan.lungs_mm:
        return Suits.UNKNOWN, f"{_NO_LUNG}; look whether the whole liver is in it."
    if scan.below_lungs_mm < _LIVER_BELOW_LUNGS_MM:
        return Suits.LIMITED, (
            f"The scan ends {scan.below_lungs_mm:.0f} mm below the lung bases; the lower edge of "
            "the liver may be cut off."
        )
    if scan.lungs_mm < _LIVER_BELOW_LUNGS_MM / 2:
        return Suits.LIMITED, (
            f"Only {scan.lungs_mm:.0f} mm of lung are covered; the dome of the liver may be cut "
            "off."
        )
    return Suits.GOOD, "From lung above it to the flank below it the liver is covered."


def _lungs_covered(scan: Coverage) -> tuple[Suits, str]:
    if not scan.lungs_mm:
        return Suits.UNFIT, "Hardly any lung is in this scan."
    missing = [
        name
        for name, beyond_mm in (("apex", scan.above_lungs_mm), ("base", scan.below_lungs_mm))
        if not beyond_mm
    ]
    if missing:
        return Suits.LIMITED, f"The scan cuts the lungs at their {' and their '.join(missing)}."
    return Suits.GOOD, f"Both lungs are covered from apex to base ({scan.lungs_mm:.0f} mm)."


def _contrast(facts: _Facts) -> Iterator[Statement]:
    verdicts, sentence = _phase(facts)
    numbers: dict[str, float] = {}
    if facts.blood is not None:
        numbers |= {"vessel_hu": facts.blood.level_hu, "followed_mm": facts.blood.length_mm}
    if facts.liver_hu is not None:
        numbers["liver_hu"] = facts.liver_hu
    for task, verdict in verdicts.items():
        yield Statement(Topic.CONTRAST, verdict, sentence, task, numbers, CONTRAST.source)


def _phase(facts: _Facts) -> tuple[dict[Task, Suits], str]:
    blood, liver = facts.blood, facts.liver_hu
    if blood is None:
        return _without_vessel(facts)
    sizing = CONTRAST.verdict_of_large(blood.level_hu)
    vessels = {Task.AORTA: sizing, Task.ANNULUS: sizing}
    hu = f"a large vessel of {blood.level_hu:.0f} HU"
    if liver is not None:
        hu += f", a liver of {liver:.0f} HU"
    if blood.level_hu >= CONTRAST.good:
        if liver is not None and liver >= _BRIGHT_LIVER_HU:
            both = "Arterial phase with an enhanced liver (late, or a split bolus)"
            return {**vessels, Task.LIVER: Suits.GOOD}, f"{both}: {hu}."
        arterial = f"Arterial phase: {hu}; veins of the liver do not stand out."
        return {**vessels, Task.LIVER: Suits.LIMITED}, arterial
    if liver is not None and liver >= _DARK_LIVER_HU and blood.level_hu < _PORTAL_HU:
        portal = f"Portal venous phase: {hu}; arteries stand out less than in an angiography."
        return {**vessels, Task.LIVER: Suits.GOOD}, portal
    weak = f"Weak or late contrast, its phase cannot be named: {hu}."
    return {**vessels, Task.LIVER: Suits.UNKNOWN}, weak


def _without_vessel(facts: _Facts) -> tuple[dict[Task, Suits], str]:
    tasks = (Task.AORTA, Task.ANNULUS, Task.LIVER)
    if _is_no_trunk(facts):
        unknown = "The contrast phase cannot be judged: this does not look like a trunk."
        return dict.fromkeys(tasks, Suits.UNKNOWN), unknown
    if facts.liver_hu is not None and facts.liver_hu >= _BRIGHT_LIVER_HU:
        unknown = (
            f"The contrast phase cannot be judged: the liver has {facts.liver_hu:.0f} HU, but no "
            "large vessel was found."
        )
        return dict.fromkeys(tasks, Suits.UNKNOWN), unknown
    native = "No contrast seen: no large vessel stands out, so lumen, wall and thrombus look alike."
    verdicts = {Task.AORTA: Suits.UNFIT, Task.ANNULUS: Suits.UNFIT, Task.LIVER: Suits.LIMITED}
    return verdicts, native


def _noise(facts: _Facts) -> Iterator[Statement]:
    if facts.noise_hu is None:
        sentence = "Noise cannot be judged: there is too little even soft tissue."
        yield Statement(Topic.NOISE, Suits.UNKNOWN, sentence)
        return
    noise = facts.noise_hu
    said = f"Noise in soft tissue is {noise:.0f} HU"
    limit = NOISE[Task.LIVER]
    yield Statement(
        Topic.NOISE, limit.verdict(noise), f"{said}.", Task.LIVER, {"noise_hu": noise}, limit.source
    )
    if facts.blood is None:
        return
    ratio = (facts.blood.level_hu - _BLOOD_HU) / noise
    numbers = {"noise_hu": noise, "contrast_to_noise": ratio}
    sentence = f"{said}; the contrast of the vessel is {ratio:.0f} times that."
    for task in (Task.AORTA, Task.ANNULUS):
        verdict = NOISE[task].verdict_of_large(ratio)
        yield Statement(Topic.NOISE, verdict, sentence, task, numbers, NOISE[task].source)


def _metal(facts: _Facts) -> Iterator[Statement]:
    metal = facts.metal
    if metal is None:
        yield Statement(Topic.METAL, Suits.GOOD, "No metal was found.", source=_HERE)
        return
    numbers = {"metal_ml": metal.volume_ml, "metal_slices": float(metal.slices)}
    sentence = (
        f"Metal of {metal.volume_ml:.1f} ml in {metal.slices} of {facts.slices} slices (an implant "
        "or a stent): edges and diameters near it may be off."
    )
    if metal.streaks is not None and metal.streaks >= _STREAKS:
        numbers["streaks_ratio"] = metal.streaks
        sentence = sentence[:-1] + f", and streaks make these slices {metal.streaks:.1f} times as "
        sentence += "noisy."
    yield Statement(Topic.METAL, Suits.LIMITED, sentence, None, numbers, _HERE)


def _field(facts: _Facts) -> Iterator[Statement]:
    numbers = {"cut_fraction": facts.cut_fraction}
    if facts.cut_fraction <= _ROUGHLY_CUT:
        sentence = "The whole width of the body is in the picture."
        yield Statement(Topic.FIELD, Suits.GOOD, sentence, None, numbers, _HERE)
        return
    sentence = (
        f"In {100 * facts.cut_fraction:.0f} % of the slices the body runs out of the picture: a "
        "model of the whole trunk cannot be made; organs inside are not concerned."
    )
    yield Statement(Topic.FIELD, Suits.LIMITED, sentence, None, numbers, _HERE)


def _gaps(volume: Volume) -> Iterator[Statement]:
    gaps = volume.source.interpolated_k
    if not gaps:
        return
    missing = sum(after - first for first, after in gaps)
    sentence = (
        f"{missing} slices are missing and were interpolated; nothing is measured there."
        if missing > 1
        else "A slice is missing and was interpolated; nothing is measured there."
    )
    numbers = {"missing_slices": float(missing)}
    yield Statement(Topic.COVERAGE, Suits.LIMITED, sentence, None, numbers, _HERE)


def _spacing_only(volume: Volume) -> Iterator[Statement]:
    k, j, i = volume.grid.spacing_mm
    shape = np.array(volume.grid.shape) * volume.grid.spacing_mm
    numbers = {"slice_mm": k, "pixel_mm": max(j, i)}
    sentence = f"{_mm(k)} slices of {j:.1f} × {i:.1f} mm pixels: nothing is known more exactly."
    yield Statement(Topic.RESOLUTION, Suits.UNKNOWN, sentence, None, numbers, _HERE)
    sentence = f"{shape[0]:.0f} mm across the slices, {shape[1]:.0f} × {shape[2]:.0f} mm in them."
    numbers = {"length_mm": float(shape[0])}
    yield Statement(Topic.COVERAGE, Suits.UNKNOWN, sentence, None, numbers, _HERE)
    what = f"{volume.source.modality or 'This scan'} has values in {volume.unit}"
    sentence = (
        f"{what if volume.unit != '1' else 'The values have no known unit'}, not in HU: contrast, "
        "noise and metal are not judged, and thresholds in HU do not apply."
    )
    yield Statement(Topic.UNIT, Suits.UNKNOWN, sentence, source=_HERE)


def _is_no_trunk(facts: _Facts) -> bool:
    """A narrow picture of a trunk shows no outline by which to tell."""
    return not facts.coverage.is_trunk and facts.cut_fraction <= _ROUGHLY_CUT


def _slices(lesion_mm: float, facts: _Facts) -> str:
    count = max(1, int(lesion_mm / facts.slice_mm))
    return f"{count} slice{'s' * (count > 1)}"


def _mm(length: float) -> str:
    return f"{length:.2g} mm" if length < 10 else f"{length:.0f} mm"
