"""An encrypted case from a shell: every command opens it, and none tells the passphrase."""

import getpass
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from surgiplan import io
from surgiplan.cli import main
from surgiplan.model import Case, Patient, Segment, Volume, VoxelGrid

QUICK = io.Cost(n=1 << 10)
WORDS = "wandering otter, blue kettle"


@pytest.fixture
def plain(tmp_path, monkeypatch):
    for name in ("SURGIPLAN_PASSPHRASE", "SURGIPLAN_NEW_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    grid = VoxelGrid((20, 20, 20), np.eye(4))
    values = np.full(grid.shape, -1000, np.int16)
    values[5:15, 5:15, 5:15] = 60
    box = Segment("box", "Box", values > 0, grid, "ct", "threshold", 1.0)
    case = Case(patient=Patient("P-1", "F", 64.0, None, 70))
    io.save(case.with_(Volume("ct", values, grid), box), tmp_path / "plan.splan")
    return tmp_path / "plan.splan"


@pytest.fixture
def path(plain):
    io.encrypt(plain, WORDS, cost=QUICK)
    return plain


@pytest.fixture
def words(tmp_path):
    (tmp_path / "words.txt").write_text(f"{WORDS}\nwhat follows is not read\n")
    return tmp_path / "words.txt"


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    shown = capsys.readouterr()
    assert WORDS not in shown.out + shown.err
    return code, shown.out, shown.err


def test_every_command_on_a_case_opens_it_with_a_passphrase_from_a_file(
    capsys, path, words, tmp_path, monkeypatch
):
    monkeypatch.setattr("surgiplan.report.write.pictures_of", lambda *_, **__: {})
    for command in (
        ["info", path],
        ["verify", path],
        ["audit", path],
        ["measure", path, "0,0,0", "3,4,0"],
        ["segment", path, "threshold", "--low-hu", "0", "--name", "again"],
        ["surface", path, "box", "-o", tmp_path / "box.stl"],
        ["report", path, "-o", tmp_path / "plan.pdf"],
    ):
        code, _, err = run(capsys, *command, "--passphrase-file", words, "--json", "--quiet")
        assert code == 0, err
    place = io.unlock(path, WORDS)
    assert "again" in io.load(place).segments
    assert [event["event"] for event in io.audit_events(place)][-2:] == ["exported", "exported"]
    assert io.verify(place) == ()


def test_the_environment_opens_it_too(capsys, path, monkeypatch):
    monkeypatch.setenv("SURGIPLAN_PASSPHRASE", WORDS)
    code, out, _ = run(capsys, "info", path, "--json")
    assert code == 0
    assert json.loads(out)["patient"]["pseudonym"] == "P-1"


def test_compare_opens_cases_too(capsys, path, words):
    given = ["--passphrase-file", words, "--json", "--quiet"]
    code, out, err = run(capsys, "compare", f"{path}#box", f"{path}#box", *given)
    assert code == 0, err
    assert json.loads(out)["labels"][0]["dice"] == 1.0


def test_a_prompt_opens_it_where_somebody_sits(capsys, path, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    asked = []
    monkeypatch.setattr(getpass, "getpass", lambda question: asked.append(question) or WORDS)
    assert run(capsys, "info", path)[0] == 0
    assert asked == ["Passphrase of plan.splan: "]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "is encrypted; give its passphrase with --passphrase-file FILE or in SURGIPLAN"),
        (["--passphrase-file", "nowhere.txt"], "nowhere.txt with the passphrase cannot be read"),
        (["--passphrase-file", "other.txt"], "not the passphrase of this case"),
    ],
)
def test_without_the_right_words_a_sentence_says_what_to_do(
    capsys, path, tmp_path, monkeypatch, arguments, sentence
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.txt").write_text("some other words")
    code, out, err = run(capsys, "info", path, *arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "some other words" not in err
    assert err.count("\n") == 1


def test_encrypt_passphrase_and_decrypt_do_what_they_say(capsys, plain, words, tmp_path):
    before = io.load(plain).digest
    quiet = ("--json", "--quiet")
    code, out, _ = run(capsys, "encrypt", plain, "--passphrase-file", words, *quiet)
    assert (code, json.loads(out)["encrypted"]) == (0, True)
    about = json.loads((plain / "vault.json").read_text())["kdf"]
    assert about["n"] == 1 << 17
    assert run(capsys, "encrypt", plain, "--passphrase-file", words, *quiet)[0] == 2
    new = tmp_path / "new.txt"
    new.write_text("quiet harbour at noon\n")
    change = ["passphrase", plain, "--passphrase-file", words, "--new-passphrase-file", new]
    assert run(capsys, *change, *quiet)[0] == 0
    assert run(capsys, "info", plain, "--passphrase-file", words, *quiet)[0] == 2
    assert run(capsys, "decrypt", plain, "--passphrase-file", new, *quiet)[0] == 0
    assert io.load(plain).digest == before
    assert io.verify(plain) == ()


def test_two_different_new_passphrases_change_nothing(capsys, plain, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    answers = iter(["one", "two"])
    monkeypatch.setattr(getpass, "getpass", lambda _: next(answers))
    code, _, err = run(capsys, "encrypt", plain)
    assert code == 2
    assert "differ" in err
    assert not io.is_encrypted(plain)


def test_a_scan_can_be_imported_into_a_case_that_was_never_readable(
    capsys, words, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "io"))
    import series_on_disk

    folder = series_on_disk.write(tmp_path / "scan", series_on_disk.slices())
    path = tmp_path / "new.splan"
    arguments = ["import", folder, "-o", path, "--encrypt", "--passphrase-file", words]
    code, _, err = run(capsys, *arguments, "--json", "--quiet")
    assert code == 0, err
    assert {p.name for p in path.iterdir()} == {"vault.json", "sealed"}
    assert not [p for p in path.rglob("*") if p.is_file() and b"ZZCANARY" in p.read_bytes()]
    place = io.unlock(path, WORDS)
    assert io.load(place).identity.name.startswith("ZZCANARY")
    again = ["import", folder, "--into", path, "--passphrase-file", words, "--volume", "second"]
    code, _, err = run(capsys, *again, "--json", "--quiet")
    assert code == 0, err
    assert set(io.load(place).volumes) == {"ct", "second"}
    assert run(capsys, *again, "--encrypt")[0] == 2
