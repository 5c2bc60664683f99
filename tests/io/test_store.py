"""A case comes back from disk as it was, or the newest state that is whole, or not at all."""

import errno
import json
import os
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import numpy as np
import pytest

from surgiplan import RESEARCH_USE, io
from surgiplan.edits import (
    AddCenterline,
    AddSegments,
    AddVolume,
    MeasureDistance,
    MovePlane,
    MoveStent,
    PlaceStent,
    PlanResection,
    RecordFinding,
    Rename,
)
from surgiplan.errors import CaseFileError
from surgiplan.io import atomic, manifests
from surgiplan.model import (
    Branch,
    Case,
    Centerline,
    Finding,
    Measurement,
    Patient,
    Resection,
    Segment,
    Source,
    StentDesign,
    StentPlacement,
    Volume,
    VoxelGrid,
)


@pytest.fixture(scope="module")
def edits():
    """A whole plan, edit by edit, with every kind of value that a case can hold."""
    random = np.random.default_rng(7)
    grid = VoxelGrid((70, 90, 100), [[0, 0, 0.7, 1], [0, 0.6, 0.1, 2], [2, 0, 0, 3], [0, 0, 0, 1]])
    values = random.integers(-1000, 2000, grid.shape).astype(np.int16)
    source = Source("1.2", "1.1", "2024-03-02", "CT", "Portal", 70, (400.0, 40.0), (), ("a", "b"))
    liver = Segment("liver", "Leber äöü", random.random(grid.shape) > 0.5, grid, "ct", "grow", 0.8)
    path = np.cumsum(np.full((60, 3), 0.6), axis=0)
    contours = random.random((60, 24, 3))
    contours[5] = np.nan
    branch = Branch(path, np.full((60, 3), 3**-0.5), contours)
    centerline = Centerline("c1", "Aorta", "liver", (branch, branch), {"segments/liver": "d"})
    stent = StentPlacement("s1", "Stent", StentDesign("generic", 20, 30.5), "c1", 0, 30.0, 12.0)
    normal = np.array([0.3, -0.5, 0.7])
    finding = Finding(
        "f1", "vessel response", "plan/stents/s1", {"plan/stents/s1": "d"}, {"young_kpa": 400.0},
        {"converged": True, "n": 3, "nested": [{"s_mm": 1.0, "d_mm": None}], "x_mm": 0.1},
        {"points_lps": path, "triangles": np.arange(30, dtype=np.int32).reshape(10, 3)}, "0.1",
    )  # fmt: skip
    return (
        AddVolume(Volume("ct", values, grid, source=source), Patient("P-1", "F", 64.0, None, 70)),
        AddSegments((liver,)),
        AddCenterline(centerline),
        PlaceStent(stent),
        MoveStent("s1", 25.5),
        PlanResection(Resection("r1", "Cut", "liver", [30.0, 30.0, 70.0], normal)),
        MovePlane("r1", (31.0, 30.0, 71.0), normal / 3),
        MeasureDistance(Measurement("m1", "Width", [[0, 0, 0], [1, 2, 3.5]])),
        RecordFinding(finding),
        Rename("segments/liver", "Liver"),
    )


@pytest.fixture(scope="module")
def case(edits):
    return replayed(edits)


def replayed(edits):
    case = Case()
    for edit in edits:
        case = edit.apply(case)
    return case


@pytest.fixture
def path(tmp_path):
    return tmp_path / "plan.splan"


def moved(case, at_mm):
    return MoveStent("s1", at_mm).apply(case)


def same(one, other):
    """Whether two cases mean the same, names and order of the tree included."""
    names = [[(p, getattr(c.at(p), "name", "")) for p in c.paths()] for c in (one, other)]
    return one.digest == other.digest and names[0] == names[1]


def files(path):
    return {
        str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()
    }


def test_a_case_comes_back_as_it_was(case, path):
    assert io.save(case, path, view={"window": [400, 40]}) == 1
    opened = io.opened(path)
    assert same(opened.case, case)
    assert (opened.generation, opened.remarks) == (1, ())
    assert opened.view == io.load_view(path) == {"window": [400, 40]}
    for where in case.paths():
        assert opened.case.at(where).digest == case.at(where).digest
    assert opened.case.findings["f1"].numbers == case.findings["f1"].numbers
    assert io.verify(path) == ()


def test_an_empty_case_comes_back_too(path):
    io.save(Case(), path)
    assert same(io.load(path), Case())
    assert io.load_view(path) == {}


