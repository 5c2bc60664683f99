"""The lock pins every library to one file's digest, says nothing of where it lies, and is free."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements.lock").read_text()
PROJECT = (ROOT / "pyproject.toml").read_text()

REQUIREMENT = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[\w.]+)(?P<marker> ; [^\\]+)?$")
DIGEST = re.compile(r"^--hash=sha256:[0-9a-f]{64}$")
NOT_FREE = {
    "dijkstra3d",
    "gmsh",
    "kimimaro",
    "medpy",
    "mkl",
    "pylibjpeg-libjpeg",
    "pymeshfix",
    "pypardiso",
    "scikit-sparse",
    "tetgen",
}
"""GPL, AGPL or proprietary: at most a user's own choice (docs/decisions/dependencies.md)."""


def problems(lock: str) -> list[str]:
    """What is wrong with a lock, one sentence each."""
    found = []
    for entry in re.split(r"\n(?!\s)", lock.strip()):
        requirement, *digests = [part.strip() for part in entry.split("\\\n")]
        match = REQUIREMENT.match(requirement)
        if match is None:
            found.append(f"{requirement!r} is not name==version")
        elif match["name"] in NOT_FREE:
            found.append(f"{match['name']} may not be required")
        if not digests or not all(DIGEST.match(digest) for digest in digests):
            found.append(f"{requirement!r} needs its sha256 digests and nothing else")
    return found


def test_lock_pins_names_versions_and_digests_only() -> None:
    assert problems(LOCK) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://example.org/simple",
        "--extra-index-url https://example.org/simple",
        "--find-links /somewhere",
        "-r other.lock",
        "numpy @ https://example.org/numpy.whl",
        "https://example.org/numpy.whl",
        "# from https://example.org",
        "numpy>=2",
        "numpy==2.4.6",
        "gmsh==4.15.2 \\\n    --hash=sha256:" + 64 * "0",
        "numpy==2.4.6 \\\n    --hash=sha256:" + 64 * "0" + " --index-url=https://example.org",
    ],
)
def test_anything_else_in_a_lock_is_refused(line: str) -> None:
    assert problems(LOCK + line + "\n")
    assert problems(line + "\n" + LOCK)


def test_every_library_that_the_project_names_is_locked() -> None:
    locked = {
        match["name"] for match in map(REQUIREMENT.match, re.split(r" \\\n|\n", LOCK)) if match
    }
    named = {name.lower() for name in re.findall(r'^  "([\w-]+)[>=]=', PROJECT, re.MULTILINE)}
    assert {"vtk", "numba", "pyside6-essentials", "pytest"} <= named
    assert named <= locked
