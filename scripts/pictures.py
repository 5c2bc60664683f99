"""Takes pictures in the real window: ``pictures.py CASE FOLDER [PICTURES]``, the README's if none.

PICTURES is JSON: by file name what is selected, what is hidden, where in the case the crosshair
goes, what colours it, and how a response is shown.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from surgiplan.app.palette import dress
from surgiplan.app.window import MainWindow
from surgiplan.model import Case, Segment
from surgiplan.render.look import ResponseLook

BONES = ["spine", "ribs", "pelvis", "long_bones", "sternum", "scapulae"]
README: dict[str, dict[str, Any]] = {
    "plan_stent": {"select": "plan/stents/stent", "hide": BONES, "at": "plan/stents/stent"},
    "plan_resection": {
        "select": "plan/resections/resection", "hide": BONES, "at": "segments/tumour",
    },
    "simulate_remnant": {
        "select": "findings/resection_response", "hide": BONES, "at": "segments/tumour",
    },
}  # fmt: skip


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    case, folder = Path(sys.argv[1]), Path(sys.argv[2])
    pictures = json.loads(sys.argv[3]) if sys.argv[3:] else README
    folder.mkdir(parents=True, exist_ok=True)
    application = QApplication(sys.argv[:1])
    dress(application)
    window = MainWindow()
    window.ready.connect(lambda: window.open_paths([case]))
    window.show()
    QTimer.singleShot(0, window.finish_starting)
    wait(application, lambda: window.views and window.desk.session.case.volumes)
    settle(application, 2.0)
    wait(application, lambda: not window.surfaces.pending)
    for name, picture in pictures.items():
        shown = window.desk.session.case
        for segment in picture.get("hide", ()):
            path = f"segments/{segment}"
            window.desk.view.style(path, shown.at(path).name, visible=False)
        window.desk.view.change(crosshair_lps=point_of(shown, picture["at"]))
        selected = picture["select"]
        window.desk.select(selected)
        finding = selected if selected.startswith("findings/") else ""
        response = ResponseLook(**picture.get("response", {}))
        array = picture.get("array", "displacement")
        window.desk.view.change(finding=finding, array=array, response=response)
        settle(application, 1.0)
        wait(application, lambda: not window.surfaces.pending)
        settle(application, 4.0)
        window.grab().save(str(folder / f"{name}.png"))
    window.close()
    os._exit(0)


def point_of(case: Case, path: str) -> tuple[float, float, float]:
    """Middle of a stent or of a segment, LPS [mm]."""
    noun = case.at(path)
    if isinstance(noun, Segment):
        middle = noun.centroid_lps
    else:
        branch = case.plan.centerlines[noun.centerline_id].branch(noun.branch)
        middle = branch.point_at(noun.at_mm)
    return tuple(float(x) for x in middle)


def wait(application: QApplication, done: object) -> None:
    """Turn the event loop until ``done()``, two minutes at most."""
    end = time.monotonic() + 120
    while not done() and time.monotonic() < end:
        settle(application, 0.05)


def settle(application: QApplication, seconds: float) -> None:
    """Turn the event loop for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        application.processEvents()
        time.sleep(0.01)


if __name__ == "__main__":
    main()
