"""Hands mutants to worker processes and notices when one dies or hangs."""

import json
import queue
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from .watch import line_within
from .worker import Answer, files_of

__all__ = ["FAILURES", "Summary", "run"]

SECONDS = 10.0
"""Of processor time for each damaged file; beyond, it hangs."""
FAILURES = {"failed", "different", "crashed", "hung"}
ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Summary:
    """What became of all mutants."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[Answer] = field(default_factory=list)
    unjudged: list[Answer] = field(default_factory=list)
    peak_mib: float = 0.0

    def add(self, answer: Answer) -> None:
        self.outcomes[answer.outcome] += 1
        self.peak_mib = max(self.peak_mib, answer.peak_mib)
        if answer.outcome in FAILURES:
            self.failures.append(answer)
        if answer.outcome == "unjudged":
            self.unjudged.append(answer)


def run(
    root: Path,
    numbers: Sequence[int],
    *,
    seed: int = 1,
    workers: int = 2,
    told: Callable[[Answer, int], None] = lambda *_: None,
) -> Summary:
    """Try these mutants of the files in ``root``; ``told`` hears each answer and their count."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in numbers:
        waiting.put(number)
    summary, lock = Summary(), threading.Lock()

    def work() -> None:
        worker: subprocess.Popen[str] | None = None
        while True:
            try:
                number = waiting.get_nowait()
            except queue.Empty:
                break
            worker = worker or _started(root, seed)
            answer = _asked(worker, root, seed, number)
            if answer.outcome in ("crashed", "hung"):
                _ended(worker)
                worker = None
            with lock:
                summary.add(answer)
                told(answer, summary.outcomes.total())
        if worker:
            _ended(worker)

    with ThreadPoolExecutor(workers) as threads:
        for one in [threads.submit(work) for _ in range(workers)]:
            one.result()
    summary.failures.sort(key=lambda answer: answer.number)
    return summary


def _started(root: Path, seed: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "fuzz.worker", str(root), str(seed)], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _asked(worker: "subprocess.Popen[str]", root: Path, seed: int, number: int) -> Answer:
    assert worker.stdin is not None
    worker.stdin.write(f"{number}\n")
    worker.stdin.flush()
    line = line_within(worker, SECONDS)
    if line:
        return Answer(**json.loads(line))
    chosen, files, kinds = files_of(root, seed, number)
    if kinds.endswith(" in all"):
        line = line_within(worker, SECONDS * (len(files) - 1))
    if line:
        return Answer(**json.loads(line))
    if worker.poll() is None:
        return Answer(number, chosen.name, kinds, "hung", f"more than {SECONDS} s")
    return Answer(number, chosen.name, kinds, "crashed", f"exit {worker.returncode}")


def _ended(worker: "subprocess.Popen[str]") -> None:
    try:
        worker.communicate(timeout=5)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.communicate()
