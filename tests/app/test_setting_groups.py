"""Many settings stand in groups that say which of them were changed; few stand as they are."""

from dataclasses import make_dataclass
from typing import Annotated

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from surgiplan.app.forms import SettingsForm
from surgiplan.app.setting_groups import grouped
from surgiplan.model import Choice, Quantity

NAMES = (
    "tissue", "stiffness_factor", "density_kg_per_m3", "position", "insufflation_mmhg",
    "bed_kpa_per_mm", "handle_radius_mm", "stent_stiffness_kpa_per_mm", "elements", "novelty_mm",
)  # fmt: skip


def settings(names) -> type:
    tissues = Annotated[str, Choice(("liver", "spleen"), "what it is made of")]
    number = Annotated[float, Quantity("1", 0.0, 10.0, "a number")]
    return make_dataclass(
        "Settings",
        [(n, tissues, "liver") if n == "tissue" else (n, number, 1.0) for n in names],
        frozen=True,
    )


def test_each_setting_stands_with_its_like():
    assert grouped(NAMES) == {
        "Tissue": ["tissue", "stiffness_factor", "density_kg_per_m3"],
        "Loads and position": ["position", "insufflation_mmhg"],
        "Handle": ["handle_radius_mm"],
        "Device": ["stent_stiffness_kpa_per_mm"],
        "Supports": ["bed_kpa_per_mm"],
        "More": ["novelty_mm"],
        "Mesh and accuracy": ["elements"],
    }


def test_a_folded_group_says_that_it_holds_a_change_and_opens_with_a_key(qtbot):
    form = SettingsForm(settings(NAMES))
    qtbot.addWidget(form)
    form.show()
    fold = form.folds["Supports"]
    assert not fold.content.isVisible()
    fold.head.setFocus()
    QTest.keyClick(fold.head, Qt.Key.Key_Space)
    assert fold.content.isVisible()
    form.fields["bed_kpa_per_mm"].setValue(3.0)
    assert "1 changed" in fold.head.text()
    assert form.changes() == {"bed_kpa_per_mm": 3.0}
    form.show_values({"tissue": "spleen"})
    assert form.changes() == {"tissue": "spleen"}
    assert "changed" not in fold.head.text()
    assert form.values()["elements"] == 1.0


def test_few_settings_need_no_groups(qtbot):
    form = SettingsForm(settings(NAMES[:4]))
    qtbot.addWidget(form)
    form.show()
    assert not form.folds
    assert all(field.isVisible() for field in form.fields.values())
