"""Files that are no scan or no case: one sentence in the window, and nothing changes."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel

from tests.app.conftest import Hands


def _no_files(folder: Path, _ct: Path) -> None:
    folder.mkdir()


def _text_files(folder: Path, _ct: Path) -> None:
    folder.mkdir()
    for n in range(3):
        (folder / f"note{n}.txt").write_text("not a scan")


@pytest.mark.parametrize("make", [_no_files, _text_files])
def test_a_folder_without_a_scan_is_one_sentence(
    hands: Hands, monkeypatch: Any, tmp_path: Path, make: Any
) -> None:
    make(tmp_path / "folder", tmp_path)
    monkeypatch.setattr(
        QFileDialog, "getExistingDirectory", lambda *_, **__: str(tmp_path / "folder")
    )
    case = hands.case
    hands.click("openFolder")
    hands.until(lambda: hands.said, "answered")
    assert "No scan was found in folder" in hands.said
    assert hands.case is case
    assert not hands.find("importButton").isEnabled()


@pytest.mark.parametrize("fault", ["truncated", "missing_slice"])
def test_a_faulty_series_says_so_and_waits_to_be_accepted(
    hands: Hands, monkeypatch: Any, tmp_path: Path, sample_dicom: Path, fault: str
) -> None:
    files = sorted(sample_dicom.glob("*.dcm"))[:12]
    for n, file in enumerate(files):
        content = file.read_bytes()
        if n == 5 and fault == "missing_slice":
            continue
        if n == 5:
            content = content[: len(content) // 2]
        (tmp_path / file.name).write_bytes(content)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: str(tmp_path))
    case = hands.case
    hands.click("openFolder")
    hands.until(lambda: hands.window.desk.running is None, "answered")
    button = hands.find("importButton")
    assert not button.isEnabled()
    assert "Accept each problem" in button.toolTip()
    words = " ".join(label.text() for label in hands.find("problems").findChildren(QLabel))
    assert fault != "truncated" or files[5].name in words
    assert hands.case is case
    # The slice that is cut off is left out, and then it is a missing one.
    accepted = ("truncated", "missing_slice") if fault == "truncated" else (fault,)
    for kind in accepted:
        assert not hands.find("importButton").isEnabled()
        hands.click(f"accept_{kind}")
    hands.click("importButton")
    hands.until(lambda: hands.window.desk.running is None, "imported")
    assert hands.case.volumes["ct"].source.accepted == accepted


def test_a_damaged_case_is_one_sentence_and_the_open_one_stays(
    hands: Hands, monkeypatch: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "broken.splan"
    (folder / "manifests").mkdir(parents=True)
    (folder / "manifests" / "1.json").write_text("{ not json")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: str(folder))
    case = hands.case
    hands.key(Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    hands.until(lambda: hands.said, "answered")
    assert "broken.splan" in hands.said
    assert hands.case is case
