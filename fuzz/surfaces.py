"""Damaged surfaces: each gives a surface or one sentence, soon and in little memory.

``python -m fuzz.surfaces COUNT SEED`` tries so many mutants of each format and prints one JSON
object: outcomes, the most memory [MiB], the longest time [s], and what went wrong.
"""

import json
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from surgiplan import io
from surgiplan.errors import SurgiplanError
from surgiplan.meshing import repaired, require_closed
from surgiplan.model import Surface

from .watch import peak_mib, reset_peak

__all__ = ["damaged", "seeds"]

_MEMORY_BYTES = 4 << 30
_RIGHT = ("surface", "open", "refused")
_NUMBERS = [b"nan", b"1e400", b"-1", b"99999999999", b"0", b"4294967295", b"x", b"", b"1e-300"]


def seeds(folder: Path) -> dict[str, list[bytes]]:
    """Sound files of each ending: what we write, and other ways of writing it."""
    from tests.io.foreign_surfaces import WAYS

    found: dict[str, list[bytes]] = {suffix: [] for suffix in io.SURFACE_SUFFIXES}
    for suffix, content in WAYS.values():
        found[suffix].append(content)
    for suffix, contents in found.items():
        io.write_surface(_ball(), folder / f"ball{suffix}")
        contents.append((folder / f"ball{suffix}").read_bytes())
    return found


def _ball() -> Surface:
    """An octahedron with 512 triangles, 60 mm wide."""
    points = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], float)
    faces = np.array([[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4],
                      [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]])  # fmt: skip
    for _ in range(3):
        corners = points[faces]
        a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
        d, e, f = (a + b) / 2, (b + c) / 2, (c + a) / 2
        new = np.concatenate(
            [np.stack(one, 1) for one in ((a, d, f), (d, b, e), (f, e, c), (d, e, f))]
        )
        points, number = np.unique(new.reshape(-1, 3), axis=0, return_inverse=True)
        faces = number.reshape(-1, 3)
    return Surface(30 * points / np.linalg.norm(points, axis=1, keepdims=True), faces)


def damaged(content: bytes, random: np.random.Generator) -> bytes:
    """One to three things done to a file: bytes, bits, numbers, ends, stretches."""
    for _ in range(random.integers(1, 4)):
        if len(content) < 8:
            break
        kind = random.integers(7)
        at, to = sorted(random.integers(0, len(content), 2))
        # Headers and counts lie at the start, and damage there does most.
        at = int(at) if random.random() < 0.5 else int(at) % min(len(content), 400)
        if kind == 0:
            content = content[:at] + random.bytes(int(random.integers(1, 9))) + content[at + 4 :]
        elif kind == 1:
            content = (
                content[:at] + bytes([content[at] ^ (1 << random.integers(8))]) + content[at + 1 :]
            )
        elif kind == 2:
            content = content[: max(int(to), 1)]
        elif kind == 3:
            content = content[:at] + content[at + int(random.integers(1, 60)) :]
        elif kind == 4:
            piece = content[at : at + int(random.integers(1, 400))]
            content = content[:to] + piece + content[to:]
        elif kind == 5:
            words = content.split(b" ")
            words[random.integers(len(words))] = _NUMBERS[random.integers(len(_NUMBERS))]
            content = b" ".join(words)
        else:
            big = int(random.choice([0xFFFFFFFF, 0x7FFFFFFF, 10_000_000, 0, 1]))
            content = content[:at] + big.to_bytes(4, "little") + content[at + 4 :]
    return content


def _tried(path: Path) -> str:
    """``surface``, ``open`` (read, and refused for cutting), ``refused``, or what went wrong."""
    outcome = "refused"
    try:
        loaded = io.load_surface(path, unit="mm")
        outcome = "open"
        require_closed(repaired(loaded.surface).surface, path.name)
    except SurgiplanError as error:
        text = str(error)
        return outcome if text.endswith(".") and "\n" not in text else f"no sentence: {text}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:200]
    return "surface"


def main(arguments: Sequence[str]) -> None:
    """Try and tell."""
    count, seed = int(arguments[0]), int(arguments[1])
    warnings.simplefilter("error")
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    outcomes: Counter[str] = Counter()
    wrong: list[Any] = []
    most_mib = longest_s = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        known = seeds(Path(scratch))
        for suffix, contents in known.items():
            path = Path(scratch, f"mutant{suffix}")
            path.write_bytes(contents[-1])
            _tried(path)  # so that libraries are loaded before memory is measured
            reset_peak()
            before = peak_mib()
            for number in range(count):
                random = np.random.default_rng([seed, number, ord(suffix[1])])
                path.write_bytes(damaged(contents[random.integers(len(contents))], random))
                start = time.process_time()
                outcome = _tried(path)
                longest_s = max(longest_s, time.process_time() - start)
                outcomes[outcome if outcome in _RIGHT else "wrong"] += 1
                if outcome not in _RIGHT:
                    wrong.append([suffix, number, outcome])
            most_mib = max(most_mib, peak_mib() - before)
    print(json.dumps({"outcomes": outcomes, "wrong": wrong[:20], "most_mib": most_mib,
                      "longest_s": longest_s}))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
