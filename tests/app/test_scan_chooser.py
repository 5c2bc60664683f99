"""Scans that are dropped on the window or hold several phases."""

import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from tests.app.conftest import Hands

sys.path.insert(0, str(Path(__file__).parent.parent / "io"))
from series_on_disk import body, slices, write


def drop(hands: Hands, paths: list[Path]) -> None:
    """Drag files over the window, see the sign, and let go."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    window, no_keys = hands.window, Qt.KeyboardModifier.NoModifier
    left, copy = Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(400, 300), copy, data, left, no_keys)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    assert hands.find("dropSign").isVisible()
    QApplication.sendEvent(window, QDropEvent(QPointF(400, 300), copy, data, left, no_keys))
    assert not window.findChild(object, "dropSign").isVisible()


def test_a_folder_dropped_on_the_window_is_looked_into(hands: Hands, tmp_path: Path) -> None:
    write(tmp_path / "scan", slices())
    hands.window.go_to("Report")
    drop(hands, [tmp_path / "scan"])
    assert hands.window.stage == "Patient"
    hands.until(lambda: hands.window.panels["Patient"].scans.has_series, "listed")
    hands.click("importButton")
    hands.until(lambda: hands.case.volumes, "imported")
    assert hands.case.volume().grid.shape == body().shape


def test_single_files_dropped_together_make_one_series(hands: Hands, tmp_path: Path) -> None:
    folder = write(tmp_path / "scan", slices())
    drop(hands, sorted(folder.iterdir())[:5])
    hands.until(lambda: hands.window.panels["Patient"].scans.has_series, "listed")
    found = hands.window.panels["Patient"].scans.series.item(0)
    assert found.data(Qt.ItemDataRole.UserRole).series.images == 5


def test_text_dragged_over_the_window_is_not_taken(hands: Hands) -> None:
    data = QMimeData()
    data.setText("nothing to open")
    enter = QDragEnterEvent(
        QPoint(400, 300), Qt.DropAction.CopyAction, data,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    enter.ignore()
    QApplication.sendEvent(hands.window, enter)
    assert not enter.isAccepted()


def test_a_series_with_phases_waits_for_the_choice_of_one(hands: Hands, tmp_path: Path) -> None:
    folder = tmp_path / "scan"
    for phase in (1, 2):
        images = slices(body() + 10 * phase)
        for n, image in enumerate(images):
            image.tags |= {
                "TemporalPositionIdentifier": phase,
                "SOPInstanceUID": f"1.2.826.0.1.5.4.{100 * phase + n}",
            }
        write(folder, images, seed=phase)
    drop(hands, [folder])
    hands.until(lambda: hands.window.panels["Patient"].scans.has_series, "listed")
    assert not hands.find("importButton").isEnabled()
    assert "phase" in hands.find("importButton").toolTip()
    hands.choose("phaseChoice", "Phase 2")
    hands.click("importButton")
    hands.until(lambda: hands.case.volumes, "imported")
    assert hands.case.volume().values[0, 0, 0] == pytest.approx(body()[0, 0, 0] + 20)


def test_a_case_dropped_on_the_window_is_opened(
    hands: Hands, tmp_path: Path, monkeypatch: Any
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(hands.window.documents, "open", asked.append)
    (tmp_path / "plan.splan" / "manifests").mkdir(parents=True)
    drop(hands, [tmp_path / "plan.splan"])
    assert asked == [tmp_path / "plan.splan"]
