"""A decoder in which each file does what its patient's name says: die, hang, grow, panic."""

import os
import signal
import sys
import time

import numpy as np

from surgiplan.io.dicom import decoding

decode = decoding._decoded


class Panic(BaseException):
    """What a codec written in Rust raises."""


def misbehave(dataset, frame):
    deed = str(dataset.PatientName)
    if deed == "abort":
        os.abort()
    if deed == "segmentation fault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if deed == "hang":
        # Whoever holds the interpreter's lock cannot be asked to stop.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        time.sleep(600)
    if deed == "grow":
        return np.ones((4 << 30,), np.uint8)
    if deed == "panic":
        raise Panic
    if deed == "print":
        os.write(1, b"Unsupported JPEG data precision 12\n")
    return decode(dataset, frame)


decoding._decoded = misbehave
raise SystemExit(decoding.serve(sys.argv[2:]))
