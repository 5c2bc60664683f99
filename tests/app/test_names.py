"""Name and birth date are on the screen only while somebody chose to see them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from surgiplan.edits import DropIdentity
from surgiplan.model import Case, Identity
from tests.app.bodies import scanned_case

Open = Callable[[Case], Any]
NAME = "ZZCANARY, Berta (金絲 雀鳥), born 1960-03-02"


def named_case(name: str = "ZZCANARY^Berta=金絲^雀鳥") -> Case:
    who = {"name": name, "patient_id": "4711", "birth_date": "1960-03-02"}
    return replace(scanned_case(), identity=Identity.of(who, []))


def readable(window: QWidget) -> str:
    """Everything that can be read in the window."""
    widgets = [*window.findChildren(QLabel), *window.findChildren(QLineEdit)]
    return "\n".join([window.windowTitle(), *(f"{w.text()} {w.toolTip()}" for w in widgets)])


def choose(hands: Any, command: str) -> None:
    hands.window.actions_by_name[command].trigger()
    hands.settle()


def test_no_name_is_shown_until_it_is_asked_for(open_case: Open) -> None:
    hands = open_case(named_case())
    assert "ZZCANARY" not in readable(hands.window)
    choose(hands, "toggleName")
    assert hands.find("nameLabel").text() == f"● {NAME}"
    assert hands.find("patientName").text() == f"● {NAME}"
    assert hands.find("nameLabel").property("role") == "attention"
    choose(hands, "toggleName")
    assert "ZZCANARY" not in readable(hands.window)


def test_a_title_never_carries_the_name(open_case: Open) -> None:
    hands = open_case(named_case())
    choose(hands, "toggleName")
    assert "ZZCANARY" not in hands.window.windowTitle()


def test_the_next_case_begins_without_its_name(open_case: Open) -> None:
    hands = open_case(named_case())
    choose(hands, "toggleName")
    open_case(named_case("ZZCANARY^Carl"))
    assert "ZZCANARY" not in readable(hands.window)


def test_that_a_name_was_shown_is_not_saved_but_logged(open_case: Open, tmp_path: Path) -> None:
    from surgiplan import io

    hands = open_case(named_case())
    path = tmp_path / "case.splan"
    hands.window.documents.save_to(path)
    hands.until(lambda: hands.window.desk.path is not None, "saved")
    before = io.load_view(path)
    choose(hands, "toggleName")
    hands.until(lambda: "identity shown" in str(io.audit_events(path)), "logged")
    hands.window.documents.save_to(path)
    hands.until_idle()
    assert io.load_view(path) == before


def test_a_dropped_name_leaves_the_screen_and_undo_brings_it_back(open_case: Open) -> None:
    hands = open_case(named_case())
    choose(hands, "toggleName")
    choose(hands, "dropIdentity")
    assert "ZZCANARY" not in readable(hands.window)
    choose(hands, "undo")
    assert hands.find("nameLabel").text() == f"● {NAME}"
    hands.window.desk.do(DropIdentity())
    commands = {one.name: one for one in hands.window._commands}
    assert commands["toggleName"].why_not() == "this case holds no name"


def test_a_name_is_text_and_no_markup(open_case: Open) -> None:
    hands = open_case(named_case("<h1>Bold</h1>"))
    choose(hands, "toggleName")
    assert "<h1>" in hands.find("nameLabel").text()
    assert hands.find("nameLabel").sizeHint().height() < 40


def test_the_plan_carries_the_name_if_that_is_ticked(open_case: Open, tmp_path: Path) -> None:
    from pypdf import PdfReader

    hands = open_case(named_case())
    hands.click("stage_report")
    assert not hands.find("reportIdentity").isChecked()
    for name, is_ticked in (("plain.pdf", False), ("named.pdf", True)):
        if is_ticked:
            hands.click("reportIdentity")
        hands.window.panels["Report"].write(tmp_path / name)
        hands.until(lambda file=tmp_path / name: file.exists(), "written", timeout_s=120)
        hands.until_idle()
        pages = [page.extract_text() for page in PdfReader(tmp_path / name).pages]
        assert all(("ZZCANARY, Berta" in page) == is_ticked for page in pages)
    open_case(replace(named_case(), identity=None))
    hands.click("stage_report")
    assert not hands.find("reportIdentity").isEnabled()
    assert not hands.find("reportIdentity").isChecked()
