"""Takes the pictures of the README in the real window: ``pictures.py CASE FOLDER``."""

import os
import sys
import time
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from surgiplan.app.palette import dress
from surgiplan.app.window import MainWindow

PICTURES = {
    "plan_stent": ("plan/stents/stent", ("segments/bone",), "vessel"),
    "plan_resection": ("plan/resections/resection", ("segments/bone",), "lesion"),
    "simulate_remnant": ("findings/resection_response", ("segments/bone",), "lesion"),
}
"""File name: what is selected, what is hidden, and where the crosshair goes."""


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    case, folder = Path(sys.argv[1]), Path(sys.argv[2])
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
    for name, (selected, hidden, place) in PICTURES.items():
        shown = window.desk.session.case
        for path in hidden:
            window.desk.view.style(path, shown.at(path).name, visible=False)
        window.desk.view.change(crosshair_lps=point_of(shown, place))
        window.desk.select(selected)
        finding = selected if selected.startswith("findings/") else ""
        window.desk.view.change(finding=finding, array="displacement")
        settle(application, 1.0)
        wait(application, lambda: not window.surfaces.pending)
        settle(application, 4.0)
        window.grab().save(str(folder / f"{name}.png"))
    window.close()
    os._exit(0)


def point_of(case: object, place: str) -> tuple[float, float, float]:
    """Middle of the stent, or of the tumour, in LPS [mm]."""
    if place == "lesion":
        return tuple(float(x) for x in case.segments["tumour"].centroid_lps)
    stent = case.plan.stents["stent"]
    branch = case.plan.centerlines[stent.centerline_id].branch(stent.branch)
    return tuple(float(x) for x in branch.point_at(stent.at_mm))


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
