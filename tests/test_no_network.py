"""Nothing leaves the machine, and nothing of a patient is written anywhere but where it belongs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pydicom
import pytest

ROOT = Path(__file__).resolve().parent.parent
WATCHER = ROOT / "tests" / "watched.py"
SHAPE = (24, 40, 40)


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    """A compressed series of a bright ball with a name in it."""
    sys.path.insert(0, str(ROOT / "tests" / "io"))
    import series_on_disk

    k, j, i = np.indices(SHAPE)
    ball = (k - 12) ** 2 + (j - 20) ** 2 / 4 + (i - 20) ** 2 / 4 < 60
    noise = np.random.default_rng(3).integers(0, 40, SHAPE)
    values = (np.where(ball, 300, -200) + noise).astype(np.int16)
    folder = tmp_path_factory.mktemp("scan") / "series"
    series_on_disk.write(folder, series_on_disk.slices(values))
    for file in folder.iterdir():
        dataset = pydicom.dcmread(file)
        dataset.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
        dataset.save_as(file, enforce_file_format=True)
    return folder, values


class Run:
    """One run of the watcher, with its own home and an empty folder for what is temporary."""

    def __init__(self, folder, steps, secrets=(), wrapper=(), sealed=()):
        self.litter, self.log = {}, folder / "forbidden.log"
        self.secrets = secrets
        self.temporary = folder / "temporary"
        folder.mkdir(exist_ok=True)
        for place in (self.temporary, folder / "home", folder / "runtime"):
            place.mkdir(mode=0o700)
        (folder / "steps.json").write_text(json.dumps([[str(a) for a in step] for step in steps]))
        surroundings = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder / "home"),
            "TMPDIR": str(self.temporary),
            "XDG_RUNTIME_DIR": str(folder / "runtime"),
            "SURGIPLAN_WATCH_LOG": str(self.log),
            "QT_QPA_PLATFORM": "offscreen",
        }
        command = [*wrapper, sys.executable, str(WATCHER), str(folder / "steps.json")]
        over = threading.Event()
        poll = threading.Thread(
            target=self._poll, args=(over, (self.temporary, folder / "home", *sealed))
        )
        poll.start()
        try:
            self.done = subprocess.run(
                command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False
            )
        finally:
            over.set()
            poll.join()
        self.forbidden = self.log.read_text() if self.log.exists() else ""

    def _poll(self, over, places):
        while not over.wait(0.01):
            self._look(places)
        self._look(places)

    def _look(self, places):
        """Remember every file outside the case that holds a part of the scan or a name."""
        for place in places:
            for file in place.rglob("*"):
                try:
                    content = file.read_bytes() if file.is_file() else b""
                except OSError:
                    continue  # it has just gone
                if content and any(secret in content for secret in self.secrets):
                    self.litter[str(file)] = len(content)


def secrets_of(values):
    """Bytes that only this scan has, as the file and as the case keep them, and the name."""
    rows = values[12, 18:22]
    stored = (rows.astype(np.int32) + 1024).astype("<u2")
    return [b"ZZCANARY", *(bytes(r) for r in rows), *(bytes(r) for r in stored)]


def without_network():
    """The command that takes the network away, where the system lets a user do so."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return []
    can = subprocess.run([unshare, "-rn", "true"], capture_output=True, check=False)
    return [unshare, "-rn"] if can.returncode == 0 else []


def commands(folder, case, paper):
    return [
        ["scan", folder, "--quiet"],
        ["import", folder, "-o", case, "--quiet"],
        ["segment", case, "threshold", "--name", "ball", "--low-hu", "200", "--quiet"],
        ["surface", case, "ball", "-o", paper.with_suffix(".stl"), "--quiet"],
        ["report", case, "-o", paper, "--quiet"],
        ["verify", case],
    ]


