"""A patient with a name that is easy to find goes through everything, and is not found."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from canary import FOLDER, PEOPLE, found_in, search, series

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


class Walk:
    """A program run with a home, settings and temporary folder of its own, all of them searched."""

    def __init__(self, place: Path, person: str, script: str, *steps: str) -> None:
        self.scan = series(place / "given", person)
        self.out, self.home = place / "out", place / "home"
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}"}
        for name, folder in (
            ("HOME", "."), ("TMPDIR", "tmp"), ("XDG_CONFIG_HOME", "config"),
            ("XDG_CACHE_HOME", "cache"), ("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state"),
            ("NUMBA_CACHE_DIR", "numba"), ("MPLCONFIGDIR", "mpl"),
        ):  # fmt: skip
            (self.home / folder).mkdir(parents=True, exist_ok=True)
            environment[name] = str(self.home / folder)
        self.out.mkdir()
        done = subprocess.run(
            [sys.executable, str(HERE / script), str(self.scan), str(self.out), *steps],
            cwd=self.out, env=environment, capture_output=True, timeout=300, check=False,
        )  # fmt: skip
        self.said = done.stdout + done.stderr
        assert done.returncode == 0, self.said[-3000:].decode(errors="replace")
        assert done.stdout.rstrip().endswith(b"walked")

    def identity_of(self, name: str) -> Path:
        """The object in which a case of this walk keeps who it is."""
        from surgiplan import io

        case = self.out / name
        sha256 = io.to_json(io.load(case).identity)[0]["content"]["array"]
        return case / "objects" / sha256


@pytest.fixture(scope="module", params=list(PEOPLE))
def shell(request, tmp_path_factory):
    # What depends on the alphabet is over once the scan is in the case.
    steps = () if request.param == "utf8" else ("import only",)
    return Walk(tmp_path_factory.mktemp("shell"), request.param, "shell_walk.py", *steps)


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    return Walk(tmp_path_factory.mktemp("window"), "utf8", "window_walk.py")


def test_the_search_finds_a_name_wherever_it_hides(tmp_path):
    from reportlab.pdfgen.canvas import Canvas

    page = Canvas(str(tmp_path / "page.pdf"), pageCompression=1)
    page.drawString(100, 100, "ZZCANARY")
    page.save()
    (tmp_path / "settings").write_bytes("recent=ZZCANARY".encode("utf-16-be"))
    (tmp_path / "a.json").write_text('{"name": "\\u91d1\\u7d72"}')
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("who", 100 * "ZZACC")
    (tmp_path / "ZZPHONE").mkdir()
    (tmp_path / "innocent").write_text("P-4F2A91")
    hits = {path.name: found for path, found in search(tmp_path).items()}
    assert hits == {
        "page.pdf": {"ZZCANARY"}, "settings": {"ZZCANARY"}, "a.json": {"金絲"},
        "ZZPHONE": {"ZZPHONE"}, "a.zip": {"ZZACC"},
    }  # fmt: skip
    for person in PEOPLE:
        assert len(search(series(tmp_path / "scans", person))) == 9


def test_no_command_tells_or_keeps_who_it_is_but_in_the_identity(shell):
    assert not found_in(shell.said), shell.said.decode(errors="replace")
    kept = {shell.identity_of("case.splan")}
    if (sent := shell.out / "case.splanz").exists():
        kept.add(sent)  # a case that was sent whole, which its command says
    assert set(search(shell.out)) == kept
    assert not search(shell.home)


def test_the_window_tells_and_keeps_it_nowhere_else(window):
    assert not found_in(window.said), window.said.decode(errors="replace")
    assert set(search(window.out)) == {window.identity_of("window.splan")}
    assert not search(window.home)


def test_where_the_scan_lay_is_echoed_and_not_kept(shell, window):
    for walk in (shell, window):
        assert not search(walk.out, (FOLDER,))
        assert not search(walk.home, (FOLDER,))


def test_the_plan_on_paper_says_that_it_carries_a_pseudonym(window):
    from pypdf import PdfReader

    for page in PdfReader(window.out / "window.pdf").pages:
        assert "Pseudonym P-" in page.extract_text()
