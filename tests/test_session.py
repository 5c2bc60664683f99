"""An open case: do, undo, redo, preview."""

import numpy as np
import pytest

from surgiplan.edits import AddSegments, Remove, Rename
from surgiplan.errors import PlanError
from surgiplan.model import Case, Segment, VoxelGrid
from surgiplan.session import Session


def liver():
    grid = VoxelGrid((2, 2, 2), np.eye(4))
    return Segment("liver", "liver", np.ones(grid.shape, bool), grid)


def test_undo_shows_the_very_case_that_was_there_before():
    session = Session(Case())
    before = session.case
    session.do(AddSegments((liver(),)))
    after = session.case
    session.undo()
    assert session.case is before
    session.redo()
    assert session.case is after


def test_a_failing_edit_changes_nothing():
    session = Session(Case())
    before = session.case
    with pytest.raises(PlanError):
        session.do(Remove("segments/liver"))
    assert session.case is before
    assert session.undo_label is None
    assert session.unsaved == ()


def test_a_preview_is_shown_but_not_decided():
    session = Session(Case().with_(liver()))
    shown = []
    session.on_change(shown.append)
    session.preview(Rename("segments/liver", "other"))
    assert shown[-1].segments["liver"].name == "other"
    assert session.case.segments["liver"].name == "liver"
    session.preview(None)
    assert shown[-1] is session.case
    assert session.undo_label is None


def test_a_new_step_forgets_what_was_undone():
    session = Session(Case().with_(liver()))
    session.do(Rename("segments/liver", "a"))
    session.undo()
    session.do(Rename("segments/liver", "b"))
    assert session.redo_label is None


def test_the_journal_tells_of_undo_and_redo():
    session = Session(Case().with_(liver()))
    edit = Rename("segments/liver", "a")
    session.do(edit)
    session.undo()
    session.redo()
    assert session.unsaved == (edit, None, edit)
    session.mark_saved(2)
    assert session.unsaved == (edit,)


def test_undo_with_nothing_to_undo_is_harmless():
    session = Session(Case())
    session.undo()
    session.redo()
    assert session.case is session.shown
