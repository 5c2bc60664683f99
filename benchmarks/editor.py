"""How soon the brush answers a move of the mouse on a large scan, with its preview."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from benchmarks.row import Row, Spent

__all__ = ["rows"]

_BRUSH = """
import sys, time
import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from surgiplan.app.palette import dress
from surgiplan.app.window import MainWindow
from surgiplan.imaging import cropped_segment
from surgiplan.model import Case, Volume, VoxelGrid

def main(strokes):
    application = QApplication(sys.argv[:1])
    dress(application)
    shape = (400, 512, 512)
    affine = np.array([[0, 0, 0.8, -205], [0, 0.8, 0, -205], [1.0, 0, 0, 0], [0, 0, 0, 1]])
    values = np.zeros(shape, np.int16)
    values[:, ::3] = 60
    volume = Volume("ct", values, VoxelGrid(shape, affine, "1.2"))
    mask = np.zeros(shape, bool)
    mask[100:300, 120:400, 60:330] = True
    organ = cropped_segment(mask, volume.grid, segment_id="liver", volume_id="ct")
    window = MainWindow()
    window.resize(1600, 980)
    window.show()
    window.finish_starting()
    case = Case().with_(volume, organ)
    window.desk.open(case)
    window.desk.view.begin(case)
    window.desk.select("segments/liver")
    deadline = time.monotonic() + 60
    while (window.surfaces.pending or not window.views.turns.are_done) and (
        time.monotonic() < deadline
    ):
        application.processEvents()
        time.sleep(0.01)
    for stroke in strokes:
        tool, radius_mm = stroke.split(",")
        print(stroke, moved(application, window, tool, float(radius_mm)))

def moved(application, window, tool, radius_mm):
    window.actions_by_name["edit_" + tool].trigger()
    window.editor.set(radius_mm=radius_mm)
    view = window.views.all["axial"]
    start = QPoint(view.width() // 2 - 60, view.height() // 2)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    taken = []
    for n in range(40):
        begun = time.process_time()
        QTest.mouseMove(view, start + QPoint(3 * n, n))
        application.processEvents()
        application.processEvents()
        taken.append(time.process_time() - begun)
    window.cancel()
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start)
    return sorted(taken[5:])[-2]

if __name__ == "__main__":
    main(sys.argv[1:])
    import os
    sys.stdout.flush()
    os._exit(0)
"""


_STROKES = {
    "disc of 10 mm": "paint,10",
    "ball of 10 mm": "ball,10",
    "ball of 25 mm": "ball,25",
    "threshold brush of 10 mm": "threshold_brush,10",
}


@contextmanager
def rows() -> Iterator[tuple[Row, ...]]:
    """Brushes on a scan of 512 x 512 x 400; the slowest move but one of each stroke counts."""
    measured = cache(_measured)
    yield tuple(
        Row(
            f"brush moved on 512 x 512 x 400: {name}",
            lambda stroke=stroke: measured()[stroke],  # type: ignore[misc]
            most=0.03,
        )
        for name, stroke in _STROKES.items()
    )


def _measured() -> dict[str, Spent]:
    """All strokes in one window, once: opening it takes longer than they do."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    answer = subprocess.run(
        [sys.executable, "-c", _BRUSH, *_STROKES.values()],
        check=True,
        env=environment,
        cwd=Path(__file__).resolve().parent.parent,
        capture_output=True,
        text=True,
    )
    lines = [line.split() for line in answer.stdout.splitlines()]
    return {stroke: Spent(float(seconds), float(seconds)) for stroke, seconds in lines}
