"""A shell for the tests of real scans."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from surgiplan.cli import main


class Shell:
    """Runs commands and keeps their JSON answers by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers: dict[str, Any] = {}

    def run(self, name: str, *arguments: object) -> Any:
        """The answer of a command that must succeed."""
        file = self.folder / f"{name}.json"
        with file.open("w") as out, contextlib.redirect_stdout(out):
            assert main([*map(str, arguments), "--json", "--quiet"]) == 0, name
        self.answers[name] = json.loads(file.read_text())
        return self.answers[name]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell in an empty folder."""
    return Shell(tmp_path_factory.mktemp("shell"))
