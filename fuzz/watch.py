"""Reading from a process that may hang: it is judged by its own time, not by a busy machine's."""

import os
import select
import subprocess
import time
from pathlib import Path

__all__ = ["line_within", "peak_mib", "reset_peak"]

_BUSY_FACTOR = 6
"""Other programs may take that much more of the clock before we call it a hang."""


def line_within(process: "subprocess.Popen[str]", seconds: float) -> str:
    """The next line, empty where the process ends or uses that much time of processor or clock.

    The clock may run six times longer, since the machine may have other things to do.
    """
    assert process.stdout is not None
    start, before = time.monotonic(), _processor_seconds(process.pid)
    while not select.select([process.stdout], [], [], 0.5)[0]:
        spent = _processor_seconds(process.pid) - before
        if spent > seconds or time.monotonic() - start > seconds * _BUSY_FACTOR:
            return ""
    return process.stdout.readline()


def _processor_seconds(pid: int) -> float:
    """Of a process and of its children, running or ended."""
    total = 0.0
    for one in [pid, *_children(pid)]:
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return total


def _children(pid: int) -> list[int]:
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(child) for child in found]


def reset_peak() -> None:
    """Forget this process's peak of memory."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_mib() -> float:
    """This process's peak of memory since ``reset_peak`` [MiB]; 0 where nothing tells it."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(x.split()[1]) / 1024 for x in lines if x.startswith("VmHWM")), 0.0)
