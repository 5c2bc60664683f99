"""The whole path in the window, by clicks and drags, on the sample study."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from surgiplan.app.watchdog import Watchdog
from surgiplan.app.window import MainWindow
from surgiplan.model import Case
from tests.app.conftest import Hands, watchdog_lines
from tests.app.grabbing import grab

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where the pictures of each step go."""
    folder = Path(os.environ.get("SURGIPLAN_PICTURES", tmp_path / "pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def landmarks(sample_dicom: Path) -> dict[str, np.ndarray]:
    """Places in the sample patient in LPS [mm], as a surgeon would find them by eye."""
    truth = json.loads((sample_dicom.parent / "truth" / "truth.json").read_text())
    places = {name: np.array(place) for name, place in truth["landmarks"].items()}
    for organ in ("tumour", "liver"):
        places[organ] = np.array(truth["segments"][organ]["centroid_lps"])
    return places


@pytest.fixture
def watchdog(
    hands: Hands, request: pytest.FixtureRequest, record_property: Any
) -> Iterator[Watchdog]:
    hands.settle()
    dog = Watchdog()
    dog.start()
    yield dog
    dog.stop()
    pauses = ", ".join(
        f"{stall.seconds * 1000:.0f} ({stall.processor_s * 1000:.0f})" for stall in dog.stalls
    )
    record_property("longest_stall_ms", round(dog.longest_s * 1000))
    watchdog_lines.append(
        f"{request.node.name}: longest pauses of the window, and what the main thread computed in "
        f"each [ms]: {pauses or 'none above 20'}"
    )
    watchdog_lines.extend(
        f"  {stall.seconds * 1000:.0f} ms in {stall.where}" for stall in dog.stalls
    )


class Story:
    """One operation, planned from the scan to the paper."""

    def __init__(self, hands: Hands, dog: Watchdog, pictures: Path, patch: Any) -> None:
        self.hands, self.dog, self.pictures, self.patch = hands, dog, pictures, patch
        self._count = 0

    def picture(self, name: str) -> None:
        """Keep what the window shows now."""
        self.hands.settle()
        self._count += 1
        with self.dog.paused():
            self.hands.window.grab().save(str(self.pictures / f"{self._count:02d}_{name}.png"))

    def choose_in_dialog(self, kind: str, answer: Path) -> None:
        """What the user will choose in the next file dialog."""
        value: Any = str(answer) if kind == "getExistingDirectory" else (str(answer), "")
        self.patch.setattr(QFileDialog, kind, lambda *_, **__: value)

    def import_scan(self, folder: Path) -> None:
        hands = self.hands
        self.choose_in_dialog("getExistingDirectory", folder)
        hands.click("openFolder")
        hands.until(lambda: hands.window.panels["Patient"].scans.series.count(), "series listed")
        self.picture("series")
        hands.click("importButton")
        hands.until(lambda: hands.case.volumes, "imported")
        hands.until_idle()
        self.picture("imported")

    def look(self) -> None:
        hands = self.hands
        view = hands.window.desk.view
        before = view.look
        hands.wheel("axial", 3)
        hands.wheel("sagittal", -4)
        assert view.look.crosshair_lps != before.crosshair_lps
        hands.click("windowTool")
        hands.drag("axial", QPoint(150, 150), QPoint(250, 150))
        assert view.look.window_level[0] > before.window_level[0]
        hands.key(Qt.Key.Key_Escape)
        hands.click("preset_Abdomen")
        self.picture("looked")

    def scroll_to(self, point: np.ndarray) -> None:
        """Turn the wheel in the axial view until the point's slice is shown."""
        hands = self.hands
        hands.wheel("axial", 1)
        view, step = hands.view("axial"), hands.view("axial").scene.step_mm
        for _ in range(3):
            away = (point[2] - hands.window.desk.view.look.crosshair_lps[2]) / step
            if abs(away) > 0.6:
                hands.wheel("axial", round(away))
        assert view._is_near(point)

    def segment(self, method: str, *seeds: np.ndarray) -> None:
        hands = self.hands
        count = len(hands.case.segments)
        hands.click("stage_anatomy")
        self.choose_method(method)
        if seeds:
            hands.click("pickSeeds")
            for seed in seeds:
                self.scroll_to(seed)
                hands.click_at("axial", seed)
            self.picture(f"seeds_{method}")
        hands.click("segmentButton")
        assert hands.find("cancelJob").isVisible()
        hands.until(lambda: hands.window.desk.running is None, method, timeout_s=240)
        assert len(hands.case.segments) > count, hands.said
        hands.until_idle()
        self.picture(f"segmented_{method}")

    def choose_method(self, method: str) -> None:
        box = self.hands.find("methodChoice")
        self.hands.choose("methodChoice", box.itemText(box.findData(method)))

    def trace(self, start: np.ndarray, end: np.ndarray) -> None:
        hands = self.hands
        hands.click("stage_plan")
        hands.click("planVessel")
        hands.click("pickEnds")
        for point in (start, end):
            self.scroll_to(point)
            hands.click_at("axial", point)
        self.picture("ends")
        hands.click("planButton")
        hands.until(lambda: hands.window.desk.running is None, "traced", timeout_s=240)
        assert hands.case.plan.centerlines, hands.said
        hands.until_idle()

    def place(self, middle: np.ndarray, diameter: str, length: str) -> None:
        hands = self.hands
        self.scroll_to(middle)
        hands.type_number("stentDiameter", diameter)
        hands.type_number("stentLength", length)
        hands.click("planButton")
        assert hands.case.plan.stents, hands.said
        hands.until(lambda: "Oversize" in hands.find("fitTable").text(), "fit shown")
        self.picture("stent")

    def drag_stent(self, *, name: str) -> None:
        hands = self.hands
        stent = next(iter(hands.case.plan.stents.values()))
        branch = hands.case.plan.centerlines[stent.centerline_id].branches[0]
        before = hands.find("fitTable").text()
        spot = hands.pixel_of("3d", branch.point_at(stent.at_mm))
        start = grab(hands, "3d", "stent", spot)
        hands.drag("3d", start, start + QPoint(0, 25))
        moved = hands.case.plan.stents[stent.id]
        assert moved.at_mm != stent.at_mm
        assert hands.window.desk.session.undo_label == "Move stent"
        assert hands.find("fitTable").text() != before
        self.picture(name)

    def measure(self, start: np.ndarray, end: np.ndarray) -> None:
        hands = self.hands
        self.scroll_to(start)
        hands.click("stage_images")
        hands.click("distanceTool")
        hands.click_at("axial", start)
        hands.click_at("axial", end)
        hands.key(Qt.Key.Key_Escape)
        (measured,) = hands.case.plan.measurements.values()
        assert measured.length_mm == pytest.approx(np.linalg.norm(end - start), abs=2.5)
        self.picture("distance")

    def cut(self, place: np.ndarray) -> None:
        hands = self.hands
        self.scroll_to(place)
        hands.click_at("axial", place)
        hands.click("stage_plan")
        hands.click("planOrgan")
        hands.choose("organChoice", "iver")
        hands.choose("lesionChoice", "umour")
        hands.click("cutButton")
        assert hands.case.plan.resections, hands.said
        hands.until(lambda: "Margin" in hands.find("resectionTable").text(), "margin shown")
        self.picture("cut")
        resection = next(iter(hands.case.plan.resections.values()))
        spot = hands.pixel_of("3d", resection.point_lps)
        start = grab(hands, "3d", "plane-handle", spot)
        before = hands.find("resectionTable").text()
        hands.drag("3d", start, start + QPoint(14, 0))
        moved = hands.case.plan.resections[resection.id]
        assert not np.allclose(moved.point_lps, resection.point_lps)
        assert hands.find("resectionTable").text() != before
        self.picture("plane_dragged")

    def simulate(self, path: str, *, cancel_first: bool = False) -> None:
        hands = self.hands
        hands.window.desk.select(path)
        hands.click("stage_simulate")
        case = hands.case
        if cancel_first:
            hands.click("simulateButton")
            hands.until(lambda: hands.window.desk.running.job.fraction > 0, "begun")
            self.picture("simulating")
            hands.click("cancelJob")
            hands.until(lambda: hands.window.desk.running is None, "cancelled", timeout_s=2)
            assert hands.case is case
            assert not hands.said
        hands.click("simulateButton")
        hands.until(
            lambda: any(f.subject == path for f in hands.case.findings.values()),
            "simulated", timeout_s=240,
        )  # fmt: skip
        # The first answer stands while its error and band would be computed for minutes.
        hands.click("evidenceButton")
        hands.until(lambda: hands.window.desk.running is None, "stopped")
        assert "Displacement" in hands.find("responseTable").text()
        hands.until_idle()
        self.picture(f"response_{path.split('/')[1]}")

    def undo_and_redo_everything(self) -> None:
        hands = self.hands
        session = hands.window.desk.session
        last, count = session.case, 0
        while session.undo_label:
            hands.key(Qt.Key.Key_Z, CONTROL)
            count += 1
        assert not list(hands.case.paths())
        self.picture("undone")
        for _ in range(count):
            hands.key(Qt.Key.Key_Y, CONTROL)
        assert hands.case is last
        hands.until_idle()


@pytest.fixture
def story(hands: Hands, watchdog: Watchdog, pictures: Path, monkeypatch: Any) -> Story:
    return Story(hands, watchdog, pictures, monkeypatch)


def same(case: Case, other: Case) -> bool:
    """Whether two cases mean the same."""
    return list(case.paths()) == list(other.paths()) and all(
        case.at(path).digest == other.at(path).digest for path in case.paths()
    )


def test_the_whole_path(
    story: Story, sample_dicom: Path, landmarks: dict[str, np.ndarray], tmp_path: Path
) -> None:
    hands = story.hands
    story.picture("empty")
    story.import_scan(sample_dicom)
    story.look()
    story.segment("bone")
    neck, end = landmarks["lumen_infrarenal_neck"], landmarks["lumen_descending_thoracic"]
    story.segment("vessel", *vessel_seeds(end, landmarks["bifurcation"]))
    story.segment("liver", landmarks["liver_seed"])
    story.segment("tumour", landmarks["tumour"])
    story.trace(end, neck)
    story.place(landmarks["lumen_proximal"], "28", "60")
    story.drag_stent(name="stent_dragged")
    story.measure(landmarks["tumour"], landmarks["tumour"] + [30.0, 0.0, 0.0])
    story.cut((landmarks["tumour"] + landmarks["liver"]) / 2)
    stent, resection = (f"plan/{home}/{next(iter(hands.case.collection('plan/' + home)))}"
                        for home in ("stents", "resections"))  # fmt: skip
    story.simulate(stent, cancel_first=True)
    story.simulate(resection)
    story.undo_and_redo_everything()
    save_and_reopen(story, tmp_path)
    hands.window.desk.select(stent)
    hands.click("stage_plan")
    hands.until(lambda: "Oversize" in hands.find("fitTable").text(), "fit shown")
    story.drag_stent(name="stale")
    hands.until(lambda: "stale" in dict(hands.window.tree.row_texts().values()).values(), "stale")
    story.picture("stale_mark")
    write_report(story, tmp_path / "plan.pdf")


def vessel_seeds(*points: np.ndarray) -> list[np.ndarray]:
    """As many seeds as the method takes, in order."""
    from surgiplan.imaging import METHODS

    return list(points[: METHODS["vessel"].seeds[1]])


def save_and_reopen(story: Story, folder: Path) -> None:
    hands = story.hands
    saved = hands.case
    story.choose_in_dialog("getSaveFileName", folder / "operation.splan")
    hands.key(Qt.Key.Key_S, CONTROL)
    hands.until(lambda: not hands.window.desk.has_changes, "saved")
    look = hands.window.desk.view.look
    story.picture("saved")
    with story.dog.paused():
        hands.window.close()
        QTest.qWait(50)
        hands.window.deleteLater()
        hands.window = MainWindow()
        hands.window.resize(1600, 980)
        hands.window.show()
        hands.window.finish_starting()
        hands.window.activateWindow()
        QTest.qWaitForWindowActive(hands.window)
    story.choose_in_dialog("getExistingDirectory", folder / "operation.splan")
    hands.key(Qt.Key.Key_O, CONTROL)
    hands.until(lambda: hands.case.volumes, "opened")
    hands.until_idle()
    assert hands.window.desk.view.look.window_level == look.window_level
    assert hands.window.desk.view.look.crosshair_lps == pytest.approx(look.crosshair_lps)
    story.picture("reopened")
    with story.dog.paused():
        assert same(hands.case, saved)


def write_report(story: Story, path: Path) -> None:
    hands = story.hands
    hands.click("stage_report")
    story.choose_in_dialog("getSaveFileName", path)
    hands.click("reportButton")
    hands.until(lambda: hands.window.desk.running is None, "written", timeout_s=240)
    assert path.name in hands.said
    assert path.read_bytes().startswith(b"%PDF")
    story.picture("report")
