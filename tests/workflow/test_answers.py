"""An answer that is none is never kept: not finite, beyond what tissue bears, not converged."""

from dataclasses import replace

import numpy as np
import pytest

from surgiplan.edits import RecordFinding
from surgiplan.errors import PlanError, SolveError
from surgiplan.mechanics import Loads, NeoHookean, Problem, response_of, solve
from surgiplan.mechanics.loads import Held
from surgiplan.model import Finding
from surgiplan.workflow.answers import finding_of
from surgiplan.workflow.simulation import simulation_of
from tests.app import bodies
from tests.mechanics import canonical

PATHS = ["plan/stents/stent", "plan/resections/resection"]


@pytest.fixture(scope="module")
def response():
    """Of a bar drawn out by a tenth."""
    mesh, _ = canonical.box((20, 10, 10), (2, 1, 1))
    x, y, z = mesh.nodes_mm.T
    moved = np.zeros((len(x), 3))
    moved[x == 20, 0] = 2.0
    held = Held(np.stack([(x == 0) | (x == 20), y == 0, z == 0], axis=1), moved)
    problem = Problem(mesh, NeoHookean(10.0, 0.3), Loads())
    return response_of(problem, solve(problem, held))


@pytest.fixture(scope="module")
def case():
    return bodies.planned_case()


def found(case, path, response):
    settings = simulation_of(path).settings()
    return finding_of(case, path, "response", [path], settings, {"converged": True}, response)


@pytest.mark.parametrize("path", PATHS)
def test_a_sound_answer_is_kept_with_its_fields(case, path, response):
    finding = found(case, path, response)
    kept = RecordFinding(finding).apply(case).findings[finding.id]
    for name in ("displacement_mm", "von_mises_kpa", "strain", "spring_kpa_per_mm", "fixed"):
        assert len(kept.arrays[name]) == len(kept.arrays["points_lps"])


@pytest.mark.parametrize("path", PATHS)
def test_a_field_with_a_hole_is_no_answer(case, path, response):
    moved = response.displacement_mm.copy()
    moved[3] = np.nan
    with pytest.raises(SolveError, match="not finite"):
        found(case, path, replace(response, displacement_mm=moved))


@pytest.mark.parametrize("path", PATHS)
def test_more_strain_than_tissue_bears_is_no_answer_and_says_where(case, path, response):
    with pytest.raises(SolveError, match="no tissue bears") as caught:
        found(case, path, replace(response, strain_p95=1.4))
    assert caught.value.point_lps in [tuple(p) for p in response.points_mm.tolist()]


@pytest.mark.parametrize("path", PATHS)
def test_what_did_not_converge_is_not_kept(case, path):
    finding = Finding("one", "response", path, {}, numbers={"converged": False})
    with pytest.raises(PlanError, match="did not converge"):
        RecordFinding(finding).apply(case)