def test_the_whole_way_from_a_shell_opens_no_internet_socket_and_leaves_nothing(scan, tmp_path):
    folder, values = scan
    case = tmp_path / "plan.splan"
    steps = commands(folder, case, tmp_path / "plan.pdf")
    run = Run(tmp_path, steps, secrets_of(values), without_network())
    assert run.forbidden == ""
    assert run.done.returncode == 0, run.done.stderr[-2000:]
    assert run.litter == {}
    assert not [p for p in run.temporary.rglob("*") if p.is_file()]
    written = b"".join(p.read_bytes() for p in (case / "objects").iterdir())
    assert any(secret in written for secret in secrets_of(values)[1:]), "the secrets are real"


def test_a_session_in_the_window_opens_no_internet_socket_and_leaves_nothing(scan, tmp_path):
    folder, values = scan
    steps = [["window", folder, tmp_path / "plan.splan", tmp_path / "plan.pdf"]]
    run = Run(tmp_path, steps, secrets_of(values), without_network())
    assert run.forbidden == ""
    assert run.done.returncode == 0, run.done.stderr[-2000:]
    assert run.litter == {}
    assert not [p for p in run.temporary.rglob("*") if p.is_file()]
    assert (tmp_path / "plan.pdf").stat().st_size > 1000
    assert (tmp_path / "plan.splan" / "manifests").is_dir()


def test_an_encrypted_case_is_never_written_in_the_clear(scan, tmp_path):
    folder, values = scan
    (tmp_path / "words.txt").write_text("wandering otter")
    case, given = tmp_path / "secret.splan", ["--passphrase-file", tmp_path / "words.txt"]
    steps = [
        ["import", folder, "-o", case, "--encrypt", *given, "--quiet"],
        ["segment", case, "threshold", "--low-hu", "200", *given, "--quiet"],
        ["report", case, "-o", tmp_path / "plan.pdf", *given, "--quiet"],
        ["verify", case, *given],
    ]
    run = Run(tmp_path, steps, secrets_of(values), sealed=[case])
    assert run.done.returncode == 0, run.done.stderr[-2000:]
    assert run.forbidden == ""
    assert run.litter == {}
    assert len(list((case / "sealed/objects").iterdir())) > 2
    assert "wandering" not in run.done.stdout + run.done.stderr


@pytest.mark.parametrize(
    ("code", "event"),
    [
        ("import socket; socket.socket(socket.AF_INET)", "socket.__new__"),
        ("import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)", "socket.__new__"),
        ("import socket; socket.getaddrinfo('localhost', 80)", "socket.getaddrinfo"),
        ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
        ("import os; os.system('true')", "os.system"),
        ("import os; os.execv('/bin/true', ['true'])", "os.exec"),
        ("import pickle; pickle.loads(b'cos\\nsystem\\n.')", "pickle.find_class"),
    ],
)
def test_the_watch_catches_what_it_watches_for(tmp_path, code, event):
    run = Run(tmp_path, [["python", code]])
    assert run.forbidden.startswith(event)
    assert run.done.returncode == 1


def test_the_kernel_ends_a_library_that_opens_an_internet_socket(tmp_path):
    run = Run(tmp_path, [["python", "import ctypes; ctypes.CDLL(None).socket(2, 1, 0)"]])
    if run.done.stdout.startswith("interpreter"):
        pytest.skip("this system has no filter for system calls")
    assert run.done.returncode == -signal.SIGSYS
    free = Run(tmp_path / "unix", [["python", "import socket; socket.socket(socket.AF_UNIX)"]])
    assert free.done.returncode == 0


def test_what_lies_about_in_a_temporary_folder_would_be_seen(tmp_path):
    code = (
        "import tempfile, time\n"
        "with tempfile.NamedTemporaryFile() as f: f.write(b'xxSECRETxx'); f.flush(); time.sleep(1)"
    )
    run = Run(tmp_path, [["python", code]], [b"SECRET"])
    assert list(run.litter.values()) == [10]
