"""A number on the screen is whole, sign and unit included, or the name beside it gives way."""

import pytest

from surgiplan.app.panels.panel import NumberTable

ROWS = [
    ("Margin", "-33.4 mm (± 2.8)", "≥ 10 mm", "fail"),
    ("A name that is much longer than its panel", "10-node tetrahedron", "", ""),
    ("Distal seal", "18.0 mm", "≥ 10 mm", "pass"),
]


@pytest.mark.parametrize("width", [270, 296])
def test_no_number_is_cut_however_long_its_name(qtbot, width):
    table = NumberTable()
    qtbot.addWidget(table)
    table.show_rows(ROWS)
    table.resize(width, 100)
    table.show()
    for name, number, rule in table._rows:
        for label in (number, rule):
            assert label.width() >= label.sizeHint().width()
            assert label.geometry().right() <= width
        assert name.width() > 0


def test_the_whole_name_can_be_read_in_its_tooltip(qtbot):
    table = NumberTable()
    qtbot.addWidget(table)
    table.show_rows(ROWS)
    assert "much longer than its panel" in table._rows[1][0].toolTip()
