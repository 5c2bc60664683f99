"""The wheel carries what a source tree has at its top, where an installed program looks for it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel would install."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory"]
    subprocess.run([*build, str(folder)], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_has_every_module_and_every_resource(installed: Path) -> None:
    wanted = {path.relative_to(ROOT) for path in (ROOT / "surgiplan").rglob("*.py")}
    for folder in ("resources", "sample_dicom"):
        files = (path for path in (ROOT / folder).rglob("*") if path.is_file())
        wanted |= {Path("surgiplan") / path.relative_to(ROOT) for path in files}
    assert not [str(path) for path in sorted(wanted) if not (installed / path).is_file()]


def test_an_installed_program_finds_its_resources_and_its_sample(installed: Path) -> None:
    code = (
        "from surgiplan.resources import resource, sample_study;"
        "print(resource('devices'), sample_study(), sep='\\n')"
    )
    answer = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=installed,
        env={"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    for line in answer.stdout.split("\n")[:2]:
        assert Path(line).is_relative_to(installed / "surgiplan")


def test_the_command_is_named_surgiplan(installed: Path) -> None:
    (entry_points,) = installed.glob("*.dist-info/entry_points.txt")
    assert "surgiplan = surgiplan.cli:main" in entry_points.read_text()
