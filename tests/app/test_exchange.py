"""Segmentations go out of the window and come into it as one step."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from surgiplan.model import Case
from tests.io.exchanged import COLOURS, case_of, dice, whole

Open = Callable[[Case], Any]


def test_what_is_shown_goes_out_and_comes_in_as_one_step(open_case: Open, tmp_path: Path) -> None:
    case = case_of(tmp_path, "PIL")
    hands = open_case(case)
    hands.window.go_to("Anatomy")
    desk = hands.window.desk
    desk.view.style("segments/body", "BODY", visible=False)
    hands.settle()
    hands.find("importSegmentsButton")
    hands.find("exportSegmentsButton")
    hands.window.exchange.write(tmp_path / "out", "seg")
    hands.until_idle()
    assert (tmp_path / "out.dcm").is_file()
    hands.window.exchange.read([tmp_path / "out.dcm"])
    hands.until_idle()
    added = set(desk.session.case.segments) - set(case.segments)
    assert added == {"left2", "front2", "head2"}
    new = desk.session.case.segments["front2"]
    assert dice(whole(new, case), whole(case.segments["front"], case)) == 1
    assert desk.view.look.style("segments/front2", new.name).colour == COLOURS["front"]
    desk.undo()
    assert desk.session.case.segments.keys() == case.segments.keys()


def test_a_segmentation_of_another_scan_is_refused_in_a_sentence(
    open_case: Open, tmp_path: Path
) -> None:
    from surgiplan import io
    from tests.app.bodies import scanned_case

    io.export_segments(case_of(tmp_path), tmp_path / "other.dcm", "seg", ["left"])
    hands = open_case(scanned_case())
    before = hands.window.desk.session.case
    hands.window.exchange.read([tmp_path / "other.dcm"])
    hands.until_idle()
    assert hands.window.desk.session.case is before
    assert "another frame of reference" in hands.find("noticeText").text()


def test_an_open_surface_is_refused_and_the_crosshair_shows_where(
    open_case: Open, tmp_path: Path
) -> None:
    from surgiplan import io
    from surgiplan.model import Surface
    from tests.app.bodies import scanned_case

    case = scanned_case()
    grid = case.volume().grid
    low, high = grid.corners_lps().min(axis=0), grid.corners_lps().max(axis=0)
    cube = [[x, y, z] for x in (0.3, 0.7) for y in (0.3, 0.7) for z in (0.3, 0.7)]
    points = low + (high - low) * cube
    faces = [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
             [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]  # fmt: skip
    io.write_surface(Surface(points, faces[:-2]), tmp_path / "open.ply")
    io.write_surface(Surface(points, faces), tmp_path / "whole.ply")
    hands = open_case(case)
    desk = hands.window.desk
    hands.window.exchange.read([tmp_path / "open.ply"])
    hands.until_idle()
    assert "stays open at" in hands.find("noticeText").text()
    assert desk.view.look.crosshair_lps == tuple(points[[1, 3, 5, 7]].mean(axis=0))
    hands.window.exchange.read([tmp_path / "whole.ply"])
    hands.until_idle()
    assert set(desk.session.case.segments) - set(case.segments) == {"whole"}
