"""A radiologist looks at a colleague's liver: numbers, worst places, verdicts, consensus."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PySide6.QtCore import Qt

from surgiplan.edits import ChangeSegment
from surgiplan.imaging import cropped_segment
from surgiplan.model import Case
from tests.app.bodies import grid, masks, segmented_case

Open = Callable[[Case], Any]

N, SHIFT = Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier
ERRORS = {
    "missed": (-62.0, -12.0, 90.0),
    "added": (-30.0, -54.0, 90.0),
    "hole": (-32.0, -10.0, 70.0),
}
RADII_MM = {"missed": 17.0, "added": 12.0, "hole": 9.0}


def colleagues_liver() -> np.ndarray:
    """The liver with its right side left out, a piece of its front added, and a hole."""
    shape = grid().shape
    place = grid().to_lps(np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1))
    within = {
        name: ((place - point) ** 2).sum(axis=-1) < RADII_MM[name] ** 2
        for name, point in ERRORS.items()
    }
    return ((masks()["liver"] | within["added"]) & ~within["missed"]) & ~within["hole"]


def livers(case: Case) -> Case:
    """The case with its liver alone: each other surface would take the test a second."""
    return replace(case, segments={"liver": case.segments["liver"]})


@pytest.fixture
def two_readers() -> Case:
    case = livers(segmented_case())
    theirs = cropped_segment(
        colleagues_liver(), grid(), segment_id="liver_dr_b", name="Liver (Dr B)", volume_id="ct",
        made_by="drawn",
    )  # fmt: skip
    return case.with_(theirs)


def test_a_radiologist_finds_the_three_worst_errors_of_a_colleagues_liver_in_under_a_minute(
    open_case: Open, two_readers: Case, tmp_path: Path
) -> None:
    hands = open_case(two_readers)
    hands.window.go_to("Anatomy")
    begun = time.process_time()
    hands.click("anatomyCompare")
    hands.until_idle()
    assert "Liver (Dr B)" in hands.find("readerChoice").currentText()
    assert "Dr B" in hands.find("readersTable").text()
    assert "Volume error" in hands.find("agreementTable").text()
    seen = []
    for _ in range(3):
        hands.key(N)
        seen.append(np.array(hands.window.desk.view.look.crosshair_lps))
        for kind in ("axial", "coronal", "sagittal", "3d"):
            view = hands.view(kind)
            pixel, middle = hands.pixel_of(kind, seen[-1]), view.rect().center()
            assert (pixel - middle).manhattanLength() < 6, f"{kind} shows another place"
    for name, point in ERRORS.items():
        away = min(float(np.linalg.norm(np.subtract(point, one))) for one in seen)
        assert away < RADII_MM[name], f"nobody led to what was {name}"
    assert time.process_time() - begun < 60  # of the window's processor; a minute of the reader
    hands.window.grab().save(str(tmp_path / "three-worst.png"))


def test_the_views_show_both_borders_and_the_distance_in_colour_until_one_leaves(
    open_case: Open, two_readers: Case
) -> None:
    hands = open_case(two_readers)
    hands.window.compare()
    hands.until_idle()
    texts = " ".join(hands.view("axial").scene.texts())
    assert "Liver (reference)" in texts
    assert "missed" in texts
    space = " ".join(hands.view("3d").scene.texts())
    assert "Distance to reference [mm]" in space
    assert "outside" in space
    assert "inside" in space
    hands.key(N)
    picture = hands.view("axial").picture().astype(int)
    height, width = picture.shape[:2]
    middle = picture[height // 2 + 10 : height // 2 + 25, width // 2 + 10 : width // 2 + 25]
    first = hands.window.comparing.place
    red, blue = middle[..., 0].mean(), middle[..., 2].mean()
    assert (blue > red + 15) if first.is_missed else (red > blue + 15)
    hands.click("leaveComparison")
    hands.settle()
    assert hands.window.desk.view.look.comparison is None
    assert hands.window.desk.view.markers == ()
    assert "Distance to reference [mm]" not in " ".join(hands.view("3d").scene.texts())
    hands.find("methodChoice")
    hands.key(N)  # nothing to go to, and nothing happens
    assert hands.window.desk.view.look.comparison is None


def test_places_are_walked_through_accepted_or_rejected_and_the_segment_remembers_it(
    open_case: Open, two_readers: Case
) -> None:
    hands = open_case(two_readers)
    hands.window.compare()
    hands.until_idle()
    comparing = hands.window.comparing
    hands.key(N)
    hands.key(N)
    assert comparing.at == 1
    hands.key(N, SHIFT)
    assert comparing.at == 0
    hands.key(N, SHIFT)
    assert comparing.at == len(comparing.places) - 1
    hands.find("placesTable").setCurrentCell(0, 0)
    assert comparing.at == 0
    desk = hands.window.desk
    first = comparing.place
    hands.click("acceptPlace")
    assert comparing.verdict(first) == "accepted"
    assert comparing.at == 1, "the next place follows"
    second = comparing.place
    hands.click("rejectPlace")
    assert "✓" in hands.find("placesTable").text()
    assert "✕" in hands.find("placesTable").text()
    told = desk.session.case.segments["liver_dr_b"]
    assert told.review == "flagged"
    remark = told.remarks[-1]
    assert remark.startswith("Rejected:")
    assert second.words in remark
    assert comparing.apart is not None, "a remark makes no number stale"
    desk.undo()
    assert desk.session.case.segments["liver_dr_b"].review == "in_progress"
    assert comparing.verdict(second) == ""
    assert comparing.verdict(first) == "accepted"
    edited_at_the_place(hands)
    measured_again_after_an_edit(hands, two_readers)


def edited_at_the_place(hands: Any) -> None:
    place = hands.window.comparing.place.point_lps
    hands.click("editPlace")
    hands.settle()
    assert hands.find("editTargetName").text() == "Liver (Dr B)"
    assert hands.window.desk.tool is not None, "the brush is in the hand"
    assert hands.window.desk.view.look.crosshair_lps == pytest.approx(place)
    hands.window.compare()
    hands.until_idle()


def measured_again_after_an_edit(hands: Any, case: Case) -> None:
    liver, theirs = case.segments["liver"], case.segments["liver_dr_b"]
    edit = ChangeSegment(replace(theirs, mask=liver.mask, grid=liver.grid), "Correct the liver")
    hands.window.desk.do(edit)
    hands.until_idle()
    assert hands.window.comparing.places == ()
    assert "Nowhere" in hands.find("placesHint").text()


def test_another_reader_comes_in_from_a_file_and_is_compared_at_once(
    open_case: Open, tmp_path: Path
) -> None:
    hands = open_case(livers(segmented_case()))
    hands.window.compare()
    hands.until_idle()
    assert "Add a reader" in hands.find("compareHint").text()
    assert not hands.find("nextWorstPlace").isEnabled()
    assert hands.find("nextWorstPlace").toolTip()
    image = sitk.GetImageFromArray(colleagues_liver().astype(np.uint8))
    k, j, i = (2.5, 1.5, 1.5)
    image.SetSpacing((i, j, k))
    image.SetOrigin((-75.0, -68.0, 0.0))
    sitk.WriteImage(image, str(tmp_path / "b.nii.gz"))
    (tmp_path / "b.json").write_text('{"1": "Liver"}')
    hands.window.comparing.read([tmp_path / "b.nii.gz"], "Dr C")
    hands.until_idle()
    assert hands.case.segments["liver_dr_c"].name == "Liver (Dr C)"
    assert "Dr C" in hands.find("readersTable").text()
    assert len(hands.window.comparing.places) == 3


def test_readers_become_a_consensus_with_a_score_each(open_case: Open, two_readers: Case) -> None:
    third = replace(two_readers.segments["liver"], id="liver_dr_c", name="Liver (Dr C)")
    hands = open_case(two_readers.with_(third))
    hands.window.compare()
    hands.until_idle()
    hands.choose("consensusRule", "Majority")
    hands.click("makeConsensus")
    hands.until_idle()
    agreed = hands.case.segments["liver_majority"]
    assert agreed.voxels == third.voxels
    assert hands.window.comparing.reference_id == agreed.id
    assert "Dr B sens." in hands.find("readerScores").text()
