"""What `make` says and does where the system lacks something."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "environment.py"


@pytest.fixture
def environment() -> ModuleType:
    spec = importlib.util.spec_from_file_location("environment", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_system_without_apt_is_told_in_one_sentence_what_to_install(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "missing_packages", lambda: ["libegl1", "libxcb-cursor0"])
    monkeypatch.setattr(environment, "administrator_prefix", lambda: None)
    with pytest.raises(SystemExit, match="libegl1 libxcb-cursor0") as stopped:
        environment.install_system_packages()
    assert "\n" not in str(stopped.value)


def test_only_what_does_not_load_is_missing(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        environment, "LIBRARIES", {"libc.so.6": "libc6", "libnone.so.7": "libnone7"}
    )
    monkeypatch.setattr(environment, "has_font", lambda: False)
    monkeypatch.setattr(environment, "runs", lambda *_: True)
    monkeypatch.setattr(sys, "platform", "linux")
    assert environment.missing_packages() == ["libnone7", "fonts-dejavu-core"]


def test_nothing_is_installed_where_nothing_is_missing(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "missing_packages", list)
    monkeypatch.setattr(environment, "administrator_prefix", lambda: pytest.fail("asked for root"))
    environment.install_system_packages()


def test_a_changed_lock_makes_another_environment(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "requirements.lock").write_text("numpy==1\n")
    before = environment.digest_of_sources()
    (tmp_path / "requirements.lock").write_text("numpy==2\n")
    assert environment.digest_of_sources() != before