def test_saving_what_was_opened_changes_no_number_and_writes_no_array_again(case, path):
    io.save(case, path)
    before = {p.name: p.stat().st_mtime_ns for p in (path / "objects").iterdir()}
    again = io.load(path)
    for _ in range(3):
        io.save(again, path)
        again = io.load(path)
    assert same(again, case)
    assert {p.name: p.stat().st_mtime_ns for p in (path / "objects").iterdir()} == before


def test_arrays_cannot_be_changed_and_large_ones_stay_on_disk(case, path):
    io.save(case, path)
    values = io.load(path).volume().values
    assert not values.flags.writeable
    base = values
    while isinstance(base.base, np.ndarray):
        base = base.base
    assert isinstance(base, np.memmap)


def test_every_file_states_that_it_is_for_research_only(case, path):
    io.save(case, path, view={})
    for name in ("manifests/00000001.json", "view.json"):
        assert json.loads((path / name).read_text())["notice"] == RESEARCH_USE


def test_the_journal_replays_to_the_same_case(edits, case, path):
    io.save(replayed(edits[:4]), path, journal=edits[:4])
    io.save(case, path, journal=[MoveStent("s1", 99.0), None, *edits[4:]])
    journal = io.load_edits(path / "journal.jsonl")
    assert [type(edit).__name__ for edit in journal[3:7]] == [
        "PlaceStent", "MoveStent", "NoneType", "MoveStent"
    ]  # fmt: skip
    done = []
    for edit in journal:
        if edit is None:
            done.pop()
        else:
            done.append(edit)
    assert same(replayed(done), case)


def test_a_journal_line_that_a_crash_cut_off_is_left_out_and_written_over(edits, path):
    io.save(replayed(edits[:1]), path, journal=edits[:1])
    with (path / "journal.jsonl").open("ab") as file:
        file.write(b'{"type": "Rena')
    assert len(io.load_edits(path / "journal.jsonl")) == 1
    io.save(replayed(edits[:2]), path, journal=edits[1:2])
    assert len(io.load_edits(path / "journal.jsonl")) == 2


def test_a_damaged_journal_line_is_named(edits, path):
    io.save(replayed(edits[:2]), path, journal=edits[:2])
    journal = path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"AddSegments", b"AddSegmentz"))
    with pytest.raises(CaseFileError, match=r"Line 2 of journal.jsonl"):
        io.load_edits(journal)
    assert any("Line 2" in sentence for sentence in io.verify(path))


def test_what_was_removed_from_the_case_can_still_be_replayed(edits, path):
    io.save(replayed(edits[:2]), path, journal=edits[:2])
    for _ in range(25):
        io.save(Case(), path)
    assert replayed(io.load_edits(path / "journal.jsonl")).segment("liver").voxels > 0


def test_a_damaged_newest_state_gives_way_to_the_one_before_and_says_so(case, path):
    io.save(case, path)
    later = moved(case, 20.0)
    io.save(later, path)
    manifest = path / "manifests/00000002.json"
    for damage in (
        b"",
        manifest.read_bytes()[:400],
        manifest.read_bytes().replace(b"20.0", b"21.0"),
    ):
        manifest.write_bytes(damage)
        opened = io.opened(path)
        assert same(opened.case, case)
        assert opened.generation == 1
        assert "The newest saved state (2) is damaged" in opened.remarks[0]
        assert any("Manifest 2" in sentence for sentence in io.verify(path))
    assert io.save(later, path) == 3
    assert same(io.load(path), later)


@pytest.mark.parametrize("at", [0, 1, 7])
def test_one_flipped_bit_in_an_object_is_noticed(case, path, at):
    io.save(case, path)
    victim = sorted((path / "objects").iterdir())[at % len(list((path / "objects").iterdir()))]
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 4
    victim.write_bytes(content)
    assert io.verify(path) == (f"Object {victim.name[:12]} is damaged.",)
    with pytest.raises(CaseFileError, match=r"plan.splan is damaged .* restore it from a backup"):
        io.load(path)


def test_a_state_whose_new_object_is_gone_gives_way_to_the_one_before(edits, path):
    io.save(replayed(edits[:1]), path)
    before = set((path / "objects").iterdir())
    io.save(replayed(edits[:2]), path)
    (new,) = set((path / "objects").iterdir()) - before
    for break_it, word in ((lambda: new.write_bytes(b"x"), "cut off"), (new.unlink, "missing")):
        break_it()
        opened = io.opened(path)
        assert same(opened.case, replayed(edits[:1]))
        assert word in opened.remarks[0]


def test_what_is_no_case_is_said_to_be_none(tmp_path):
    (tmp_path / "text.splan").write_text("no case")
    for name, words in (
        ("nowhere", "There is no case"),
        ("text.splan", "is no case"),
        ("", "is no"),
    ):
        with pytest.raises(CaseFileError, match=words):
            io.load(tmp_path / name)


