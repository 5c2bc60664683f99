"""A program that imports a folder as the window does: run by a test."""

import queue
import sys
from functools import partial
from pathlib import Path

from surgiplan import io
from surgiplan.app.work import imported
from surgiplan.jobs import Jobs

if __name__ == "__main__":
    posted: queue.Queue = queue.Queue()
    jobs = Jobs(posted.put)
    answers = []
    (series,) = io.scan(Path(sys.argv[1])).series
    jobs.start(
        "import", partial(imported, series, "ct", {}), done=answers.append, failed=answers.append
    )
    while not answers:
        posted.get()()
    jobs.close()
    assert answers[0].volume.sha256
