"""Scans that are dropped on the window or hold several phases."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import JPEG2000Lossless
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


def compressed(folder: Path, count: int = 24) -> Path:
    """A series in JPEG 2000."""
    values = np.random.default_rng(5).integers(-900, 900, (count, 96, 80)).astype(np.int16)
    write(folder, slices(values))
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.compress(JPEG2000Lossless, encoding_plugin="pylibjpeg", generate_instance_uid=False)
        dataset.save_as(path)
    return folder


def test_a_first_scan_is_seen_while_it_is_decoded(hands: Hands, tmp_path: Path) -> None:
    scans = hands.window.panels["Patient"].scans
    shown: list[tuple[str, bool, str]] = []

    def watch(*_: object) -> None:
        for volume in hands.window.desk.case.volumes.values():
            shown.append((volume.name, hands.window.desk.is_previewing, hands.said))

    hands.window.desk.shown.connect(watch)
    drop(hands, [compressed(tmp_path / "scan")])
    hands.until(lambda: scans.has_series, "listed")
    hands.click("importButton")
    hands.until(lambda: hands.window.desk.session.case.volumes, "imported")
    assert shown[0][:2] == ("Portal (decoding)", True)
    assert shown[-1][:2] == ("Portal", False)
    assert hands.case.volume().grid.shape == (24, 96, 80)
    assert not hands.said
    assert hands.window.desk.session.undo_label == "Import scan"


def test_a_cancelled_decoding_leaves_no_scan_on_the_screen(hands: Hands, tmp_path: Path) -> None:
    desk = hands.window.desk
    drop(hands, [compressed(tmp_path / "scan", 64)])
    hands.until(lambda: hands.window.panels["Patient"].scans.has_series, "listed")
    desk.shown.connect(lambda case: desk.cancel_jobs() if case.volumes else None)
    hands.click("importButton")
    hands.until(lambda: desk.running is None, "cancelled")
    hands.settle()
    assert not hands.case.volumes
    assert not desk.is_previewing
    assert not hands.said
