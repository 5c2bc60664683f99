"""Keeps this program off the internet, also where a library would only have a look."""

import sys
from functools import cache
from typing import Any

__all__ = ["stay_offline"]

_AF_INET, _AF_INET6 = 2, (10, 23, 30)
"""Internet families; that of version 6 has another number on Linux, Windows and macOS."""


@cache
def stay_offline() -> None:
    """From here on no Python code of this process can open an internet socket.

    It is not enough to want none: pydicom loads ``requests`` where that is installed, which opens
    an IPv6 socket when it is imported, to see whether it could.  So that is not even loaded.
    """
    sys.modules.setdefault("requests", None)  # type: ignore[arg-type]
    sys.addaudithook(_refuse_internet)


def _refuse_internet(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.__new__":
        return
    family = int(arguments[1])
    if family == _AF_INET or family in _AF_INET6:
        raise PermissionError("surgiplan opens no internet sockets.")
