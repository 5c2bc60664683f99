"""A surgeon who gets a patient ready for a liver resection, and how often he has to click."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.conftest import Hands

MOST_CLICKS = 10
LIVER_SURGERY = {"liver", "spleen", "portal_vein", "hepatic_veins", "aorta_lumen", "tumour"}


def test_liver_vessels_and_tumour_are_ready_in_under_ten_clicks(
    hands: Hands, sample_dicom: Path, monkeypatch: Any, tmp_path: Path
) -> None:
    clicks = 0

    def click(name: str) -> None:
        nonlocal clicks
        clicks += 1
        hands.click(name)

    hands.window.open_paths([sample_dicom])
    hands.until(lambda: hands.window.panels["Patient"].scans.series.count(), "series listed")
    hands.click("importButton")
    hands.until(lambda: hands.case.volumes, "imported")
    hands.until_idle()

    truth = json.loads((sample_dicom.parent / "truth" / "truth.json").read_text())
    tumour = np.array(truth["segments"]["tumour"]["centroid_lps"])
    click("stage_anatomy")
    click("torsoButton")
    hands.until(lambda: hands.window.desk.running is None, "every organ", timeout_s=300)
    hands.until_idle()
    clicks += 2  # the box of methods, and its entry
    hands.choose("methodChoice", "Tumour")
    click("pickSeeds")
    hands.window.desk.view.change(crosshair_lps=tuple(tumour))  # a turn of the wheel
    hands.settle()
    clicks += 1
    hands.click_at("axial", tumour)
    click("segmentButton")
    hands.until(lambda: "tumour" in hands.case.segments, "tumour", timeout_s=120)
    hands.until_idle()
    hands.window.grab().save(str(tmp_path / "ready.png"))

    assert clicks < MOST_CLICKS
    assert set(hands.case.segments) >= LIVER_SURGERY, hands.said
    for name in ("liver", "tumour"):
        found = hands.case.segments[name]
        assert found.volume_ml == pytest.approx(truth["segments"][name]["volume_ml"], rel=0.05)
