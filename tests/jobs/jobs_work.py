"""Work for the jobs of the tests; a spawned process imports it by name."""

import os
import time

import numpy as np

from surgiplan import mapped


def doubled(array, report):
    report(0.5, "doubling")
    return array * 2


def endless(report):
    report(0.1, "started")
    while True:
        time.sleep(0.05)


def crash(report):
    os.abort()


def refuse(report):
    from surgiplan.errors import PlanError

    raise PlanError("This plane misses the organ.")


def process_id(report):
    return os.getpid()


def large(report):
    return np.arange(3_000_000, dtype=np.float64)


def filled_while_watched(report, partial):
    array = mapped.empty((3_000_000,), np.int16)
    array[:] = 1
    view = array.view()
    view.flags.writeable = False
    partial(view)
    array[:] = 2
    return array


def hanging_import(folder, program, report):
    """Load a series whose decoders are ``program``."""
    from surgiplan import io
    from surgiplan.io.dicom import decoders

    decoders._program = lambda: program
    report(0.5, "started")
    return io.load_series(io.scan(folder).series[0])
