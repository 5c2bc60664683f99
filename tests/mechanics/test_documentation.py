"""What the page on mechanics shows runs as it is printed there."""

import re
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "mechanics.md"


def test_the_ten_lines_of_the_page_hang_a_bar_by_its_top(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 13
    names = {}
    exec(code, names)  # the page itself, and nothing from outside
    exact = 1060 * 9.80665 * 1e-6 * 30**2 / (2 * 5)
    assert names["displacement_mm"][:, 2].min() == pytest.approx(-exact, rel=0.1)
    largest, residual = map(float, capsys.readouterr().out.split())
    assert largest == pytest.approx(exact, rel=0.1)
    assert residual < 1e-6
    pull = names["stress_kpa"][..., 2, 2]
    assert np.mean(pull) == pytest.approx(1060 * 9.80665 * 1e-6 * 15, rel=0.05)
