"""Which commands there are and what they accept."""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from surgiplan import RESEARCH_USE, __version__
from surgiplan.errors import PlanError

from .output import Answer, Console
from .validation_options import add_validation

__all__ = ["Parser", "parser", "point"]

Run = Callable[[argparse.Namespace, Console], Answer]


def point(text: str) -> tuple[float, float, float]:
    """A point ``x,y,z`` in LPS [mm]."""
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a point; write x,y,z in LPS mm, for example -42.5,10,1203"
        ) from None
    return x, y, z


class _Command(argparse.ArgumentParser):
    """A parser that takes ``-12,30,4`` for a point, and says in one sentence what is wrong."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._negative_number_matcher = re.compile(r"^-(\d|\.\d).*$")

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{self.prog}: {message}; see {self.prog} --help.\n")
        raise SystemExit(2)


class Parser:
    """The whole command line."""

    def __init__(self) -> None:
        self._parser = _Command(
            prog="surgiplan",
            description="Plan an operation on a patient's scan.",
            epilog=f"{RESEARCH_USE} Points are x,y,z in LPS mm.",
        )
        self._parser.add_argument(
            "--version", action="version", version=f"surgiplan {__version__}. {RESEARCH_USE}"
        )
        self._commands = self._parser.add_subparsers(
            dest="command", required=True, parser_class=_Command, metavar="COMMAND"
        )
        for add in (_add_scans, _add_anatomy, _add_plan, _add_case):
            add(self)
        add_validation(self, _passphrase)

    @property
    def commands(self) -> frozenset[str]:
        """The names of all commands."""
        return frozenset(self._commands.choices)

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The options of one command; what it does not know itself goes to its settings."""
        options, rest = self._parser.parse_known_args(arguments)
        if rest and not hasattr(options, "settings"):
            command = self._commands.choices[options.command]
            command.error(f"it does not know {' '.join(rest)}")
        if hasattr(options, "settings"):
            options.settings = _settings(options.settings or [], rest)
        return options

    def add(self, name: str, run: str, text: str, *, settings: bool = False) -> _Command:
        """Add a command run by the function ``module:function`` of this package."""
        command: _Command = self._commands.add_parser(
            name, help=text, description=text, epilog=RESEARCH_USE, allow_abbrev=False
        )
        command.add_argument("--json", action="store_true", help="one JSON object as the answer")
        command.add_argument("--quiet", action="store_true", help="no progress")
        if settings:
            _takes_settings(command)
        command.set_defaults(run=_lazy(run))
        return command


@cache
def parser() -> Parser:
    """The parser of this program."""
    return Parser()


def _lazy(where: str) -> Run:
    """A function that imports what it runs only when it runs."""

    def run(options: argparse.Namespace, console: Console) -> Answer:
        module, _, name = where.partition(":")
        found: Run = getattr(import_module(f"surgiplan.cli.{module}"), name)
        return found(options, console)

    return run


def _settings(pairs: Sequence[str], rest: Sequence[str]) -> dict[str, str]:
    """Settings from ``NAME=VALUE`` pairs and from ``--name value`` left over by the parser."""
    settings = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SystemExit(_complain(f"--setting {pair} needs NAME=VALUE."))
        settings[name.replace("-", "_")] = value
    words = list(rest)
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            raise SystemExit(_complain(f"{word!r} is one argument too many."))
        name, equals, value = word.removeprefix("--").partition("=")
        if not equals:
            if not words:
                raise SystemExit(_complain(f"{word} needs a value."))
            value = words.pop(0)
        settings[name.replace("-", "_")] = value
    return settings


def _complain(sentence: str) -> int:
    sys.stderr.write(f"surgiplan: {PlanError(sentence)}\n")
    return 2


def _takes_settings(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--setting",
        dest="settings",
        action="append",
        metavar="NAME=VALUE",
        help="a setting; --NAME VALUE does the same",
    )


