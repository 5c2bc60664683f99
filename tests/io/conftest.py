"""A plan to save and a place for it; and the modules beside the tests, to import."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="module")
def edits():
    from plan_to_save import whole_plan

    return whole_plan()


@pytest.fixture(scope="module")
def case(edits):
    from plan_to_save import replayed

    return replayed(edits)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "plan.splan"
