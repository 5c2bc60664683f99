"""Work for the jobs of the tests; a spawned process imports it by name."""

import os
import time

import numpy as np


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
