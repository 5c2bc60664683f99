"""What every test has: no display, the sample, the real scans, and errors nobody overlooks."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# Work that a test leaves unsaved must not be offered to the user of this computer.
_state = tempfile.TemporaryDirectory(prefix="surgiplan-tests-")
os.environ["SURGIPLAN_STATE"] = _state.name

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real scans: SURGIPLAN_TEST_DATA, else shared/data beside the project."""
    default = ROOT.parent / "shared" / "data"
    return _existing(Path(os.environ.get("SURGIPLAN_TEST_DATA", default)), "the real scans")


@pytest.fixture(scope="session")
def sample_dicom() -> Path:
    """The sample study's CT, as a folder of DICOM files."""
    return _existing(ROOT / "sample_dicom" / "ct", "the sample study")


def _existing(folder: Path, what: str) -> Path:
    if folder.is_dir():
        return folder
    reason = f"{what} should lie in {folder}"
    if os.environ.get("SURGIPLAN_CI") == "1":
        pytest.fail(f"{reason}, and the CI must not skip")
    pytest.skip(reason)


@pytest.fixture
def vtk_errors() -> list[str]:
    """Errors that VTK has reported in this test; a test that provokes them clears the list."""
    return _vtk_errors


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Fails a test in which VTK reports an error or that leaves a message box open."""
    _listen_to_vtk()
    _vtk_errors.clear()
    result = yield
    _listen_to_vtk()
    if _vtk_errors:
        pytest.fail("VTK reported: " + "\n".join(_vtk_errors))
    if texts := _closed_message_boxes():
        pytest.fail("A message box was left open: " + "\n".join(texts))
    return result


_vtk_errors: list[str] = []
_heard: list[Any] = []
"""The VTK output window that we listen to."""


def _listen_to_vtk() -> None:
    from vtkmodules.vtkCommonCore import vtkOutputWindow

    window = vtkOutputWindow.GetInstance()
    if _heard == [window]:
        return

    def remember(_window: Any, _event: str, text: str) -> None:
        _vtk_errors.append(text.strip())

    remember.CallDataType = "string0"  # type: ignore[attr-defined]
    window.AddObserver("ErrorEvent", remember)
    _heard[:] = [window]


def _closed_message_boxes() -> list[str]:
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return []
    boxes = [
        widget
        for widget in widgets.QApplication.topLevelWidgets()
        if isinstance(widget, widgets.QMessageBox) and widget.isVisible()
    ]
    for box in boxes:
        box.close()
    return [box.text() for box in boxes]
