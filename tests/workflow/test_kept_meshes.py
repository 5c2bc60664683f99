"""The same anatomy is meshed once: what was kept gives the same bits, what is damaged is remade."""

import numpy as np
import pytest

from surgiplan import io
from surgiplan.app.work import simulated
from surgiplan.jobs_report import silent
from surgiplan.workflow import kept_tetrahedra, simulate, tetrahedra_of
from tests.app import bodies
from tests.meshing.bodies import GRIDS, ball, segment

FEW = 400


class Memory(dict):
    """A store that counts what was put."""

    puts = 0

    def put(self, key, arrays):
        self.puts += 1
        self[key] = dict(arrays)


@pytest.fixture(scope="module")
def body():
    return segment(GRIDS["standard"], ball)


def made(body, kept):
    return kept_tetrahedra(body, FEW, lambda: tetrahedra_of(body, elements=FEW), kept)


def test_a_mesh_is_made_once_and_found_again_with_its_quality(body):
    kept = Memory()
    first, was_kept = made(body, kept)
    second, is_kept = made(body, kept)
    assert (was_kept, is_kept, kept.puts) == (False, True, 1)
    assert second.mesh.nodes_mm.tobytes() == first.mesh.nodes_mm.tobytes()
    assert np.array_equal(second.mesh.cells, first.mesh.cells)
    assert second.quality == first.quality
    assert second.lattice_mm == first.lattice_mm


def test_other_anatomy_gets_its_own_mesh_and_a_new_name_does_not(body):
    from dataclasses import replace

    kept = Memory()
    made(body, kept)
    assert made(replace(body, name="hepar"), kept)[1]
    mask = body.mask.copy()
    mask[len(mask) // 2 :] = False
    assert not made(replace(body, mask=mask), kept)[1]


@pytest.mark.parametrize("harm", ["cells", "corners_mm", "about"])
def test_a_kept_mesh_that_is_none_is_made_again(body, harm):
    kept = Memory()
    first, _ = made(body, kept)
    (key,) = kept
    if harm == "cells":
        kept[key]["cells"] = kept[key]["cells"] + 10**6
    elif harm == "corners_mm":
        kept[key]["corners_mm"] = np.full_like(kept[key]["corners_mm"], np.nan)
    else:
        del kept[key]["about"]
    again, is_kept = made(body, kept)
    assert not is_kept
    assert np.array_equal(again.mesh.nodes_mm, first.mesh.nodes_mm)


def test_a_second_simulation_of_the_same_cut_does_not_mesh_again_and_answers_the_same(tmp_path):
    case, path, few = bodies.planned_case(), tmp_path / "a.splan", {"elements": 500}
    io.save(case, path)
    first = simulate(case, "resection", few, kept=io.kept_beside(path)).finding
    (file,) = (path / "derived").iterdir()
    made_at = file.stat().st_mtime_ns
    second = simulated(case, "resection", few, silent, beside=path).finding
    assert [(path / "derived" / file.name).stat().st_mtime_ns] == [made_at]
    assert len(list((path / "derived").iterdir())) == 1
    assert second.numbers == first.numbers
    for name, array in first.arrays.items():
        assert np.array_equal(second.arrays[name], array), name
    quality = first.numbers["mesh_quality"]
    assert abs(quality["volume_error_fraction"]) < 0.005
    assert quality["scaled_jacobian_min"] > 0.05
    assert 0 < quality["dihedral_min_deg"] < quality["dihedral_max_deg"] < 180
