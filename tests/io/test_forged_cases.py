"""Whatever stands in a file of a case, it is read as what it says, or refused as damaged."""

import copy
import json
import random
import shutil

import hostile
import pytest
from plan_to_save import files, replayed

from surgiplan import io
from surgiplan.errors import CaseFileError

WEIRD = [
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 5, 10**400, 1e308, -0.0, 1e-320, "", "x",
    "a" * 300, "../..", "\0", "é" * 50, [], [[]], {}, {"type": "Case"}, [None], [1] * 20,
    {"array": hostile.HASH, "dtype": "bool", "shape": [1]},
    {"values": [1], "dtype": "float64", "shape": [1]},
    {"values": [1e308] * 3, "dtype": "int16", "shape": [3]},
    {"values": [], "dtype": "int16", "shape": [0]}, ["volumes/ct"], {"a": {"b": [1, 2]}},
]  # fmt: skip


def places(document, way=()):
    """The paths to all values of a document."""
    found = [way] if way else []
    if isinstance(document, dict | list):
        keys = document if isinstance(document, dict) else range(len(document))
        for key in keys:
            found += places(document[key], (*way, key))
    return found


def at(document, way):
    for key in way:
        document = document[key]
    return document


def forge(content, ways, chance):
    """Remove, rename, exchange or replace one value."""
    way = chance.choice(ways)
    try:
        parent, last = at(content, way[:-1]), way[-1]
        deed = chance.randrange(8)
        if deed == 0:
            del parent[last]
        elif deed == 1 and isinstance(parent, dict):
            parent[f"x{last}"] = parent.pop(last)
        elif deed == 2:
            parent[last] = copy.deepcopy(at(content, chance.choice(ways)))
        else:
            parent[last] = chance.choice(WEIRD)
    except (KeyError, IndexError, TypeError):
        return  # An earlier change has removed the place.


def meaning(content):
    """What a file of JSON says, whatever its white space; its bytes if it says nothing."""
    try:
        return json.loads(content)
    except ValueError:
        return bytes(content)


@pytest.fixture
def plan(edits, path):
    io.save(replayed(edits[:6]), path, journal=edits[:6])
    io.save(replayed(edits), path, journal=edits[6:], view={"window": [400, 40]})
    return path


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("mutants", [150, pytest.param(3000, marks=pytest.mark.slow)])
def test_a_manifest_with_forged_values_opens_or_is_damaged(plan, mutants):
    sound = hostile.content_of(plan)
    ways, chance, refused = places(sound), random.Random(5), 0
    for _ in range(mutants):
        content = copy.deepcopy(sound)
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            forge(content, ways, chance)
        hostile.forged(plan, content)
        for read in (io.opened, io.verify):
            try:
                found = read(plan)
            except CaseFileError:
                refused += 1
            else:
                refused += bool(found if read is io.verify else found.remarks)
    assert refused > mutants


@pytest.mark.parametrize("mutants", [150, pytest.param(3000, marks=pytest.mark.slow)])
def test_files_with_changed_bytes_open_or_are_damaged(plan, tmp_path, mutants):
    whole, chance = files(plan), random.Random(6)
    names = [name for name in whole if not name.startswith("objects/")]
    for _ in range(mutants):
        name = chance.choice(names)
        content = bytearray(whole[name])
        for _ in range(chance.choice([1, 1, 3])):
            start = chance.randrange(len(content))
            end = min(start + chance.choice([0, 1, 1, 1, 40]), len(content))
            content[start:end] = chance.randbytes(chance.choice([0, 1, 1, 40]))
        (plan / name).write_bytes(content)
        if meaning(content) != meaning(whole[name]):
            assert io.verify(plan), (name, bytes(content[:80]))
        io.opened(plan)
        (plan / name).write_bytes(whole[name])
    copied = shutil.copytree(plan, tmp_path / "copy.splan")
    assert io.verify(copied) == ()
