"""Whatever somebody puts into a case, it is refused in one sentence, soon, and in little memory."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from contextlib import nullcontext

import hostile
import hostile_archives
import pytest
from plan_to_save import files, replayed

from surgiplan import io
from surgiplan.edits import MoveStent
from surgiplan.errors import CaseFileError

pytestmark = pytest.mark.skipif(
    not os.path.exists("/proc/self/status"), reason="needs a system that tells a process's memory"
)
PROCESSOR_SECONDS = 2
MEMORY_MIB = 300

# Each case in a process of its own, made by fork so that nothing is loaded twice.  A pipe that is
# waited for ends by the alarm.
JUDGE = """
    import json, os, resource, signal, sys
    from surgiplan import io
    from surgiplan.errors import CaseFileError
    def judged(way, path):
        try:
            ways = {
                "open": io.load, "verify": lambda path: "; ".join(io.verify(path)),
                "save": lambda path: io.save(io.load(path), path),
                "unpack": lambda path: io.unpack(path, path + ".splan"),
            }
            damage = ways[way](path)
            return damage if isinstance(damage, str) and damage else "accepted"
        except CaseFileError as error:
            return str(error)
        except BaseException as error:
            return f"crashed: {error!r}"
    def peak():
        # What getrusage says would include the program that started this one.
        lines = open("/proc/self/status").read().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024
    for way, path in json.load(sys.stdin):
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
            signal.alarm(60)
            with os.fdopen(writer, "w") as told:
                told.write(json.dumps([judged(way, path), peak()]))
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as told:
            words, memory = json.loads(told.read() or '["", 0]')
        _, status = os.waitpid(pid, 0)
        print(json.dumps([words, os.waitstatus_to_exitcode(status), memory]), flush=True)
"""


def judged(questions):
    """What the program says of each file, how it ended, and its largest memory [MiB]."""
    script = textwrap.dedent(JUDGE).replace("SECONDS", str(PROCESSOR_SECONDS))
    told = subprocess.run(
        [sys.executable, "-c", script], input=json.dumps(questions), capture_output=True,
        text=True, cwd=os.getcwd(), check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    return [json.loads(line) for line in told.stdout.splitlines()]


def complaints(names, answers):
    """Of the answers those that are no refusal in one sentence, in time and in little memory."""
    return {
        name: answer
        for name, answer in zip(names, answers, strict=True)
        for words, code, memory in [answer]
        if code or memory > MEMORY_MIB or not words.endswith((".", "backup.", "it."))
        or words.startswith(("accepted", "crashed")) or words.count("\n")
    }  # fmt: skip


@pytest.fixture(scope="module")
def sound(edits, tmp_path_factory):
    """A sound case and the file that would be sent of it."""
    folder = tmp_path_factory.mktemp("sound")
    io.save(replayed(edits), folder / "plan.splan", journal=edits)
    io.pack(folder / "plan.splan", folder / "plan.splanz")
    return folder


def test_sound_ones_pass_the_same_judge(sound):
    for words, code, memory in judged(
        [("open", str(sound / "plan.splan")), ("unpack", str(sound / "plan.splanz"))]
    ):
        assert (words, code) == ("accepted", 0)
        assert memory < MEMORY_MIB
    shutil.rmtree(sound / "plan.splanz.splan")


def test_a_hostile_folder_is_refused(sound, tmp_path):
    names, paths = [], []
    for spoil in hostile.FOLDERS:
        path, secret = tmp_path / f"{spoil.__name__}.splan", tmp_path / f"{spoil.__name__}.secret"
        shutil.copytree(sound / "plan.splan", path)
        secret.mkdir()
        spoil(path, secret)
        names.append(spoil.__name__)
        paths.append(str(path))
    assert not complaints(names, judged([("open", path) for path in paths]))
    for name, (words, code, memory) in zip(
        names, judged([("verify", path) for path in paths]), strict=True
    ):
        assert not words.startswith("crashed"), (name, words)
        assert code == 0, (name, code)
        assert memory <= MEMORY_MIB, (name, memory)


def test_a_hostile_journal_log_or_view_keeps_nobody_busy(sound, tmp_path):
    questions = []
    for spoil in hostile.JOURNALS:
        path = tmp_path / f"{spoil.__name__}.splan"
        shutil.copytree(sound / "plan.splan", path)
        spoil(path, tmp_path)
        questions += [("open", str(path)), ("verify", str(path)), ("save", str(path))]
    for (way, path), (words, code, memory) in zip(questions, judged(questions), strict=True):
        assert code == 0, (way, path, code)
        assert not words.startswith("crashed"), (way, path, words)
        assert memory <= MEMORY_MIB, (way, path, memory)
        assert way != "verify" or words != "accepted", path


def test_a_hostile_archive_is_refused_and_leaves_nothing(sound, tmp_path):
    paths = []
    for number, spoil in enumerate(hostile_archives.ARCHIVES.values()):
        path = tmp_path / f"{number}.splanz"
        shutil.copy(sound / "plan.splanz", path)
        spoil(path)
        paths.append(str(path))
    answers = judged([("unpack", path) for path in paths])
    assert not complaints(hostile_archives.ARCHIVES, answers)
    assert sorted(os.listdir(tmp_path)) == sorted(os.path.basename(path) for path in paths)


@pytest.mark.parametrize("name", ["objects", "manifests", "journal.jsonl", "view.json", "lock"])
def test_saving_never_writes_through_a_link(sound, tmp_path, name):
    path, secret = tmp_path / "plan.splan", tmp_path / "secret"
    shutil.copytree(sound / "plan.splan", path)
    secret.mkdir()
    (path / "lock").touch()
    if not (path / name).exists():
        (path / name).touch()
    os.rename(path / name, secret / name)
    (path / name).symlink_to(secret / name)
    before = files(secret)
    move = MoveStent("s1", 20.0)
    refused = pytest.raises(CaseFileError, match=r"which no case does|was not saved")
    is_refused = name in ("objects", "manifests", "journal.jsonl")
    with io.CaseLock(path), refused if is_refused else nullcontext():
        io.save(move.apply(io.load(sound / "plan.splan")), path, journal=[move], view={})
    assert files(secret) == before


def test_a_journal_with_a_second_name_elsewhere_is_not_written(sound, tmp_path):
    path = tmp_path / "plan.splan"
    shutil.copytree(sound / "plan.splan", path)
    os.link(path / "journal.jsonl", tmp_path / "somebody's file")
    before = (tmp_path / "somebody's file").read_bytes()
    move = MoveStent("s1", 20.0)
    io.save(move.apply(io.load(path)), path, journal=[move])
    assert (tmp_path / "somebody's file").read_bytes() == before


@pytest.mark.parametrize("name", ["journal.jsonl", "view.json", "lock"])
def test_a_pipe_is_never_waited_for(sound, tmp_path, name):
    path = tmp_path / "plan.splan"
    shutil.copytree(sound / "plan.splan", path)
    (path / name).unlink(missing_ok=True)
    os.mkfifo(path / name)
    with io.CaseLock(path):
        assert io.opened(path).case.volumes
        io.verify(path)


def test_no_reader_of_cases_knows_a_pickle():
    import ast
    from pathlib import Path

    for module in Path(io.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            words = ast.unparse(node) if isinstance(node, ast.Call) else ""
            assert "allow_pickle" not in words, module.name
            assert not words.startswith(("np.load(", "numpy.load(", "joblib", "torch")), words
