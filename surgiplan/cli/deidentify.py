"""Command that writes a scan without the patient's identity: deidentify."""

from argparse import Namespace
from dataclasses import asdict

from surgiplan import io

from .output import Answer, Console

__all__ = ["deidentify"]


def deidentify(options: Namespace, console: Console) -> Answer:
    """A copy of the images in a folder by the basic profile of PS3.15 Annex E."""
    done = io.deidentify(
        options.path,
        options.output,
        shift_dates=options.dates == "shift",
        report=console.report,
    )
    answer = {
        "files": [str(path) for path in done.files],
        "removed": [asdict(change) for change in done.removed],
        "kept": [asdict(change) for change in done.kept],
        "warnings": list(done.warnings),
        "refused": [{"file": name, "reason": why} for name, why in done.refused],
        "profile": io.PROFILE,
        "dates": options.dates,
    }
    lines = [f"{len(done.files)} images written to {options.output}"]
    lines += [f"{one.tag} {one.name}: {one.done} {one.count} times" for one in done.removed]
    lines += [f"Attention: {sentence}" for sentence in done.warnings]
    lines += [f"Not written: {name}, {why}" for name, why in done.refused]
    return Answer(answer, tuple(lines))
