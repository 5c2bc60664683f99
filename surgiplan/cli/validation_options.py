"""What the commands that compare segmentations accept."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .options import Parser

__all__ = ["add_validation"]


def add_validation(
    commands: "Parser", passphrase: Callable[[argparse.ArgumentParser], None]
) -> None:
    """``compare`` and ``compare-cohort``; ``passphrase`` adds the option of encrypted cases."""
    c = commands.add("compare", "compare:compare", "Measure segmentations against a reference.")
    c.add_argument("reference", metavar="REFERENCE", help="a label map, a case, or CASE#SEGMENT")
    c.add_argument("test", nargs="+", metavar="TEST", help="the same of each reader")
    c.add_argument("--label", action="append", default=[], metavar="N", help="number or name")
    c.add_argument("--names", type=Path, metavar="FILE", help="JSON with the names of the numbers")
    c.add_argument("--tolerance-mm", type=float, default=1.0, metavar="T", help="of surface Dice")
    c.add_argument(
        "--surface",
        choices=("area", "voxels"),
        default="area",
        help="surface elements by area, or voxels as MedPy counts them",
    )
    c.add_argument("--csv", type=Path, metavar="FILE", help="the table as a file too")
    c.add_argument(
        "--consensus",
        default="",
        choices=("majority", "staple"),
        help="also what the TESTs agree on, as one more reader, with each reader's score",
    )
    c.add_argument(
        "-o",
        "--output",
        default="",
        metavar="FILE or CASE[#NAME]",
        help="where the consensus goes: a label map, or new segments of a case",
    )
    passphrase(c)
    c = commands.add(
        "compare-cohort", "cohort:compare_cohort", "Measure readers over many cases of a table."
    )
    c.add_argument(
        "table", type=Path, metavar="TABLE.csv",
        help="columns id, reference, test, and reader and subgroups (sex, vendor, ...) if you like",
    )  # fmt: skip
    c.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="CSV and PDF")
    c.add_argument("--label", action="append", default=[], metavar="N", help="number or name")
    c.add_argument("--names", type=Path, metavar="FILE", help="JSON with the names of the numbers")
    c.add_argument("--tolerance-mm", type=float, default=1.0, metavar="T", help="of surface Dice")
    c.add_argument("--surface", choices=("area", "voxels"), default="area")
    passphrase(c)
