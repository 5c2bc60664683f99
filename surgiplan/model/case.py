"""The case: everything known and decided about one patient."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from surgiplan.errors import PlanError

from .finding import Finding
from .identity import Identity
from .noun import Noun
from .plan import Measurement, Plan, Resection, StentPlacement
from .segmentation import Segment
from .surface import Centerline
from .unions import UNIONS, joined
from .volume import Volume

__all__ = ["Case", "Patient", "Provenance"]

_HOME: Mapping[type, str] = {
    Volume: "volumes",
    Segment: "segments",
    Finding: "findings",
    Centerline: "plan/centerlines",
    StentPlacement: "plan/stents",
    Resection: "plan/resections",
    Measurement: "plan/measurements",
}
"""In which collection of a case a noun lives."""

Provenance = Mapping[str, str]
"""Path in the case of each input of a computation, and its digest."""


@dataclass(frozen=True, eq=False)
class Patient(Noun):
    """Who is planned for; never a name."""

    pseudonym: str = ""
    sex: str = ""
    """``M``, ``F``, ``O`` or empty."""
    age_years: float | None = None
    height_cm: float | None = None
    weight_kg: float | None = None
    key: str = ""
    """Tells another scan of the same patient from one of somebody else, see ``Identity.key``."""

    def is_same_person(self, other: "Patient") -> bool | None:
        """Whether two keys agree; None where either is missing or they were made apart."""
        mine, others = self.key.split(":"), other.key.split(":")
        return self.key == other.key if self.key and mine[0] == others[0] else None


@dataclass(frozen=True, eq=False)
class Case(Noun):
    """One patient, one root.  Every change makes a new case that shares the rest."""

    patient: Patient = field(default_factory=Patient)
    volumes: Mapping[str, Volume] = field(default_factory=dict)
    segments: Mapping[str, Segment] = field(default_factory=dict)
    plan: Plan = field(default_factory=Plan)
    findings: Mapping[str, Finding] = field(default_factory=dict)
    identity: Identity | None = None
    """Who the patient is; None in a case that knows a pseudonym only."""

    def with_(self, *nouns: Any) -> "Case":
        """A case in which each noun stands under its id, added or in place of an older one."""
        case = self
        for noun in nouns:
            home = _HOME[type(noun)]
            case = case._with_collection(home, {**case.collection(home), noun.id: noun})
        return case

    def without(self, path: str) -> "Case":
        """A case that lacks the noun at ``path``.  Raises PlanError if there is none."""
        home, _, noun_id = path.rpartition("/")
        if home not in _HOME.values() or noun_id not in self.collection(home):
            raise PlanError(f"There is no {path} in this case.")
        rest = {key: noun for key, noun in self.collection(home).items() if key != noun_id}
        return self._with_collection(home, rest)

    def at(self, path: str) -> Any:
        """The noun at a path such as ``segments/liver`` or ``plan/stents/stent1``; or None.

        ``segments/bone`` is the union of all bones in a case without a segment ``bone``.
        """
        home, _, noun_id = path.rpartition("/")
        noun = self.collection(home).get(noun_id) if home in _HOME.values() else None
        return self._union(noun_id) if noun is None and home == _HOME[Segment] else noun

    def collection(self, home: str) -> Mapping[str, Any]:
        """The nouns of one home, ``segments`` or ``plan/stents``."""
        owner = self.plan if home.startswith("plan/") else self
        found: Mapping[str, Any] = getattr(owner, home.removeprefix("plan/"))
        return found

    def paths(self) -> Iterator[str]:
        """The paths of all nouns, in the order of the case tree."""
        for home in _HOME.values():
            yield from (f"{home}/{noun_id}" for noun_id in self.collection(home))

    def made_from(self, *paths: str) -> dict[str, str]:
        """The digests of the nouns at ``paths``, to be remembered by what is computed."""
        return {path: self.at(path).digest for path in paths}

    def is_stale(self, made_from: Provenance) -> bool:
        """Whether any input of a computation has changed or gone since, or is stale itself."""
        for path, digest in made_from.items():
            noun = self.at(path)
            if noun is None or noun.digest != digest:
                return True
            if self.is_stale(getattr(noun, "made_from", {})):
                return True
        return False

    def segment(self, id_or_name: str) -> Segment:
        """The segment of that id or name, or the union that the name stands for.

        Raises PlanError naming those there are.
        """
        for segment in self.segments.values():
            if id_or_name in (segment.id, segment.name):
                return segment
        union = self._union(id_or_name)
        if union is not None:
            return union
        known = ", ".join(self.segments) or "none yet"
        raise PlanError(f"There is no segment {id_or_name!r}; this case has: {known}.")

    def volume(self, volume_id: str = "") -> Volume:
        """The volume of that id, or the first.  Raises PlanError if there is none."""
        if not self.volumes:
            raise PlanError("This case has no scan yet; import one first.")
        if not volume_id:
            return next(iter(self.volumes.values()))
        if volume_id not in self.volumes:
            known = ", ".join(self.volumes)
            raise PlanError(f"There is no volume {volume_id!r}; this case has: {known}.")
        return self.volumes[volume_id]

    def free_id(self, home: str, wish: str) -> str:
        """``wish`` if it is free in that home, otherwise with the first free number behind it."""
        taken = self.collection(home)
        if wish not in taken:
            return wish
        number = 2
        while f"{wish}{number}" in taken:
            number += 1
        return f"{wish}{number}"

    def _union(self, name: str) -> Segment | None:
        """What ``bone`` or ``kidneys`` stands for; None for other names and without parts."""
        parts = [self.segments[part] for part in UNIONS.get(name, ()) if part in self.segments]
        return joined(name, parts) if parts else None

    def _with_collection(self, home: str, nouns: Mapping[str, Any]) -> "Case":
        if home.startswith("plan/"):
            name = home.removeprefix("plan/")
            return replace(self, plan=replace(self.plan, **{name: nouns}))
        changes: dict[str, Any] = {home: nouns}
        return replace(self, **changes)