def rewritten(path, change):
    """Change the newest manifest as somebody would who knows how to hash it."""
    manifest = max((path / "manifests").iterdir())
    content = json.loads(manifest.read_text())
    change(content)
    content.pop("sha256")
    content["sha256"] = manifests._hash(content)
    manifest.write_text(json.dumps(content))


def test_a_case_of_a_newer_version_is_left_to_that_version(case, path):
    io.save(case, path)
    io.save(case, path)
    rewritten(path, lambda content: content.update(format=manifests.FORMAT + 1))
    with pytest.raises(CaseFileError, match="newer version"):
        io.load(path)


def a_path(content):
    grid = content["case"]["volumes"]["ct"]["values"]
    grid["array"] = "../../../../etc/passwd"


def a_class(content):
    content["case"]["volumes"]["ct"]["type"] = "subprocess.Popen"


def a_field(content):
    content["case"]["patient"]["name"] = "Berta"


def an_object_type(content):
    content["case"]["volumes"]["ct"]["values"]["dtype"] = "object"


def a_huge_shape(content):
    content["case"]["volumes"]["ct"]["values"]["shape"] = [1 << 39, 1 << 39, 1 << 39]


def another_shape(content):
    content["case"]["segments"]["liver"]["mask"]["shape"] = [90, 70, 100]


def a_missing_field(content):
    del content["case"]["segments"]["liver"]["mask"]


def a_word_for_a_number(content):
    content["case"]["plan"]["stents"]["s1"]["at_mm"] = "middle"


def an_infinite_number(content):
    content["case"]["plan"]["stents"]["s1"]["at_mm"] = 1e999


def an_impossible_stent(content):
    content["case"]["plan"]["stents"]["s1"]["design"]["diameter_mm"] = -5.0


def no_objects(content):
    content["objects"] = [1, 2]


@pytest.mark.parametrize(
    "change",
    [
        a_path, a_class, a_field, an_object_type, a_huge_shape, another_shape, a_missing_field,
        a_word_for_a_number, an_infinite_number, an_impossible_stent, no_objects,
    ],
)  # fmt: skip
def test_a_forged_manifest_is_refused_in_one_sentence(case, path, change):
    io.save(case, path)
    rewritten(path, change)
    with pytest.raises(CaseFileError, match=r"plan\.splan is damaged"):
        io.load(path)


def test_json_that_is_nested_without_end_is_refused(case, path):
    io.save(case, path)
    (path / "manifests/00000001.json").write_text("[" * 100_000)
    with pytest.raises(CaseFileError, match="damaged"):
        io.load(path)


def test_a_number_that_is_none_is_not_saved_and_changes_nothing(case, path):
    io.save(case, path)
    before = files(path)
    finding = replace(case.findings["f1"], numbers={"stress_kpa": float("nan")})
    with pytest.raises(CaseFileError, match=r"stress_kpa is not a number"):
        io.save(RecordFinding(finding).apply(case), path)
    assert files(path) == before


@pytest.mark.parametrize("step", ["open", "fsync", "replace", "flush_folder"])
def test_a_save_that_dies_at_any_step_leaves_one_of_two_whole_states(
    edits, case, tmp_path, monkeypatch, step
):
    early = replayed(edits[:1])
    outcomes = []
    for steps in range(100):
        path = tmp_path / f"{steps}.splan"
        io.save(early, path, journal=edits[:1])
        with monkeypatch.context() as patch:
            die_after(steps, step, patch)
            try:
                io.save(case, path, journal=edits[1:])
            except KeyboardInterrupt:
                died = True
            else:
                died = False
        found = io.load(path)
        outcomes.append(same(found, case))
        assert outcomes[-1] or same(found, early)
        assert io.verify(path) == ()
        assert not list(path.rglob(".*"))
        assert io.save(case, path) >= 2
        assert same(io.load(path), case)
        if not died:
            break
    assert len(outcomes) > 5
    assert outcomes == sorted(outcomes), "once it is saved it stays saved"
    assert outcomes[-1]


def die_after(steps, step, patch):
    """Stop the program, as Ctrl-C would, at the call after so many calls of ``step``."""
    owner = {"open": atomic, "flush_folder": atomic}.get(step, os)
    function = open if step == "open" else getattr(owner, step)
    calls = iter(range(steps))

    def dying(*arguments, **options):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return function(*arguments, **options)

    patch.setattr(owner, step, dying, raising=False)


