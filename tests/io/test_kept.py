"""What follows from a case is kept beside it; all of it may be damaged or lost without harm."""

import os

import numpy as np
import pytest
from test_vault import QUICK, WORDS

from surgiplan import io
from surgiplan.io.case.kept import Kept
from surgiplan.model import Case, Segment, VoxelGrid

KEY, OTHER = "ab" * 32, "cd" * 32
ARRAYS = {"points": np.arange(30.0).reshape(10, 3), "cells": np.arange(8, dtype=np.int32)}


@pytest.fixture
def path(tmp_path):
    grid = VoxelGrid(shape=(2, 3, 4), affine=np.eye(4))
    segment = Segment(id="liver", name="liver", mask=np.ones(grid.shape, bool), grid=grid)
    io.save(Case().with_(segment), tmp_path / "a.splan")
    return tmp_path / "a.splan"


def same(found):
    return found is not None and all(np.array_equal(found[name], ARRAYS[name]) for name in ARRAYS)


def test_what_is_kept_is_found_again_to_the_bit_and_the_case_stays_sound(path):
    kept = io.kept_beside(path)
    assert kept.get(KEY) is None
    kept.put(KEY, ARRAYS)
    assert same(io.kept_beside(path).get(KEY))
    assert io.verify(path) == ()
    assert list(io.load(path).segments) == ["liver"]


@pytest.mark.parametrize("harm", ["flipped", "cut off", "empty", "a folder", "gone"])
def test_damage_is_taken_for_missing_and_mended_by_the_next(path, harm):
    kept = io.kept_beside(path)
    kept.put(KEY, ARRAYS)
    file = path / "derived" / KEY
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.unlink()
    if harm == "a folder":
        file.mkdir()
    elif harm != "gone":
        file.write_bytes({"flipped": content, "cut off": content[:99], "empty": b""}[harm])
    assert kept.get(KEY) is None
    kept.put(KEY, ARRAYS)
    assert harm == "a folder" or same(kept.get(KEY))


def test_the_oldest_go_when_there_is_no_room(path):
    kept = Kept(io.Place(path), limit_bytes=2500)
    keys = [f"{n:02x}" * 32 for n in range(4)]
    for n, key in enumerate(keys):
        kept.put(key, ARRAYS)
        os.utime(path / "derived" / key, ns=(n, n))
    kept.put(OTHER, ARRAYS)
    left = {file.name for file in (path / "derived").iterdir()}
    assert OTHER in left
    assert keys[0] not in left
    assert sum(file.stat().st_size for file in (path / "derived").iterdir()) <= 2500
    kept.put(KEY, {"large": np.zeros(1000)})
    assert kept.get(KEY) is None


def test_beside_an_encrypted_case_all_is_sealed_and_nothing_plain_stays(path):
    io.kept_beside(path).put(KEY, ARRAYS)
    place = io.encrypt(path, WORDS, cost=QUICK)
    assert not (path / "derived").exists()
    io.Kept(io.Place(path)).put(KEY, ARRAYS)
    assert not (path / "derived").exists(), "a job that began before keeps nothing plain"
    io.kept_beside(place).put(KEY, ARRAYS)
    assert same(io.kept_beside(io.unlock(path, WORDS)).get(KEY))
    (file,) = (path / "sealed" / "derived").iterdir()
    assert file.name != KEY
    assert ARRAYS["points"].tobytes() not in file.read_bytes()


def test_a_link_in_the_place_of_the_folder_is_not_followed(path, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (path / "derived").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    io.kept_beside(path).put(KEY, ARRAYS)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_case_that_does_not_exist_keeps_nothing(tmp_path):
    kept = io.kept_beside(tmp_path / "none.splan")
    kept.put(KEY, ARRAYS)
    assert kept.get(KEY) is None
    assert not list(tmp_path.iterdir())
