"""An encrypted case tells nothing without its passphrase and notices every hand."""

import json
import pickle
import shutil

import numpy as np
import pytest
from plan_to_save import files, replayed, same

from surgiplan import io
from surgiplan.edits import MoveStent
from surgiplan.errors import CaseFileError
from surgiplan.io.case.vault import SealedVault
from surgiplan.model import Case, Volume, VoxelGrid

QUICK = io.Cost(n=1 << 10)
"""A cost for tests; the real one takes half a second and 128 MiB a guess."""
WORDS = "wandering otter, blue kettle"


@pytest.fixture(scope="module")
def saved(edits, tmp_path_factory):
    """A case encrypted from its first byte, saved twice and autosaved; its folder, to copy."""
    path = tmp_path_factory.mktemp("vault") / "plan.splan"
    place = io.new_encrypted(path, WORDS, cost=QUICK)
    io.save(replayed(edits[:5]), place, journal=edits[:5], view={"window": [400, 40]})
    io.save(replayed(edits), place, journal=edits[5:])
    io.autosave(MoveStent("s1", 20.0).apply(replayed(edits)), place, [MoveStent("s1", 20.0)])
    return path


@pytest.fixture
def copy(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "plan.splan")


def test_a_case_comes_back_as_it_was(case, edits, copy):
    place = io.unlock(copy, WORDS)
    found = io.opened(place)
    assert same(found.case, case)
    assert found.view == {"window": [400, 40]}
    assert [step.at_mm for step in found.lost.steps] == [20.0]
    assert len(io.load_edits(place)) == len(edits)
    assert io.verify(place) == ()
    assert io.audit_events(place)[-1]["event"] == "saved"
    assert io.save(found.case, place) == 4
    assert same(io.load(place), case)


def test_only_sizes_counts_and_the_way_to_the_key_can_be_read(case, saved):
    secrets = [b"liver", b"Leber", b"stents", b"Portal", b"saved", b"AddVolume"]
    secrets += [case.volume().sha256.encode(), case.volume().values[3, 4].tobytes()]
    secrets += [case.segments["liver"].mask[5].tobytes()[:40]]
    for name, content in files(saved).items():
        assert name == "vault.json" or name.startswith("sealed/")
        assert not [secret for secret in secrets if secret in content], name
    about = json.loads((saved / "vault.json").read_text())
    assert about.keys() == {"notice", "format", "case", "kdf", "key"}


def test_no_object_bears_the_hash_of_a_known_scan(case, saved):
    assert case.volume().sha256 not in {p.name for p in (saved / "sealed/objects").iterdir()}


def test_the_default_cost_is_that_of_the_decision():
    assert io.Cost() == io.Cost(1 << 17, 8, 1)
    about = json.loads(SealedVault.create("x").to_bytes())["kdf"]
    assert (about["name"], about["n"], about["r"], about["p"]) == ("scrypt", 131072, 8, 1)


@pytest.mark.parametrize("wrong", ["", "wandering otter", WORDS + " ", WORDS.upper(), "x" * 10_000])
def test_a_wrong_passphrase_opens_nothing(copy, wrong):
    with pytest.raises(CaseFileError, match="passphrase") as refused:
        io.unlock(copy, wrong)
    assert WORDS not in str(refused.value)
    assert wrong == "" or wrong not in str(refused.value)


def test_a_case_without_its_passphrase_says_that_it_is_encrypted(copy, case):
    before = files(copy)
    for attempt in (io.load, io.verify, io.audit_events, lambda path: io.save(case, path)):
        with pytest.raises(io.EncryptedCase, match=r"plan.splan is encrypted; give its passphrase"):
            attempt(copy)
    assert files(copy) == before


def test_the_same_passphrase_typed_on_another_keyboard_opens(tmp_path):
    io.new_encrypted(tmp_path / "a.splan", "L\u00f6wenzahn", cost=QUICK)
    assert io.unlock(tmp_path / "a.splan", "Lo\u0308wenzahn")


def flipped(content, random):
    at = random.integers(len(content))
    return content[:at] + bytes([content[at] ^ 1 << random.integers(8)]) + content[at + 1 :]


def cut(content, random):
    return content[: random.integers(len(content))]


def grown(content, random):
    return content + random.bytes(random.integers(1, 40))


