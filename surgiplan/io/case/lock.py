"""One writer at a time: a lock file that tells a living program from a crashed one."""

import json
import os
import platform
import secrets
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from surgiplan.errors import CaseFileError

from ..atomic import TEMPORARY_SUFFIX
from ..plain import read_plain
from .place import CasePath

__all__ = ["CaseLock"]

_LARGEST_BYTES = 4096


class CaseLock:
    """Holds a case for writing, ``with CaseLock(path):``, also before it is first saved.

    Raises CaseFileError if another program, or this one, has it open; reading needs no lock.
    """

    def __init__(self, path: CasePath) -> None:
        self._root = Path(path)
        self._lock = self._root / "lock"
        self._token = ""

    def __enter__(self) -> "CaseLock":
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def acquire(self) -> None:
        """Take the lock, over a stale one if need be.  Raises CaseFileError."""
        about = {**_this_process(), "token": secrets.token_hex(8)}
        try:
            self._root.mkdir(mode=0o700, exist_ok=True)
            while not _created(self._lock, json.dumps(about)):
                owner = _owner(self._lock)
                if owner is not None and _lives(owner):
                    raise CaseFileError(_held(self._root, owner))
                _set_aside(self._lock, owner)
        except OSError as error:
            raise CaseFileError(
                f"{self._root.name} cannot be written here ({error.strerror}); choose another "
                "folder."
            ) from error
        self._token = about["token"]

    @property
    def is_held(self) -> bool:
        """Whether it was taken here and not given back."""
        return bool(self._token)

    def release(self) -> None:
        """Give the lock back; a folder that is still empty goes with it."""
        owner = _owner(self._lock)
        if self._token and owner and owner.get("token") == self._token:
            with suppress(OSError):
                self._lock.unlink()
            with suppress(OSError):
                self._root.rmdir()
        self._token = ""


def _held(root: Path, owner: dict[str, Any]) -> str:
    if owner.get("host") != platform.node():
        where = f"on the computer {owner.get('host')}"
    else:
        where = f"in another program (process {owner.get('pid')})"
        if owner.get("pid") == os.getpid():
            where = "in this program"
    return (
        f"{root.name} is open {where}; close it there, or open it read only. If nobody has it "
        "open, remove the file lock in it."
    )


def _this_process() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "started": _started(os.getpid()),
        "boot": _boot_id(),
        "host": platform.node(),
    }


def _boot_id() -> str:
    """Changes with every start of the computer; empty where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When a process started, so that a new one with its number is not taken for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""


def _lives(owner: dict[str, Any]) -> bool:
    """Whether the process that took the lock may still run."""
    if owner.get("host") != platform.node():
        return True
    if owner.get("boot") != _boot_id():
        return False
    pid = owner.get("pid")
    if not isinstance(pid, int) or os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return owner.get("started") in ("", _started(pid))


def _owner(lock: Path) -> dict[str, Any] | None:
    """What the lock file says; None if it is gone or says nothing."""
    try:
        content = json.loads(read_plain(lock, _LARGEST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _created(lock: Path, text: str) -> bool:
    """Create the lock file with its content in one step; False if there is one."""
    temporary = lock.with_name(f".lock.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
    temporary.touch(mode=0o600, exist_ok=False)
    temporary.write_text(text)
    try:
        os.link(temporary, lock)
    except FileExistsError:
        return False
    except OSError:
        # Some file systems have no links; between these two steps a crash leaves an empty lock,
        # which counts as stale.
        try:
            lock.touch(mode=0o600, exist_ok=False)
            lock.write_text(text)
        except FileExistsError:
            return False
    finally:
        temporary.unlink()
    return True


def _set_aside(lock: Path, stale: dict[str, Any] | None) -> None:
    """Remove a stale lock, but not the lock of somebody who was quicker to replace it."""
    aside = lock.with_name(f".lock.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
    try:
        os.replace(lock, aside)
    except FileNotFoundError:
        return
    if _owner(aside) != stale:
        with suppress(OSError):
            os.link(aside, lock)
    aside.unlink()
