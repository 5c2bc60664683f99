"""How far an audit log reached: what a manifest keeps of it."""

from dataclasses import dataclass
from typing import Any

from surgiplan.errors import CaseFileError

__all__ = ["Head"]


@dataclass(frozen=True)
class Head:
    """How far a log reached: its number of lines, and the SHA-256 of the last one."""

    lines: int = 0
    sha256: str = "0" * 64

    def to_json(self) -> dict[str, Any]:
        """As a manifest keeps it."""
        return {"lines": self.lines, "sha256": self.sha256}

    @staticmethod
    def from_json(content: Any) -> "Head":
        """What ``to_json`` gave.  Raises CaseFileError for anything else."""
        try:
            lines, sha256 = content["lines"], content["sha256"]
        except (TypeError, KeyError):
            lines, sha256 = None, None
        if type(lines) is not int or not isinstance(sha256, str):
            raise CaseFileError("The head of the audit log is damaged.")
        return Head(lines, sha256)