def _case(command: argparse.ArgumentParser) -> None:
    command.add_argument("case", type=Path, metavar="CASE", help="a .splan case")
    _passphrase(command)


def _passphrase(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help="its first line is the passphrase of an encrypted case; else SURGIPLAN_PASSPHRASE",
    )


def _changes(command: argparse.ArgumentParser) -> None:
    _case(command)
    command.add_argument("--dry-run", action="store_true", help="show the edits, change nothing")


def _add_scans(commands: Parser) -> None:
    c = commands.add("window", "window:window", "Open the window, on a case or a scan if given.")
    c.add_argument("path", nargs="?", type=Path, metavar="CASE or PATH")
    c = commands.add("demo", "demo:demo", "Do the whole job on the sample study.")
    c.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    c.add_argument("--headless", action="store_true", help="do not open the window at the end")
    c.add_argument(
        "--first-answer", action="store_true", help="no second mesh and no scenarios either"
    )
    c = commands.add("scan", "scans:scan", "Say what is in folders and files, without pixels.")
    c.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    c = commands.add("import", "scans:import_scan", "Read one series or volume into a case.")
    c.add_argument("paths", type=Path, nargs="+", metavar="PATH")
    where = c.add_mutually_exclusive_group(required=True)
    where.add_argument("-o", "--output", type=Path, metavar="CASE", help="a new case")
    where.add_argument("--into", type=Path, metavar="CASE", help="a case that exists")
    c.add_argument("--series", default="", metavar="UID")
    c.add_argument("--phase", type=int, metavar="N", help="one of several phases, from 1")
    c.add_argument("--accept", action="append", default=[], metavar="KIND")
    c.add_argument("--volume", default="", metavar="ID", help="id of the new volume")
    c.add_argument("--encrypt", action="store_true", help="encrypt the new case from its start")
    _passphrase(c)
    c.add_argument(
        "--no-identity", action="store_true", help="leave name, number and birth date outside"
    )
    c = commands.add(
        "suitability", "scans:suitability", "Say what a scan can be used for, and how exact."
    )
    _case(c)
    c.add_argument("--volume", default="", metavar="ID", help="a scan of the case; else the first")
    c = commands.add(
        "deidentify", "deidentify:deidentify", "Copy a scan without the patient's identity."
    )
    c.add_argument("path", type=Path, metavar="PATH")
    c.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="a new folder")
    c.add_argument(
        "--dates",
        choices=("shift", "remove"),
        default="shift",
        help="shift all by the same random time for each patient (default), or remove them",
    )


def _add_anatomy(commands: Parser) -> None:
    commands.add("methods", "anatomy:methods", "List the segmentation methods and their settings.")
    c = commands.add("segment", "anatomy:segment", "Find structures in a scan.", settings=True)
    _changes(c)
    c.add_argument("method", metavar="METHOD")
    c.add_argument("--volume", default="", metavar="ID")
    c.add_argument("--name", default="", metavar="NAME")
    c.add_argument("--seed", dest="seeds", type=point, action="append", default=[], metavar="X,Y,Z")
    c = commands.add("segments", "segments:segments", "Edit or exchange segmentations.")
    _add_exchange(c)
    c = commands.add("surface", "surfaces:surface", "Write surfaces of segments, LPS mm.")
    _case(c)
    c.add_argument("segment", nargs="+", metavar="SEGMENT", help="several into .glb or .obj")
    c.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    c.add_argument("--shared", action="store_true", help="neighbours meet without gap or overlap")
    c.add_argument("--triangles", type=int, metavar="N", help="at most N of each, thinned out")
    c = commands.add("mesh", "meshes:mesh", "Write tetrahedra of a segment, LPS mm.")
    _case(c)
    c.add_argument("segment", metavar="SEGMENT")
    c.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.vtu")
    c.add_argument(
        "--elements", type=int, default=4000, metavar="N", help="about so many (default: 4000)"
    )
    c = commands.add("centerline", "anatomy:centerline", "Trace a lumen and measure its sections.")
    _changes(c)
    c.add_argument("segment", metavar="SEGMENT")
    c.add_argument("--from", dest="start", type=point, required=True, metavar="X,Y,Z")
    c.add_argument("--to", dest="ends", type=point, action="append", required=True, metavar="X,Y,Z")


