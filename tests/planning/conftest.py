"""The bodies that the planning tests measure."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def bodies():
    """The module ``bodies`` beside this file."""
    path = Path(__file__).with_name("bodies.py")
    spec = importlib.util.spec_from_file_location("planning_bodies", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
