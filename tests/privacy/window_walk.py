"""The window on a canary's scan: look, import, save, report, close; run by the tests."""

import logging
import sys
from pathlib import Path


def walk(scan: Path, out: Path) -> None:
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from surgiplan.app.palette import dress
    from surgiplan.app.window import MainWindow

    application = QApplication.instance() or QApplication(sys.argv[:1])
    application.setApplicationName("surgiplan")
    dress(application)
    window = MainWindow()
    window.show()
    window.finish_starting()

    def until(is_so, what):
        for _ in range(12_000):
            application.processEvents()
            if is_so():
                return
            QTest.qWait(10)
        raise AssertionError(f"not {what}; said: {window.desk.notices.last}")

    def idle():
        return window.desk.running is None and not window.surfaces.pending

    scans = window.panels["Patient"].scans
    window.open_paths([scan])
    until(lambda: scans.series.count(), "listed")
    say(window, "listed")
    scans.import_chosen()
    until(lambda: window.desk.case.volumes, "imported")
    until(idle, "idle")
    say(window, "imported")
    window.documents.save_to(out / "window.splan")
    until(lambda: window.desk.path is not None and idle(), "saved")
    window.panels["Report"].write(out / "window.pdf")
    until(lambda: (out / "window.pdf").exists() and idle(), "written")
    for stage in window.panels:
        window.go_to(stage)
        say(window, stage)
    window.close()
    QTest.qWait(50)


def say(window, when):
    """Everything that can be read on the screen."""
    from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListWidget, QPushButton

    QApplication.processEvents()
    lines = [window.windowTitle()]
    for kind in (QLabel, QLineEdit, QPushButton):
        for widget in window.findChildren(kind):
            lines.append(f"{widget.objectName()} {widget.text()} {widget.toolTip()}")
    for widget in window.findChildren(QListWidget):
        lines += [widget.item(row).text() for row in range(widget.count())]
    sys.stdout.write("".join(f"{when}: {line}\n" for line in lines))
    window.grab().save(str(Path(sys.argv[2]) / f"{when}.png"))


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG)
    walk(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write("walked\n")