def _add_exchange(command: argparse.ArgumentParser) -> None:
    """The words behind ``segments``."""
    words = command.add_subparsers(dest="what", required=True, metavar="WORD")
    c = words.add_parser("import", help="DICOM SEG, RTSTRUCT, label maps, surfaces into a case")
    _changes(c)
    c.add_argument("files", nargs="+", type=Path, metavar="FILE")
    c.add_argument("--volume", default="", metavar="ID", help="the scan they were drawn on")
    c.add_argument(
        "--reader", default="", metavar="NAME", help="who drew them: liver becomes liver (NAME)"
    )
    c.add_argument(
        "--unit",
        default="",
        choices=("mm", "cm", "m", "inch"),
        help="of a surface (STL, PLY, OBJ, GLB) that does not say or says it wrongly",
    )
    c.add_argument("--space", default="", choices=("LPS", "RAS"), help="axes of such a surface")
    _same_flags(c)
    c = words.add_parser("export", help="segments as a file for another program")
    _case(c)
    c.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    c.add_argument("--format", default="", choices=("seg", "rtstruct", "nifti", "nrrd", "mha"))
    c.add_argument("--segment", action="append", default=[], metavar="N", help="id or name")
    c.add_argument(
        "--seg-type",
        choices=("binary", "fractional", "labelmap"),
        default="binary",
        help="how DICOM SEG stores voxels; binary ones may overlap",
    )
    _same_flags(c)
    c = words.add_parser("edit", help="change a segment as a hand does", allow_abbrev=False)
    _changes(c)
    c.add_argument("operation", metavar="OPERATION", help="see: surgiplan segments operations")
    c.add_argument("--segment", action="append", default=[], metavar="N", help="it is changed")
    c.add_argument("--with", dest="others", action="append", default=[], metavar="OTHER")
    c.add_argument(
        "--point", dest="points", type=point, action="append", default=[], metavar="X,Y,Z"
    )
    c.add_argument("--name", default="", metavar="NEW", help="keep the segment; name the answer")
    c.add_argument("--volume", default="", metavar="ID", help="the scan, if no segment says it")
    _takes_settings(c)
    _same_flags(c)
    c = words.add_parser("review", help="say how far the review of a segment is")
    _changes(c)
    c.add_argument("segment", metavar="SEGMENT", help="id or name")
    c.add_argument("state", metavar="STATE", help="not_started, in_progress, done or flagged")
    _same_flags(c)
    c = words.add_parser("remake", help="run what made a segment on another scan of the case")
    _changes(c)
    c.add_argument("segment", metavar="SEGMENT", help="id or name")
    c.add_argument("--volume", required=True, metavar="ID", help="the other scan")
    _same_flags(c)
    c = words.add_parser("operations", help="list what edit can do, with settings")
    _same_flags(c)


def _same_flags(command: argparse.ArgumentParser) -> None:
    """Those of every command, also behind its second word."""
    for flag in ("--json", "--quiet"):
        command.add_argument(
            flag, action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )


