"""What a program did not live to save is offered by the next one; sent cases arrive."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog

from surgiplan import io
from surgiplan.app.passphrase import PassphraseDialog
from surgiplan.app.state import unsaved_folder
from surgiplan.edits import MoveStent
from surgiplan.session import Session
from tests.app.bodies import planned_case
from tests.app.programs import Buttons


@pytest.fixture
def path(tmp_path: Path) -> Path:
    io.save(planned_case(), tmp_path / "plan.splan")
    return tmp_path / "plan.splan"


def test_steps_are_kept_beside_the_saves_and_the_next_program_brings_them_back(
    program: Any, path: Path
) -> None:
    first = program()
    first.open(path)
    saved_mm = first.at_mm
    first.move(41.0, 42.0, 43.0)
    first.until_kept(3)
    assert io.load(path).plan.stents["stent"].at_mm == saved_mm, "nothing is saved unasked"
    first.die()

    second = program()
    second.answer(Buttons.Yes)
    second.open(path)
    assert "plan.splan holds work that a program did not live to save: 3 steps" in second.asked[0]
    assert second.at_mm == 43.0
    assert len(second.desk.session.unsaved) == 3
    second.desk.undo()
    assert second.at_mm == 42.0
    second.desk.undo()
    second.desk.undo()
    assert second.at_mm == saved_mm
    second.desk.redo()
    second.documents.save()
    second.until(lambda: not second.desk.has_changes)
    assert io.load(path).plan.stents["stent"].at_mm == 41.0
    assert not io.holds_autosaves(path)
    done: list[Any] = []
    for edit in io.load_edits(path / "journal.jsonl"):
        if edit is None:
            done.pop()
        else:
            done.append(edit)
    assert [edit.at_mm for edit in done] == [41.0]
    assert io.verify(path) == ()


def test_two_crashes_in_a_row_lose_nothing(program: Any, path: Path) -> None:
    first = program()
    first.open(path)
    first.move(41.0)
    first.until_kept(1)
    first.die()
    second = program()
    second.answer(Buttons.Yes)
    second.open(path)
    second.move(42.0)
    second.until_kept(2)
    second.die()
    # The third dies while it brings the work back, before it keeps anything itself.
    third = program()
    third.autosave.interval_s = third.autosave.soon_s = 1000
    third.answer(Buttons.Yes)
    third.open(path)
    assert third.at_mm == 42.0
    third.die()
    fourth = program()
    fourth.answer(Buttons.Yes)
    fourth.open(path)
    assert fourth.at_mm == 42.0
    assert len(fourth.desk.session.unsaved) == 2


def test_discarded_work_is_gone_and_the_case_is_as_saved(program: Any, path: Path) -> None:
    first = program()
    first.open(path)
    saved_mm = first.at_mm
    first.move(41.0)
    first.until_kept(1)
    first.die()
    second = program()
    second.answer(Buttons.Discard)
    second.open(path)
    second.until(lambda: second.desk.path == path)
    assert second.at_mm == saved_mm
    assert not second.desk.has_changes
    assert not io.holds_autosaves(path)


def test_an_answer_can_wait(program: Any, path: Path) -> None:
    first = program()
    first.open(path)
    first.move(41.0)
    first.until_kept(1)
    first.die()
    second = program()
    second.answer(Buttons.Cancel)
    second.documents.open(path)
    second.until(lambda: second.asked and second.desk.running is None)
    assert second.desk.path is None
    assert io.holds_autosaves(path)
    with io.CaseLock(path):
        pass


def test_a_case_that_was_never_saved_is_kept_in_private_and_brought_back(
    program: Any, tmp_path: Path
) -> None:
    first = program()
    first.desk.open(planned_case())
    first.move(41.0, 42.0)
    first.until_kept(2)
    (place,) = unsaved_folder().iterdir()
    assert {oct(p.stat().st_mode & 0o77) for p in [place, *place.rglob("*")]} == {"0o0"}
    # A program that lives keeps its work to itself.
    other = program()
    other.documents.bring_back_or_say()
    other.until(lambda: other.said)
    assert "There is no other work" in other.said[0]
    first.die()

    second = program()
    went_on: list[bool] = []
    second.answer(Buttons.Cancel)
    second.documents.bring_back(lambda: went_on.append(True))
    second.until(lambda: went_on)
    second.answer(Buttons.Yes)
    second.documents.bring_back(lambda: went_on.append(True))
    second.until(lambda: second.desk.case.volumes)
    assert len(went_on) == 1
    assert "A case that was never saved holds work" in second.asked[1]
    assert second.at_mm == 42.0
    assert second.desk.path is None
    second.move(43.0)
    second.until_kept(3)
    assert list(unsaved_folder().iterdir()) == [place], "it goes on where the first one kept it"
    second.documents.save_to(tmp_path / "new.splan")
    second.until(lambda: second.desk.path)
    assert io.load(tmp_path / "new.splan").plan.stents["stent"].at_mm == 43.0
    assert list(unsaved_folder().iterdir()) == []


def test_discarding_at_the_end_leaves_nothing(program: Any, path: Path) -> None:
    ended: list[bool] = []
    for begin in (lambda one: one.open(path), lambda one: one.desk.open(planned_case())):
        one = program()
        begin(one)
        one.move(41.0)
        one.until_kept(1)
        one.answer(Buttons.Discard)
        one.documents.after_saving(lambda: ended.append(True))
        one.until(lambda: ended)
        one.documents.close()
        ended.clear()
    assert not io.holds_autosaves(path)
    assert list(unsaved_folder().iterdir()) == []


def test_saving_under_another_name_takes_the_kept_steps_from_the_first(
    program: Any, path: Path, tmp_path: Path
) -> None:
    one = program()
    one.open(path)
    one.move(41.0)
    one.until_kept(1)
    one.documents.save_to(tmp_path / "other.splan")
    one.until(lambda: one.desk.path == tmp_path / "other.splan")
    assert not io.holds_autosaves(path)
    assert io.load(tmp_path / "other.splan").plan.stents["stent"].at_mm == 41.0


def test_another_case_with_lost_work_is_not_saved_over(
    program: Any, path: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.splan"
    io.save(planned_case(), other)
    io.autosave(MoveStent("stent", 44.0).apply(planned_case()), other, [MoveStent("stent", 44.0)])
    one = program()
    one.open(path)
    one.move(41.0)
    one.documents.save_to(other)
    one.until(lambda: one.said)
    assert "holds work of its own that was never saved" in one.said[0]
    assert io.holds_autosaves(other)
    assert one.desk.has_changes


def test_an_undo_of_what_was_saved_is_brought_back_too() -> None:
    saved = MoveStent("stent", 41.0)
    before = planned_case()
    session = Session(before)
    session.do(saved)
    session.mark_saved(1)
    session.undo()
    later = Session(saved.apply(before))
    later.resume(session.unsaved, session.case)
    assert later.case.digest == before.digest
    assert later.unsaved == (None,)
    assert later.undo_label is None


def test_a_case_is_sent_as_one_file_and_opened_from_it(
    program: Any, path: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    chosen = [str(tmp_path / "sent"), str(tmp_path / "copy")]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (chosen.pop(0), ""))
    one = program()
    one.open(path)
    one.move(41.0)
    one.documents.send()
    one.until(lambda: one.said)
    assert one.said == ["sent.splanz is written, without the patient's name."]
    assert not one.desk.has_changes, "what is sent is what is saved"
    one.open(tmp_path / "sent.splanz")
    assert one.desk.path == tmp_path / "copy.splan"
    assert one.at_mm == 41.0


def test_an_encrypted_case_opens_with_its_passphrase_and_nothing_of_it_is_kept_open(
    program: Any, path: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    with io.CaseLock(path):
        io.encrypt(path, "correct horse", cost=io.Cost(n=1 << 10))
    typed = ["wrong", "correct horse", "correct horse"]
    monkeypatch.setattr(PassphraseDialog, "ask", lambda _: typed.pop(0))
    first = program()
    first.open(path)
    first.move(41.0)
    first.until_kept(1)
    first.die()
    assert not unsaved_folder().exists()

    second = program()
    second.answer(Buttons.Yes)
    second.open(path)
    assert second.at_mm == 41.0
    other = tmp_path / "other.splan"
    second.documents.save_to(other)
    second.until(lambda: second.desk.path and Path(second.desk.path) == other)
    assert io.is_encrypted(other)
    assert io.load(io.unlock(other, "correct horse")).plan.stents["stent"].at_mm == 41.0
    assert not io.holds_autosaves(io.unlock(path, "correct horse"))
    second.move(42.0)
    second.documents.save()
    second.until(lambda: not second.desk.has_changes)
    assert io.load(io.unlock(other, "correct horse")).plan.stents["stent"].at_mm == 42.0
