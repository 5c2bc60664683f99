"""A start-up that loads nothing heavy before the window is seen."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import os, sys
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PySide6.QtWidgets import QApplication
from surgiplan.app.palette import dress
from surgiplan.app.window import MainWindow
application = QApplication([])
dress(application)
window = MainWindow()
window.show()
application.processEvents()
heavy = {"vtkmodules", "scipy", "SimpleITK", "pydicom", "skimage", "numba", "trimesh", "reportlab"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_window_is_seen_before_anything_heavy_is_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_worker_process_has_no_use_for_qt() -> None:
    script = "import sys, surgiplan.app.work; print('PySide6' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
