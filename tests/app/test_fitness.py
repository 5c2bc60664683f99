"""After an import the Images panel says what the scan is good for."""

from surgiplan.model import Case
from tests.imaging.trunk import trunk


def test_the_panel_tells_verdict_and_reason_with_a_sign(open_case):
    hands = open_case(Case().with_(trunk(blood_hu=42, metal=True)))
    hands.window.go_to("Images")
    panel = hands.window.panels["Images"]
    hands.until(lambda: "Aortic sizing" in panel.fitness.text(), "judged")
    rows = panel.fitness.text().splitlines()
    assert "Aortic sizing unfit ✕" in rows
    assert "Liver volumetry limited !" in rows
    assert "Metal limited !" in rows
    assert "No contrast seen" in hands.find("fitnessHint").text()
    hands.window.desk.open(Case())
    hands.settle()
    assert not panel.fitness.isVisible()
