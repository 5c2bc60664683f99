"""The same workflow from a shell.

Exit code 0: done; 2: the user can act on it, one sentence on standard error; 1: our bug.
"""

from .main import main

__all__ = ["main"]
