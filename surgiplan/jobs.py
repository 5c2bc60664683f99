"""Long work off the main thread: pure functions in, values out, cancel at once.

One job runs at a time in a worker process that can be killed; a waiting job gives way to a newer
one of its kind.  Short work may run on a thread instead (``quick``).  Whoever waits is told:
exactly one of ``done``, ``failed`` and ``cancelled`` is called, on the main thread.
"""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .errors import Cancelled, SurgiplanError
from .jobs_report import Report
from .worker import Worker, WorkerDied

__all__ = ["Job", "Jobs", "apart"]

Post = Callable[[Callable[[], None]], None]


def apart(work: Callable[[Report], Any], report: Report, what: str) -> Any:
    """The value of ``work(report)``, computed in a process of its own that may die.

    For a shell, which can wait.  Raises what ``work`` raised, and SurgiplanError if the process
    crashed or was killed; ``what`` it did is named.
    """
    worker = Worker()
    try:
        return worker.run(work, report)
    except WorkerDied:
        raise SurgiplanError(_died(what)) from None
    finally:
        worker.kill()


def _died(what: str) -> str:
    return (
        f"The program that did the work ({what}) stopped unexpectedly, perhaps for lack of "
        "memory; nothing was changed. Close other programs and try again."
    )


def _ignore(*_: Any) -> None:
    return None


class Job:
    """One requested piece of work."""

    def __init__(
        self,
        kind: str,
        work: Callable[..., Any],
        done: Callable[[Any], None],
        failed: Callable[[BaseException], None],
        cancelled: Callable[[str], None],
        progress: Callable[[float, str], None],
        partial: Callable[[Any], None] | None,
    ) -> None:
        self.kind = kind
        self.fraction = 0.0
        self.message = ""
        self.is_wanted = True
        self._work, self._done, self._failed = work, done, failed
        self._cancelled, self._progress, self._partial = cancelled, progress, partial


class Jobs:
    """Runs jobs one after another.  Lives on the main thread; ``post`` brings answers there."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._lanes = {False: _Lane(post, _InProcess()), True: _Lane(post, _OnThread())}

    @property
    def running(self) -> Job | None:
        """The job in the worker process, if any."""
        return self._lanes[False].running

    def start(
        self,
        kind: str,
        work: Callable[..., Any],
        *,
        done: Callable[[Any], None],
        failed: Callable[[BaseException], None],
        cancelled: Callable[[str], None] = _ignore,
        progress: Callable[[float, str], None] = _ignore,
        partial: Callable[[Any], None] | None = None,
        quick: bool = False,
    ) -> Job:
        """Ask for ``work(report)``; it must be picklable unless ``quick``.

        With ``partial`` it is ``work(report, partial=...)`` and may say what it has so far.
        A waiting job of the same kind is replaced and told so.
        """
        job = Job(kind, work, done, failed, cancelled, progress, partial)
        self._lanes[quick].add(job)
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job, running or waiting; it is told at once.  A finished job is left alone."""
        for lane in self._lanes.values():
            lane.cancel(job)

    def warm_up(self) -> None:
        """Start the worker process now, so that the first job need not wait for it."""
        self._lanes[False].start_thread()

    def close(self) -> None:
        """Drop everything and end the worker process."""
        for lane in self._lanes.values():
            lane.close()


class _Lane:
    """A queue and the thread that empties it."""

    def __init__(self, post: Post, runner: "_InProcess | _OnThread") -> None:
        self._post, self._runner = post, runner
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self.running: Job | None = None

    def add(self, job: Job) -> None:
        with self._changed:
            for old in [w for w in self._waiting if w.kind == job.kind]:
                self._waiting.remove(old)
                self._drop(old, "replaced by a newer request")
            self._waiting.append(job)
            self._changed.notify()
        self.start_thread()

    def cancel(self, job: Job) -> None:
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
                self._drop(job, "cancelled")
            elif job is self.running and job.is_wanted:
                self._drop(job, "cancelled")
                self._runner.stop()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._waiting.clear()
            if self.running:
                self.running.is_wanted = False
            self._changed.notify()
        self._runner.close()
        if self._thread:
            self._thread.join(timeout=5)

    def start_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True, name="surgiplan-jobs")
            self._thread.start()

    def _drop(self, job: Job, why: str) -> None:
        job.is_wanted = False
        self._post(lambda: job._cancelled(why))

    def _run(self) -> None:
        # If the process cannot start now, the first job tries again and is told why.
        with suppress(OSError, RuntimeError):
            self._runner.prepare()
        while True:
            with self._changed:
                self.running = None
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                job = self.running = self._waiting.popleft()
            self._answer(job)

    def _answer(self, job: Job) -> None:
        def progress(fraction: float, message: str) -> None:
            if not job.is_wanted:
                raise Cancelled(message)
            job.fraction, job.message = fraction, message
            self._post(lambda: job._progress(fraction, message) if job.is_wanted else None)

        def partial(value: Any) -> None:
            self._post(lambda: job._partial(value) if job._partial and job.is_wanted else None)

        try:
            value = self._runner.run(job._work, progress, partial if job._partial else None)
        except BaseException as error:
            failure: BaseException = error
            if isinstance(error, WorkerDied):
                failure = SurgiplanError(_died(job.kind))
            self._finish(job, lambda: job._failed(failure))
            return
        self._finish(job, lambda: job._done(value))

    def _finish(self, job: Job, tell: Callable[[], None]) -> None:
        def told() -> None:
            # Cancelled between the answer and its arrival: cancelled is what the user saw.
            if job.is_wanted:
                job.is_wanted = False
                tell()

        self._post(told)


class _OnThread:
    """Runs work on the lane's own thread; it stops at its next report."""

    def prepare(self) -> None:
        return None

    def run(
        self, work: Callable[..., Any], progress: Report, partial: Callable[[Any], None] | None
    ) -> Any:
        return work(progress, partial=partial) if partial else work(progress)

    def stop(self) -> None:
        return None

    def close(self) -> None:
        return None


class _InProcess:
    """Runs work in a worker process and starts a new one after each kill."""

    def __init__(self) -> None:
        self._worker: Worker | None = None
        self._closed = False

    def prepare(self) -> None:
        self._worker = Worker()

    def run(
        self, work: Callable[..., Any], progress: Report, partial: Callable[[Any], None] | None
    ) -> Any:
        if self._worker is None or not self._worker.is_alive:
            self.prepare()
        assert self._worker is not None
        try:
            return self._worker.run(work, progress, partial)
        except (WorkerDied, Cancelled):
            self.stop()
            self._worker = None
            if not self._closed:
                with suppress(OSError):
                    self.prepare()
            raise

    def stop(self) -> None:
        if self._worker:
            self._worker.kill()

    def close(self) -> None:
        self._closed = True
        self.stop()
