"""Runs surgiplan and ends it at the first internet socket, foreign program or foreign pickle.

``python tests/watched.py STEPS.json``: a list of command lines, or ["window", SCAN, CASE, PDF] for
a whole session in the window.  What was forbidden goes to the file SURGIPLAN_WATCH_LOG.  Worker
processes are watched too: they import this file as their main module.
"""

import ctypes
import json
import os
import platform
import socket
import sys
import traceback
from functools import partial
from pathlib import Path

INTERNET = (socket.AF_INET, socket.AF_INET6)
FORBIDDEN = ("os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.fork", "os.forkpty")
PROGRAMS = ("ldconfig",)
"""ctypes.util.find_library asks it where a library of the system lies."""
OWN_PROGRAM = "decode-images"
"""surgiplan itself, where a codec may crash; the kernel watches it too."""
OWN_PIPES = (
    "surgiplan/worker.py",
    "multiprocessing/connection.py",
    "multiprocessing/spawn.py",
    "multiprocessing/resource_sharer.py",
)
COMPILED = "numba/core/caching.py"
"""numba's index of what it compiled here itself, beside its own code; nothing of a patient."""


def watch(event: str, arguments: tuple) -> None:
    """The audit hook: says what was forbidden, and stops it."""
    if event.startswith("socket."):
        families = [getattr(a, "family", None) for a in arguments[:1]]
        if event == "socket.__new__":
            families = list(arguments[1:2])
        if event != "socket.gethostname" and families != [socket.AF_UNIX]:
            refuse(event, arguments)
    elif event == "subprocess.Popen":
        program, given = str(arguments[0]), list(arguments[1] or ())
        is_own = program == sys.executable and OWN_PROGRAM in given
        if os.path.basename(program) not in PROGRAMS and not is_own:
            refuse(event, arguments[:2])
    elif event == "pickle.find_class":
        if not called_from((*OWN_PIPES, COMPILED)):
            refuse(event, arguments)
    elif event in FORBIDDEN:
        refuse(event, arguments)


def called_from(files: tuple) -> bool:
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.replace("\\", "/").endswith(files):
            return True
        frame = frame.f_back
    return False


def refuse(event: str, arguments: tuple) -> None:
    handle = os.open(os.environ["SURGIPLAN_WATCH_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    stack = traceback.extract_stack(sys._getframe(2))
    way = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(stack) if f.line)
    os.write(handle, f"{event} {arguments}: {way}\n".encode())
    os.close(handle)
    raise RuntimeError(f"forbidden: {event} {arguments}")


def forbid_internet_sockets() -> bool:
    """Have the kernel kill whoever makes an internet socket, libraries in C too; whether it can."""
    numbers = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
    if sys.platform != "linux" or platform.machine() not in numbers:
        return False
    machine, socket_call = numbers[platform.machine()]
    load, equal, give, allow, kill = 0x20, 0x15, 0x06, 0x7FFF0000, 0x80000000
    program = [
        (load, 0, 0, 4), (equal, 0, 5, machine),
        (load, 0, 0, 0), (equal, 0, 3, socket_call),
        (load, 0, 0, 16), (equal, 2, 0, socket.AF_INET), (equal, 1, 0, socket.AF_INET6),
        (give, 0, 0, allow), (give, 0, 0, kill),
    ]  # fmt: skip

    class Filter(ctypes.Structure):
        _fields_ = [("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte),
                    ("value", ctypes.c_uint)]  # fmt: skip

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filters", ctypes.POINTER(Filter))]

    filters = (Filter * len(program))(*program)
    whole = Program(len(program), filters)
    libc = ctypes.CDLL(None, use_errno=True)
    new_privileges, seccomp, filtered = 38, 22, 2
    return (
        libc.prctl(new_privileges, 1, 0, 0, 0) == 0
        and libc.prctl(seccomp, filtered, ctypes.byref(whole), 0, 0) == 0
    )


def in_the_window(scan: Path, case: Path, paper: Path) -> None:
    """Import, save, write the plan, open again and close, as a user would, in the real window."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from surgiplan.app.window import MainWindow
    from surgiplan.app.work import imported
    from surgiplan.cli import main

    application = QApplication([])

    def steps():
        window = next(w for w in application.topLevelWidgets() if isinstance(w, MainWindow))
        while not window.panels:
            yield
        desk = window.desk
        desk.run("import", "Import", partial(imported, scan, "ct", {}))
        while not desk.case.volumes:
            yield
        window.documents.save_to(case)
        while desk.has_changes or desk.running:
            yield
        window.panels["Report"].write(paper)
        while not paper.exists() or desk.running:
            yield
        window.documents.open(case)
        while desk.running:
            yield
        window.close()

    script, patience = steps(), iter(range(6000))

    def step():
        next(script, None)
        if next(patience, None) is None:
            os._exit(3)

    timer = QTimer(interval=20)
    timer.timeout.connect(step)
    timer.start()
    if main(["window"]):
        raise SystemExit("the window ended with an error")


sys.addaudithook(watch)

if __name__ == "__main__":
    sys.stdout.write("kernel\n" if forbid_internet_sockets() else "interpreter\n")
    sys.stdout.flush()
    from surgiplan.cli import main

    for step in json.loads(Path(sys.argv[1]).read_text()):
        if step[0] == "window":
            in_the_window(*map(Path, step[1:]))
        elif step[0] == "python":
            exec(step[1])
        elif main(step):
            raise SystemExit(f"{step[0]} failed")
