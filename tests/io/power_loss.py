"""What may be on a disk after its power failed, from the operations of a program until then.

A program's operations on files are recorded as they happen.  Up to any of them, two models say
what a disk may hold: ``posix`` promises only what was flushed, and names in a folder only once the
folder was flushed, in any order; ``ext4`` keeps the order of all names, and any flush flushes the
names before it.  Blocks of 4 KiB that were not flushed are old, new or zero, each for itself.
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

MODELS = ("posix", "ext4")
_BLOCK = 4096
_FOLDER = -1


@dataclass
class Recorder:
    """Records what happens below ``root`` while it is switched on by ``watch``."""

    root: Path
    events: list = field(default_factory=list)
    _files: dict = field(default_factory=dict)
    """Number of the file that has a name now; a new one for each file created."""
    _seen: dict = field(default_factory=dict)

    def watch(self, patch) -> None:
        """Put the recorder between the program and the system."""
        for name in ("open", "fsync", "replace", "rename", "unlink", "mkdir", "rmdir"):
            patch.setattr(os, name, self._recording(name, getattr(os, name)))

    def note(self, what) -> None:
        """Remember that the program has promised something to its user."""
        self._look()
        self.events.append(("promise", what))

    def _recording(self, name, real):
        def recorded(*arguments, **options):
            place = self._place_of(arguments[0])
            if place is None or not place.is_relative_to(self.root):
                return real(*arguments, **options)
            is_new = name == "open" and not os.path.lexists(place)
            self._look()
            answer = real(*arguments, **options)
            getattr(self, f"_{name}")(place, arguments, is_new)
            return answer

        return recorded

    def _place_of(self, what):
        if isinstance(what, int):
            what = os.readlink(f"/proc/self/fd/{what}")
        return Path(what)

    def _look(self) -> None:
        """Note what the files hold by now."""
        for place, number in self._files.items():
            if number != _FOLDER:
                content = place.read_bytes()
                if content != self._seen.get(number, b""):
                    self._seen[number] = content
                    self.events.append(("content", number, content))

    def _open(self, place, _, is_new) -> None:
        if is_new and place.is_file():
            self._files[place] = len(self.events)
            self.events.append(("name", place, self._files[place]))

    def _fsync(self, place, arguments, _) -> None:
        if stat.S_ISDIR(os.fstat(arguments[0]).st_mode):
            self.events.append(("flush names", place))
        else:
            self.events.append(("flush", self._files[place]))

    def _replace(self, place, arguments, _) -> None:
        target = Path(arguments[1])
        self._files[target] = self._files.pop(place)
        self.events.append(("move", place, target, self._files[target]))

    _rename = _replace

    def _unlink(self, place, *_) -> None:
        self._files.pop(place, None)
        self.events.append(("no name", place))

    def _mkdir(self, place, *_) -> None:
        self._files[place] = _FOLDER
        self.events.append(("name", place, _FOLDER))

    def _rmdir(self, place, *_) -> None:
        self._unlink(place)


@dataclass
class _Disk:
    model: str
    content: dict = field(default_factory=dict)
    flushed: dict = field(default_factory=dict)
    names: dict = field(default_factory=dict)
    """Those that are surely on the disk."""
    pending: list = field(default_factory=list)

    def play(self, event) -> None:
        kind, *rest = event
        if kind == "content":
            self.content[rest[0]] = rest[1]
        elif kind == "flush":
            self.flushed[rest[0]] = self.content.get(rest[0], b"")
            if self.model == "ext4":
                self._settle(self.pending)
        elif kind == "flush names":
            of_all = self.model == "ext4"
            self._settle([e for e in self.pending if of_all or e[1].parent == rest[0]])
        elif kind != "promise":
            self.pending.append(event)

    def _settle(self, events) -> None:
        for event in list(events):
            _apply(self.names, event)
            self.pending.remove(event)

    def left(self, random) -> tuple[dict, dict]:
        """Names and contents that may be there."""
        names = dict(self.names)
        if self.model == "ext4":
            kept = self.pending[: random.integers(len(self.pending) + 1)]
        else:
            kept = [event for event in self.pending if random.random() < 0.5]
        for event in kept:
            _apply(names, event)
        return names, {number: self._torn(number, random) for number in names.values()}

    def _torn(self, number, random) -> bytes:
        old, new = self.flushed.get(number, b""), self.content.get(number, b"")
        if old == new or random.random() < 0.25:
            return old
        size = random.choice(
            [len(old), len(new), random.integers(min(len(old), len(new)), len(new) + 1)]
        )
        parts = []
        for start in range(0, size, _BLOCK):
            source = (old, new, b"")[random.integers(3 if start >= len(old) else 2)]
            parts.append(source[start : start + _BLOCK].ljust(_BLOCK, b"\0"))
        return b"".join(parts)[:size]


def _apply(names, event) -> None:
    kind, place, *rest = event
    if kind == "name":
        names[place] = rest[0]
    elif kind == "no name":
        names.pop(place, None)
    else:
        names.pop(place, None)
        names[rest[0]] = rest[1]


def disk_after(events, model: str, random: np.random.Generator, root: Path, target: Path) -> None:
    """Lay out at ``target`` what may be left of ``root`` after these events."""
    disk = _Disk(model)
    for event in events:
        disk.play(event)
    names, contents = disk.left(random)
    for place in sorted(names):
        new = target / place.relative_to(root)
        if not new.parent.is_dir():
            continue
        if names[place] == _FOLDER:
            new.mkdir()
        else:
            new.write_bytes(contents[names[place]])