def _add_plan(commands: Parser) -> None:
    commands.add("devices", "plan:devices", "List the catalogue.")
    c = commands.add("measure", "plan:measure", "Keep the distance along picked points.")
    _changes(c)
    c.add_argument("points", type=point, nargs="+", metavar="X,Y,Z")
    c.add_argument("--name", default="", metavar="NAME")
    c = commands.add("place", "plan:place", "Place a stent on a centreline.")
    _changes(c)
    c.add_argument("device", metavar="DEVICE")
    c.add_argument("--along", required=True, metavar="CENTERLINE")
    c.add_argument("--branch", type=int, default=0, metavar="N")
    c.add_argument("--at", type=float, required=True, metavar="S_MM", help="station of its middle")
    c.add_argument("--diameter-mm", type=float, metavar="D")
    c.add_argument("--length-mm", type=float, metavar="L")
    c = commands.add("resect", "plan:resect", "Cut an organ with a plane.")
    _changes(c)
    c.add_argument("target", metavar="TARGET")
    c.add_argument(
        "--plane",
        type=point,
        nargs=2,
        required=True,
        metavar=("P", "NORMAL"),
        help="a point of the plane, and its normal towards the specimen",
    )
    c.add_argument("--lesion", default="", metavar="SEGMENT", help="default: tumour, if there")
    c.add_argument("--margin-mm", type=float, default=10.0, metavar="M")
    commands.add("tissues", "tissue:tissues", "List the tissues with parameters and sources.")
    commands.add("simulations", "tissue:simulations", "List what a simulation can be told.")
    c = commands.add("simulate", "plan:simulate", "Compute the tissue's response.", settings=True)
    _changes(c)
    c.add_argument("subject", metavar="PLACEMENT or RESECTION")
    c.add_argument(
        "--first-answer", action="store_true", help="no second mesh and no scenarios after it"
    )
    for name, setting, text in (
        ("--handle", "handle_lps", "place on the remnant that is pulled"),
        ("--pull", "pull_mm", "how far and where to it is pulled"),
    ):
        c.add_argument(
            name, dest="settings", action="append", metavar="X,Y,Z", help=text,
            type=f"{setting}={{}}".format,
        )  # fmt: skip


def _add_case(commands: Parser) -> None:
    _case(commands.add("info", "cases:info", "Say what a case holds."))
    c = commands.add("identity", "identity:identity", "Show or drop who the patient is.")
    _case(c)
    what = c.add_mutually_exclusive_group(required=True)
    what.add_argument("--show", action="store_true", help="name, number and birth date")
    what.add_argument("--drop", action="store_true", help="forget them; the pseudonym stays")
    _case(commands.add("verify", "cases:verify", "Check every object of a case."))
    _case(commands.add("audit", "cases:audit", "List what happened to a case."))
    c = commands.add("pack", "cases:pack", "Write the saved state of a case to one file to send.")
    _case(c)
    c.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.splanz")
    c = commands.add("unpack", "cases:unpack", "Make a case of a file that was sent.")
    c.add_argument("file", type=Path, metavar="FILE.splanz")
    c.add_argument("-o", "--output", type=Path, required=True, metavar="CASE")
    c = commands.add("encrypt", "encryption:encrypt", "Encrypt a case behind a passphrase.")
    _case(c)
    c = commands.add("decrypt", "encryption:decrypt", "Remove the encryption of a case.")
    _case(c)
    c = commands.add("passphrase", "encryption:passphrase", "Change the passphrase of a case.")
    _case(c)
    c.add_argument(
        "--new-passphrase-file",
        type=Path,
        metavar="FILE",
        help="its first line is the new one; else SURGIPLAN_NEW_PASSPHRASE",
    )
    c = commands.add("recover", "cases:recover", "Keep work that a program did not live to save.")
    _case(c)
    c.add_argument("--discard", action="store_true", help="forget it instead")
    c = commands.add("apply", "cases:apply", "Replay a journal on a case.")
    _changes(c)
    c.add_argument("edits", type=Path, metavar="EDITS.jsonl")
    c = commands.add("report", "cases:report", "Write the plan as a PDF.")
    _case(c)
    c.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.pdf")
    c.add_argument(
        "--with-identity", action="store_true", help="print name and birth date on each page"
    )
    commands.add("selftest", "selftest:selftest", "Check that this installation works.")
