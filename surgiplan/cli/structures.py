"""The structures that a comparison names: of a file, of a case, or one segment of a case."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from surgiplan import io
from surgiplan.errors import PlanError, SegmentationError
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Case, Segment

from .open_case import loaded
from .passphrase import unlocked

__all__ = ["Structures", "case_of", "nothing_found", "readers_of", "require_shared"]


class Structures:
    """Reads them; an encrypted case asks for its passphrase once."""

    def __init__(
        self,
        places: Sequence[str] = (),
        *,
        names: Mapping[int, str] | None = None,
        wanted: Collection[str] = (),
        passphrase_file: Path | None = None,
        report: Report = silent,
    ) -> None:
        """``places`` are all that will be asked for: contours need the scan of a case among them.

        ``names`` of the numbers of label maps, else those that lie with each of them, else with
        any of them; ``wanted`` names or numbers, all if there are none.
        """
        self._names, self._wanted, self._report = names, frozenset(wanted), report
        self._file = passphrase_file
        self.known: dict[str, None] = {}
        """The names of all that was found, wanted or not, in order."""
        self._unlocked: dict[Path, Path | io.Place] = {}
        self._shared = next((found for place in places if (found := _names_with(place))), {})
        self._scan_of = next((path for place in places if (path := case_of(place)[0])), None)

    def __call__(self, where: str) -> Mapping[str, Segment]:
        """By name; none of them where there is nothing of what is wanted.

        Raises SegmentationError, CaseFileError, DicomError or PlanError.
        """
        path, segment = case_of(where)
        if path and segment:
            one = self.case(path).segment(segment)
            return {one.name: one}
        found = self._of_case(path) if path else self._of_file(Path(where))
        known = [(name, (name, *_other_names(found, name))) for name in found]
        chosen = [
            name for name, all_ in known if not self._wanted or not self._wanted.isdisjoint(all_)
        ]
        self.known |= dict.fromkeys(found)
        return found if len(chosen) == len(found) else _Some(found, chosen)

    def case(self, path: Path) -> Case:
        """The case at a path.  Raises CaseFileError."""
        return loaded(self.place(path))

    def place(self, path: Path) -> Path | io.Place:
        """Where the case lies, unlocked.  Raises CaseFileError."""
        if path not in self._unlocked:
            self._unlocked[path] = unlocked(path, self._file)
        return self._unlocked[path]

    def _of_case(self, path: Path) -> Mapping[str, Segment]:
        case = self.case(path)
        if not case.segments:
            raise SegmentationError(f"{path} has no segments yet; make or import some first.")
        found = _by_name(list(case.segments.values()))
        known = {word for one in case.segments.values() for word in (one.id, one.name)}
        for name in sorted(self._wanted - known):
            # Names that stand for several segments together, such as bone.
            with suppress(PlanError):
                found[name] = case.segment(name)
        return found

    def _of_file(self, path: Path) -> Mapping[str, Segment]:
        if not path.is_file():
            raise SegmentationError(f"There is no file or case {path}; check the path.")
        if path.name.lower().endswith(io.VOLUME_SUFFIXES):
            own = self._names if self._names is not None else io.names_in(path)
            names = own or self._shared
            return io.open_label_map(path, names, self._report)
        if self._scan_of is None:
            return _by_name(io.segments_alone(path, self._report))
        return _by_name(io.load_segments(path, self.case(self._scan_of), report=self._report))


class _Some(Mapping[str, Segment]):
    """Some of the structures of a mapping that cuts them out only when they are asked for."""

    def __init__(self, all_: Mapping[str, Segment], names: Sequence[str]) -> None:
        self._all, self._names = all_, tuple(names)

    def __getitem__(self, name: str) -> Segment:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def case_of(where: str) -> tuple[Path | None, str]:
    """The case that ``CASE`` or ``CASE#segment`` names, and the segment; None for a file."""
    path, hash_mark, segment = where.rpartition("#")
    if hash_mark and Path(path).is_dir():
        return Path(path), segment
    return (Path(where), "") if Path(where).is_dir() else (None, "")


def _names_with(place: str) -> dict[int, str]:
    path = Path(place)
    is_map = path.name.lower().endswith(io.VOLUME_SUFFIXES) and path.is_file()
    return io.names_in(path) if is_map else {}


def readers_of(places: Sequence[str]) -> list[str]:
    """What each reader is called: the file's name, with a number where several have the same."""
    names = [f"{Path(path).name}{mark}{segment}" for path, mark, segment in map(_split, places)]
    return [f"{name} ({n + 1})" if names.count(name) > 1 else name for n, name in enumerate(names)]


def require_shared(
    reference: str, of_reference: Mapping[str, Segment], test: str, of_test: Mapping[str, Segment]
) -> None:
    """Raise SegmentationError where not one structure is called the same on both sides."""
    few = min(len(of_reference), len(of_test))
    if few == 0 or len(of_reference) == len(of_test) == 1 or of_reference.keys() & of_test.keys():
        return
    raise SegmentationError(
        f"{Path(reference).name} has {_listed(of_reference)}, {Path(test).name} has "
        f"{_listed(of_test)}: nothing has the same name on both sides. Say what the numbers mean "
        "with --names, or name one on each side (CASE#SEGMENT, --label)."
    )


def nothing_found(wanted: Collection[str], known: Collection[str]) -> str:
    """What to say where neither side has what is wanted."""
    if not wanted:
        return "Neither side holds a label: all voxels are 0, so there is nothing to compare."
    return (
        f"Neither side has the label {', '.join(wanted)}; there are "
        f"{_listed(dict.fromkeys(known))}."
    )


def _listed(names: Collection[str]) -> str:
    shown = list(names)[:12]
    return ", ".join(shown) + (" and others" if len(names) > len(shown) else "") or "none"


def _split(where: str) -> tuple[str, str, str]:
    return where.partition("#")


def _by_name(segments: Sequence[Segment]) -> dict[str, Segment]:
    """Those that share a name carry their ids too, so that none hides another."""
    names = [one.name for one in segments]
    return {
        one.name if names.count(one.name) == 1 else f"{one.name} ({one.id})": one
        for one in segments
    }


def _other_names(found: Mapping[str, Segment], name: str) -> tuple[str, ...]:
    """Under what else a structure may be asked for: number or id."""
    if isinstance(found, io.LabelMap):
        number = found.number(name)
        return str(number), f"label{number}"
    return (found[name].id, found[name].name)
