"""A program killed while it saves, again and again on one case, loses nothing it had saved."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

# A child saves and autosaves in turn and says so after each; the parent kills it at a random
# moment, looks at what is on disk, and lets the next child go on from there.
SCRIPT = """
    import json, os, random, select, signal, sys, time
    import numpy as np
    from surgiplan import io
    from surgiplan.edits import AddVolume
    from surgiplan.model import Case, Patient, Volume, VoxelGrid
    from surgiplan.errors import CaseFileError
    grid = VoxelGrid((24, 50, 60), np.eye(4))
    def step(n):
        values = [np.full(grid.shape, n * m, np.int16) for m in (1, 2)]
        return [AddVolume(Volume(f"v{m}", v, grid), Patient("P-1")) for m, v in enumerate(values)]
    def case(n):
        made = Case()
        for edit in step(n):
            made = edit.apply(made)
        return made
    def number(one):
        found = [np.unique(volume.values).tolist() for volume in one.volumes.values()]
        assert len(found) == 2 and found[0] * 2 == [found[0][0]] * 2, found
        assert found[1] == [2 * found[0][0]], ("a mixed state", found)
        return found[0][0]
    def child(path, first, writer):
        for n in range(first, 10_000):
            if n % 3:
                io.save(case(n), path, journal=step(n))
                os.write(writer, b"saved %d\\n" % n)
            else:
                io.autosave(case(n), path, step(n))
                os.write(writer, b"kept %d\\n" % n)
    path, kills, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    random.seed(seed)
    saved = kept = 0
    promises, states = 0, []
    for kill in range(kills):
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                with io.CaseLock(path):
                    child(path, max(saved, kept) + 1, writer)
            except BaseException as error:
                os.write(writer, f"failed {error!r}\\n".encode())
            os._exit(1)
        os.close(writer)
        told = b""
        if kill % 4 or not saved:
            told = os.read(reader, 1000)
        # Every fourth dies before it has promised anything: two crashes in a row.
        time.sleep(random.uniform(0, 0.12))
        os.kill(pid, signal.SIGKILL)
        while more := os.read(reader, 65536):
            told += more
        os.close(reader)
        os.waitpid(pid, 0)
        for line in told.decode().splitlines():
            word, n = line.split(maxsplit=1)
            assert word != "failed", line
            saved, kept = (int(n), kept) if word == "saved" else (saved, int(n))
            promises += 1
        if not promises:
            continue
        opened = io.opened(path)
        assert opened.remarks == (), opened.remarks
        now = number(opened.case) if opened.generation else 0
        newest = number(opened.lost.case) if opened.lost else now
        assert now >= saved, (now, saved)
        assert newest >= max(saved, kept), (newest, saved, kept)
        saved, kept = now, newest if opened.lost else kept
        states.append(now)
        if kill % 5 == 0:
            assert io.verify(path) == (), io.verify(path)
    with io.CaseLock(path):
        io.save(io.load(path), path)
    assert io.verify(path) == (), io.verify(path)
    litter = [name for _, _, names in os.walk(path) for name in names if name.startswith(".")]
    print(json.dumps([promises, len(set(states)), litter]))
"""


@pytest.mark.parametrize("kills", [pytest.param(50), pytest.param(200, marks=pytest.mark.slow)])
def test_no_kill_loses_what_was_saved_or_kept(path, kills):
    run = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(path), str(kills), "7"]
    told = subprocess.run(run, capture_output=True, text=True, cwd=os.getcwd(), check=False)
    assert told.returncode == 0, told.stderr
    promises, states, litter = json.loads(told.stdout)
    assert promises > kills / 2
    assert states > kills / 4
    assert litter == []