@pytest.mark.parametrize("seed", range(4))
def test_a_program_killed_while_it_saves_loses_nothing_that_it_had_saved(path, seed):
    script = """
        import sys
        import numpy as np
        from surgiplan import io
        from surgiplan.model import Case, Volume, VoxelGrid
        grid = VoxelGrid((40, 60, 60), np.eye(4))
        for n in range(1, 10_000):
            volumes = [Volume(f"v{m}", np.full(grid.shape, n * m, np.int16), grid) for m in (1, 2)]
            print(io.save(Case().with_(*volumes), sys.argv[1]), flush=True)
    """
    run = [sys.executable, "-c", textwrap.dedent(script), str(path)]
    with subprocess.Popen(run, stdout=subprocess.PIPE, text=True, cwd=os.getcwd()) as process:
        assert process.stdout.readline() == "1\n"
        time.sleep(np.random.default_rng(seed).uniform(0, 0.3))
        process.kill()
        told = [int(line) for line in process.stdout.read().split("\n")[:-1]]
    opened = io.opened(path)
    assert opened.remarks == ()
    assert opened.generation >= max(told, default=1)
    n = opened.generation
    assert [np.unique(v.values).tolist() for v in opened.case.volumes.values()] == [[n], [2 * n]]
    io.save(opened.case, path)
    assert io.verify(path) == ()
    assert not list(path.rglob(".*"))


def test_a_killed_save_leaves_the_state_before_and_its_litter_goes(edits, case, path):
    early = replayed(edits[:1])
    io.save(early, path)
    (path / f".manifest.x{atomic.TEMPORARY_SUFFIX}").touch()
    (path / "objects" / f".1234.x{atomic.TEMPORARY_SUFFIX}").write_bytes(bytes(100))
    (path / "objects" / ("ab" * 32)).write_bytes(bytes(100))
    assert same(io.load(path), early)
    io.save(case, path)
    assert not list(path.rglob(".*"))
    assert not (path / "objects" / ("ab" * 32)).exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_full_or_failing_disk_is_said_and_the_state_before_stays(
    edits, case, path, monkeypatch, code
):
    early = replayed(edits[:1])
    io.save(early, path, journal=edits[:1])
    before = files(path)

    def fail(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(CaseFileError, match=r"was not saved: .* what was saved before is intact"):
        io.save(case, path, journal=edits[1:])
    monkeypatch.undo()
    assert files(path) == before


def test_no_room_is_noticed_before_anything_is_written(case, path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(CaseFileError, match="the disk is full"):
        io.save(case, path)
    assert not path.exists()


def test_a_limit_on_file_size_in_a_real_process_leaves_the_state_before(case, path):
    io.save(Case(), path)
    script = """
        import resource, sys
        import numpy as np
        from surgiplan import io
        from surgiplan.errors import CaseFileError
        from surgiplan.model import Case, Volume, VoxelGrid
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        volume = Volume("ct", np.ones((60, 60, 60), np.int16), VoxelGrid((60, 60, 60), np.eye(4)))
        try:
            io.save(Case().with_(volume), sys.argv[1])
        except CaseFileError as error:
            sys.exit(str(error))
    """
    run = [sys.executable, "-c", textwrap.dedent(script), str(path)]
    told = subprocess.run(run, capture_output=True, text=True, cwd=os.getcwd(), check=False)
    assert told.returncode == 1
    assert "the disk is full" in told.stderr
    assert "Traceback" not in told.stderr
    assert same(io.load(path), Case())
    assert not list(path.rglob(".*"))


def test_a_folder_that_cannot_be_written_is_said(case, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CaseFileError, match="was not saved"):
        io.save(case, tmp_path / "file" / "plan.splan")


def test_twenty_states_are_kept_and_no_array_that_only_older_ones_need(edits, case, path):
    io.save(case, path)
    assert len(list((path / "objects").iterdir())) > 5
    for _ in range(25):
        io.save(replayed(edits[:1]), path)
    names = sorted(p.name for p in (path / "manifests").iterdir())
    assert names == [f"{n:08d}.json" for n in range(7, 27)]
    assert len(list((path / "objects").iterdir())) == 1
    assert io.verify(path) == ()


def test_arrays_are_kept_while_a_damaged_state_might_need_them(edits, case, path):
    io.save(case, path)
    objects = set((path / "objects").iterdir())
    (path / "manifests/00000001.json").write_text("{}")
    io.save(replayed(edits[:1]), path)
    assert set((path / "objects").iterdir()) == objects


def test_a_copy_saved_elsewhere_needs_nothing_of_the_first(case, path, tmp_path):
    import shutil

    io.save(case, path)
    io.save(io.load(path), tmp_path / "copy.splan")
    shutil.rmtree(path)
    assert same(io.load(tmp_path / "copy.splan"), case)
