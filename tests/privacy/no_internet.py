"""Lets the kernel end a process, and all its children, that opens an internet socket."""

import ctypes
import platform
import struct
import sys

_SOCKET_CALL = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _KILL_PROCESS = 0x7FFF0000, 0x80000000
_AF_INET, _AF_INET6 = 2, 10
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def can_forbid() -> bool:
    """Whether this system has the filter (Linux on the usual processors)."""
    return sys.platform == "linux" and platform.machine() in _SOCKET_CALL


def forbid() -> None:
    """From here on, socket(AF_INET or AF_INET6) kills the process; inherited by its children."""
    architecture, number = _SOCKET_CALL[platform.machine()]
    steps = [
        (_LOAD, 0, 0, 4), (_EQUAL, 0, 6, architecture),
        (_LOAD, 0, 0, 0), (_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, 16), (_EQUAL, 1, 0, _AF_INET), (_EQUAL, 0, 1, _AF_INET6),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_RETURN, 0, 0, _ALLOW),
    ]  # fmt: skip
    code = b"".join(struct.pack("<HBBI", *step) for step in steps)
    program = _Program(len(steps), code)
    libc = ctypes.CDLL(None, use_errno=True)
    for request in (
        (_NO_NEW_PRIVILEGES, 1, 0, 0, 0),
        (_SECCOMP, _FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*request) != 0:
            raise OSError(ctypes.get_errno(), "the kernel took no filter")
