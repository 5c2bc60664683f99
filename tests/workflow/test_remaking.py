"""A segment is made again on another scan by what is kept of how it was made."""

from dataclasses import replace

import numpy as np
import pytest

from surgiplan import io
from surgiplan.edits import ChangeSegment, ReviewSegment
from surgiplan.errors import CaseFileError, PlanError, SegmentationError
from surgiplan.model import Case, Segment, Source, Volume, VoxelGrid
from surgiplan.workflow import edit_segment, remake_segment, segment


def scan(volume_id: str, *, frame: str = "1.2", radius: float = 8.0) -> Volume:
    """A ball of 200 HU in water on 2 mm voxels."""
    grid = VoxelGrid((24, 24, 24), np.diag([2.0, 2.0, 2.0, 1.0])[:, [2, 1, 0, 3]], frame)
    k, j, i = np.indices(grid.shape)
    ball = (k - 12) ** 2 + (j - 12) ** 2 + (i - 12) ** 2 < radius**2
    return Volume(
        volume_id, np.where(ball, 200, 0).astype(np.int16), grid, name=f"CT {volume_id}",
        source=Source(modality="CT"),
    )  # fmt: skip


@pytest.fixture
def case() -> Case:
    bare = Case().with_(scan("first"), scan("second", radius=6.0), scan("far", frame="9.9"))
    edit = segment(
        bare, "grow", volume_id="first", name="Lesion", seeds_lps=[[24.0, 24.0, 24.0]],
        settings={"low_hu": "100", "high_hu": "300"},
    )  # fmt: skip
    return edit.apply(bare)


def test_the_same_method_settings_and_seeds_run_on_the_other_scan(case: Case) -> None:
    made = case.segments["lesion"]
    assert made.recipe.method == "grow"
    assert dict(made.recipe.settings) == {"low_hu": 100.0, "high_hu": 300.0}
    after = remake_segment(case, "Lesion", "second").apply(case)
    again = after.segments["lesion2"]
    assert again.volume_id == "second"
    ball = np.count_nonzero(after.volumes["second"].values == 200)
    assert again.voxels == ball < made.voxels
    assert dict(again.recipe.settings) == dict(made.recipe.settings)
    assert not again.remarks
    assert after.segments["lesion"] is made


def test_what_hands_have_changed_is_not_repeated_and_said(case: Case) -> None:
    changed = edit_segment(case, "margin", ["lesion"], settings={"margin_mm": 4.0}).apply(case)
    (again,) = remake_segment(changed, "lesion", "second").segments
    assert "by hand are not repeated" in " ".join(again.remarks)


def test_clicks_mean_nothing_in_another_frame_of_reference(case: Case) -> None:
    with pytest.raises(SegmentationError, match="frame of reference"):
        remake_segment(case, "lesion", "far")
    with pytest.raises(SegmentationError, match="itself; choose another scan"):
        remake_segment(case, "lesion", "first")


def test_without_a_method_there_is_nothing_to_run_again(case: Case) -> None:
    drawn = replace(case.segments["lesion"], id="drawn", made_by="painted by hand", recipe=None)
    with pytest.raises(SegmentationError, match="painted by hand"):
        remake_segment(case.with_(drawn), "drawn", "second")


def test_review_and_recipe_are_kept_on_disk_and_change_no_digest(case: Case, tmp_path) -> None:
    reviewed = ReviewSegment("lesion", "flagged").apply(case)
    assert reviewed.segments["lesion"].digest == case.segments["lesion"].digest
    io.save(reviewed, tmp_path / "a.splan")
    read = io.load(tmp_path / "a.splan").segments["lesion"]
    assert read.review == "flagged"
    assert read.recipe.seeds_lps == pytest.approx(np.array([[24.0, 24.0, 24.0]]))
    assert read.recipe.words == read.made_by
    (again,) = remake_segment(io.load(tmp_path / "a.splan"), "lesion", "second").segments
    assert again.voxels


def test_a_segment_of_an_older_case_is_not_reviewed_yet(case: Case) -> None:
    document, arrays = io.to_json(case.segments["lesion"])
    older = {key: value for key, value in document.items() if key not in ("review", "recipe")}
    read = io.from_json(older, lambda sha256, *_: arrays[sha256])
    assert (read.review, read.recipe) == ("not_started", None)
    with pytest.raises(CaseFileError, match="do not fit"):
        io.from_json({**document, "review": "perfect"}, lambda sha256, *_: arrays[sha256])


def test_a_change_by_hand_reopens_a_review_and_keeps_a_flag(case: Case) -> None:
    def changed(state: str) -> Segment:
        reviewed = ReviewSegment("lesion", state).apply(case)
        edit = ChangeSegment(reviewed.segments["lesion"], "Paint lesion")
        return edit.apply(reviewed).segments["lesion"]

    assert changed("done").review == "in_progress"
    assert changed("flagged").review == "flagged"
    with pytest.raises(PlanError, match="choose one of"):
        ReviewSegment("lesion", "perfect").apply(case)
