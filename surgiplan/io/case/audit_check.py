"""Whether the audit log and the manifests of a case tell the same story."""

from collections.abc import Mapping, Sequence
from typing import Any

from surgiplan.errors import CaseFileError

from .audit import AuditLog, broken_links, head_of
from .head import Head
from .manifests import Manifest

__all__ = ["audit_damage"]

_Events = Sequence[Mapping[str, Any]]


def audit_damage(log: AuditLog, manifests: Mapping[int, Manifest | None]) -> list[str]:
    """What contradicts the log, in sentences.

    ``manifests`` are all saved ones that there are by generation, None for a damaged one.
    """
    stated = {n: manifest for n, manifest in manifests.items() if manifest and manifest.audit}
    if not log.exists and not stated:
        return []  # saved by a version that kept no log
    try:
        lines, committed = log.lines(), log.committed()
        if broken := broken_links(lines):
            return [
                f"Line {n} of the audit log was changed, moved or follows a gap." for n in broken
            ]
        events = log.events()
    except CaseFileError as error:
        return [str(error)]
    damage = _ends(lines, committed, manifests)
    finished = _saves(events[: committed.lines if committed else 0])
    damage += _manifests_told(lines, events, manifests)
    damage += _manifests_missing(finished, manifests)
    if any(event["event"] == "damage found" for event in events):
        damage.append("The audit log was found damaged before, and says so itself.")
    return damage


def _ends(
    lines: Sequence[bytes], committed: Head | None, manifests: Mapping[int, Manifest | None]
) -> list[str]:
    if committed is None:
        # Only the very first save can have been cut off before it stated where the log ends.
        return [] if len(manifests) <= 1 else ["The head of the audit log is missing."]
    if head_of(lines[: committed.lines]) != committed:
        return [f"The audit log should have {committed.lines} lines and has {len(lines)} others."]
    return []


def _saves(events: _Events) -> list[Mapping[str, Any]]:
    """The saves that came to their end."""
    interrupted = [
        number for number, event in enumerate(events) if event["event"] == "save interrupted"
    ]
    return [
        event
        for number, event in enumerate(events)
        if event["event"] == "saved"
        and not any(
            later > number and events[later].get("generation") == event["generation"]
            for later in interrupted
        )
    ]


def _manifests_told(
    lines: Sequence[bytes], events: _Events, manifests: Mapping[int, Manifest | None]
) -> list[str]:
    """Manifests that are not those that the log tells of."""
    damage = []
    first = min((e["generation"] for e in events if e["event"] == "saved"), default=0)
    for generation, manifest in manifests.items():
        if manifest is None or (manifest.audit is None and generation < first):
            continue
        head = manifest.audit
        if head is None or not head.lines or head_of(lines[: head.lines]) != head:
            damage.append(f"State {generation} was saved with another audit log.")
            continue
        event = events[head.lines - 1]
        if (event.get("generation"), event.get("manifest")) != (generation, manifest.logged_sha256):
            damage.append(f"State {generation} is not the one that the audit log tells of.")
    return damage


def _manifests_missing(saves: _Events, manifests: Mapping[int, Manifest | None]) -> list[str]:
    """States that the log says were saved and that nobody has pruned."""
    numbers = [event["generation"] for event in saves]
    oldest = min(manifests, default=0)
    gone = sorted({n for n in numbers if n > oldest and n not in manifests})
    twice = sorted({n for n in numbers if numbers.count(n) > 1})
    return [f"State {n} was saved and is gone." for n in gone] + [
        f"State {n} was saved twice; the first of them is gone." for n in twice
    ]