@pytest.mark.parametrize("hand", [flipped, cut, grown])
def test_every_changed_file_is_noticed(copy, hand):
    victims = [p for p in sorted((copy / "sealed").rglob("*")) if p.is_file()]
    victims = [p for p in victims if p.name != "view.json"]
    place = io.unlock(copy, WORDS)
    for seed in range(60):
        random = np.random.default_rng(seed)
        victim = victims[seed % len(victims)]
        content = victim.read_bytes()
        changed = hand(content, random)
        victim.write_bytes(changed)
        if victim.suffix == ".jsonl" and changed.startswith(content.rstrip(b"\n")):
            changed = content  # a half line behind the last is what a crash leaves
        if victim.name == "journal.jsonl" and content.startswith(changed):
            # The manifest has the newest save's lines as well, and the next save writes them.
            changed = content if changed.count(b"\n") >= 5 else changed
        assert (io.verify(place) == ()) == (changed == content), (seed, victim)
        victim.write_bytes(content)
    assert io.verify(place) == ()


@pytest.mark.parametrize("hand", [flipped, cut, grown])
def test_a_changed_vault_file_opens_nothing(copy, hand):
    vault = copy / "vault.json"
    content = vault.read_bytes()
    for seed in range(40):
        vault.write_bytes(hand(content, np.random.default_rng(seed)))
        if json_or_none(vault) == json.loads(content) or in_the_notice(vault, content):
            continue
        with pytest.raises(CaseFileError):
            io.unlock(copy, WORDS)


def json_or_none(path):
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        return None


def in_the_notice(path, content):
    """Whether only the sentence for readers was changed, or the case of a hex digit."""
    one, other = json_or_none(path), json.loads(content)
    if not isinstance(one, dict) or one.keys() != other.keys():
        return False
    lower = [{k: str(v).lower() for k, v in d.items() if k != "notice"} for d in (one, other)]
    return lower[0] == lower[1]


def test_a_demand_for_memory_without_end_is_refused_before_it_is_met(copy):
    vault = copy / "vault.json"
    content = json.loads(vault.read_text())
    for kdf in ({"n": 1 << 30}, {"r": 1 << 20}, {"p": 1 << 20}, {"n": 3}, {"n": 1 << 18, "r": 16}):
        vault.write_text(json.dumps({**content, "kdf": {**content["kdf"], **kdf}}))
        with pytest.raises(CaseFileError, match=r"vault.json of the case is damaged"):
            io.unlock(copy, WORDS)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A case with a scan of three and a half pieces of a megabyte."""
    path = tmp_path_factory.mktemp("large") / "plan.splan"
    place = io.new_encrypted(path, WORDS, cost=QUICK)
    grid = VoxelGrid((7, 512, 512), np.eye(4))
    values = np.random.default_rng(1).integers(-1000, 1000, grid.shape).astype(np.int16)
    io.save(Case().with_(Volume("ct", values, grid)), place)
    return place, values


def test_a_scan_larger_than_a_piece_comes_back_read_only_and_in_memory(large):
    place, values = large
    found = io.load(place).volume().values
    assert np.array_equal(found, values)
    assert not found.flags.writeable
    base = found
    while isinstance(base.base, np.ndarray):
        base = base.base
    assert not isinstance(base, np.memmap)


def test_swapped_dropped_and_repeated_pieces_are_noticed(large, tmp_path):
    place, _ = large
    copy = io.unlock(shutil.copytree(place.root, tmp_path / "plan.splan"), WORDS)
    (victim,) = (copy.files / "objects").iterdir()
    content = victim.read_bytes()
    step = (1 << 20) + 16
    head, pieces = content[:8], [content[8 + n * step : 8 + (n + 1) * step] for n in range(4)]
    assert [len(piece) for piece in pieces] == [step, step, step, (1 << 19) + 16]
    for order in ([1, 0, 2, 3], [0, 2, 1, 3], [0, 1, 3], [0, 1, 2], [0, 1, 1, 3], [1, 2, 3], [3]):
        victim.write_bytes(head + b"".join(pieces[n] for n in order))
        with pytest.raises(CaseFileError):
            io.load(copy)
    victim.write_bytes(content)
    assert io.load(copy)


def test_an_object_of_another_name_or_case_or_time_is_noticed(saved, copy, case, tmp_path):
    place = io.unlock(copy, WORDS)
    names = sorted((copy / "sealed/objects").iterdir())
    same_size = [(a, b) for a in names for b in names if a < b and
                 a.stat().st_size == b.stat().st_size]  # fmt: skip
    one, other = same_size[0] if same_size else names[:2]
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    assert len(io.verify(place)) >= 2
    one.write_bytes(first)
    other.write_bytes(second)
    stranger = io.new_encrypted(tmp_path / "other.splan", WORDS, cost=QUICK)
    io.save(case, stranger)
    shutil.copy(stranger.manifests / "00000001.json", copy / "sealed/manifests/00000002.json")
    assert any("00000002.json" in sentence for sentence in io.verify(place))
    shutil.copy(saved / "sealed/manifests/00000001.json", copy / "sealed/manifests/00000002.json")
    assert any("00000002.json" in sentence for sentence in io.verify(place))


def test_an_older_state_of_the_whole_case_put_back_file_by_file_is_noticed(copy, case):
    place = io.unlock(copy, WORDS)
    before = files(copy)
    io.save(MoveStent("s1", 33.0).apply(case), place)
    after = files(copy)
    for names in (["sealed/audit.jsonl"], ["sealed/audit.jsonl", "sealed/audit.head"]):
        for name in names:
            assert after[name] != before[name]
            (copy / name).write_bytes(before[name])
        assert io.verify(place), names
        for name in names:
            (copy / name).write_bytes(after[name])
    assert io.verify(place) == ()


def test_a_new_passphrase_opens_and_the_old_one_no_more(copy, case):
    place = io.unlock(copy, WORDS)
    objects = {p: p.stat().st_mtime_ns for p in (copy / "sealed/objects").iterdir()}
    io.change_passphrase(place, "quiet harbour at noon", cost=QUICK)
    with pytest.raises(io.WrongPassphrase):
        io.unlock(copy, WORDS)
    again = io.unlock(copy, "quiet harbour at noon")
    assert same(io.load(again), case)
    assert io.audit_events(again)[-1]["event"] == "passphrase changed"
    assert {p: p.stat().st_mtime_ns for p in (copy / "sealed/objects").iterdir()} == objects


def test_without_its_key_file_a_case_is_not_taken_for_an_empty_one(copy, case):
    (copy / "vault.json").unlink()
    for attempt in (io.load, lambda path: io.save(case, path)):
        with pytest.raises(CaseFileError, match=r"vault.json is gone; put that back"):
            attempt(copy)


def test_a_copy_of_an_encrypted_case_is_encrypted_behind_the_same_words(copy, case, tmp_path):
    place = io.encrypted_like(io.unlock(copy, WORDS), tmp_path / "copy.splan")
    io.save(case, place)
    shutil.rmtree(copy)
    assert same(io.load(io.unlock(tmp_path / "copy.splan", WORDS)), case)


def test_a_failed_first_save_leaves_no_folder(case, tmp_path, monkeypatch):
    place = io.new_encrypted(tmp_path / "plan.splan", WORDS, cost=QUICK)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(CaseFileError, match="disk is full"):
        io.save(case, place)
    assert not (tmp_path / "plan.splan").exists()


def test_the_key_stays_in_its_process_and_out_of_every_text(copy):
    place = io.unlock(copy, WORDS)
    with pytest.raises(TypeError, match="stays in the process"):
        pickle.dumps(place)
    assert repr(place.vault) == "SealedVault(…)"
    assert str(place) == str(copy)


def test_an_encrypted_case_is_not_packed_into_a_file_that_is_not(copy, tmp_path):
    with pytest.raises(CaseFileError, match="encrypted and a file to send is not"):
        io.pack(io.unlock(copy, WORDS), tmp_path / "plan.splanz")
    assert not (tmp_path / "plan.splanz").exists()


def test_every_file_of_an_encrypted_case_is_its_owners_alone(copy):
    place = io.unlock(copy, WORDS)
    io.save(io.load(place), place)
    for where in (copy, *copy.rglob("*")):
        assert where.stat().st_mode & 0o777 == (0o700 if where.is_dir() else 0o600), where


def test_a_line_slipped_into_the_journal_or_the_log_unsealed_is_not_believed(copy, case):
    place = io.unlock(copy, WORDS)
    for name in ("journal.jsonl", "audit.jsonl"):
        content = (copy / "sealed" / name).read_bytes()
        (copy / "sealed" / name).write_bytes(content + b'{"type": "Undo"}\n')
        assert io.verify(place)
        (copy / "sealed" / name).write_bytes(content)


def test_a_damaged_line_stops_no_save(copy, case):
    place = io.unlock(copy, WORDS)
    for name in ("journal.jsonl", "audit.jsonl"):
        content = bytearray((copy / "sealed" / name).read_bytes())
        content[10] ^= 1
        (copy / "sealed" / name).write_bytes(content)
    io.save(case, place)
    assert same(io.load(place), case)
    assert len(io.verify(place)) >= 2


def test_a_passphrase_in_another_encoding_than_the_shells_opens_too(tmp_path):
    typed = b"L\xf6wenzahn".decode(errors="surrogateescape")
    io.new_encrypted(tmp_path / "a.splan", typed, cost=QUICK)
    assert io.unlock(tmp_path / "a.splan", typed)


def test_a_link_in_the_place_of_the_sealed_folder_is_not_followed(copy, tmp_path):
    place = io.unlock(copy, WORDS)
    (copy / "sealed").rename(tmp_path / "elsewhere")
    (copy / "sealed").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(CaseFileError, match="holds a link"):
        io.load(place)
