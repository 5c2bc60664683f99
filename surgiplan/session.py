"""An open case: what is shown, what was done, and what can be undone."""

from collections.abc import Callable, Sequence

from .edits import Edit
from .errors import SurgiplanError
from .model import Case, Noun

__all__ = ["Session"]

_HISTORY_BYTES = 1_000_000_000
_HISTORY_STEPS = 20
"""Steps that stay undoable however large they are."""


class Session:
    """Holds the current case and its history.  Lives on one thread, knows no window."""

    def __init__(self, case: Case) -> None:
        self._past: list[tuple[Edit, Case]] = []
        self._future: list[tuple[Edit, Case]] = []
        self._case = case
        self._shown = case
        self._listeners: list[Callable[[Case], None]] = []
        self._unsaved: list[Edit | None] = []

    @property
    def case(self) -> Case:
        """The case as decided, without any preview."""
        return self._case

    @property
    def shown(self) -> Case:
        """The case on the screen, preview included."""
        return self._shown

    @property
    def undo_label(self) -> str | None:
        """What undo would take back; None if nothing."""
        return self._past[-1][0].label if self._past else None

    @property
    def redo_label(self) -> str | None:
        """What redo would do again; None if nothing."""
        return self._future[-1][0].label if self._future else None

    @property
    def unsaved(self) -> tuple[Edit | None, ...]:
        """What was done since the last save, oldest first; None took the edit before it back."""
        return tuple(self._unsaved)

    def mark_saved(self, count: int) -> None:
        """Say that the first ``count`` unsaved steps are in the journal on disk now."""
        del self._unsaved[:count]

    def on_change(self, listener: Callable[[Case], None]) -> None:
        """Call ``listener`` with the case to show, now and after every change."""
        self._listeners.append(listener)
        listener(self._shown)

    def do(self, edit: Edit) -> None:
        """Apply an edit and remember it.  A failing edit leaves the case as it was."""
        new = edit.apply(self._case)
        self._past.append((edit, self._case))
        self._future.clear()
        self._unsaved.append(edit)
        self._forget_oldest()
        self._commit(new)

    def preview(self, edit: Edit | None) -> None:
        """Show an edit without deciding on it; ``None`` shows the case itself again."""
        self._show(edit.apply(self._case) if edit else self._case)

    def undo(self) -> None:
        """Show the case before the last edit; without one, nothing happens."""
        if self._past:
            edit, before = self._past.pop()
            self._future.append((edit, self._case))
            self._unsaved.append(None)
            self._commit(before)

    def redo(self) -> None:
        """Show the case after the edit that was undone last; without one, nothing happens."""
        if self._future:
            edit, after = self._future.pop()
            self._past.append((edit, self._case))
            self._unsaved.append(edit)
            self._commit(after)

    def resume(self, steps: Sequence[Edit | None], case: Case) -> None:
        """Do again what an earlier session did and never saved, up to ``case``.

        Where its steps cannot be done again, say since they take back what was saved, ``case``
        itself is shown, and these steps cannot be undone.
        """
        past: list[tuple[Edit, Case]] = []
        present = self._case
        try:
            for edit in steps:
                if edit is None:
                    _, present = past.pop()
                else:
                    past.append((edit, present))
                    present = edit.apply(present)
            is_same = present.digest == case.digest
        except (SurgiplanError, IndexError):
            is_same = False
        self._past = past if is_same else []
        self._future.clear()
        self._unsaved = list(steps)
        self._commit(present if is_same else case)

    def _commit(self, case: Case) -> None:
        self._case = case
        self._show(case)

    def _show(self, case: Case) -> None:
        self._shown = case
        for listener in tuple(self._listeners):
            listener(case)

    def _forget_oldest(self) -> None:
        """Drop the oldest steps while history alone keeps too many bytes alive."""
        while len(self._past) > _HISTORY_STEPS and self._bytes_of_history() > _HISTORY_BYTES:
            del self._past[0]

    def _bytes_of_history(self) -> int:
        """Bytes of arrays that only earlier cases hold; what the present shares costs nothing."""
        present = {id(noun) for noun in _nouns(self._case)}
        gone = {id(n): n for _, case in self._past for n in _nouns(case) if id(n) not in present}
        return sum(_array_bytes(noun) for noun in gone.values())


def _nouns(case: Case) -> list[Noun]:
    return [case.at(path) for path in case.paths()]


def _array_bytes(noun: Noun) -> int:
    arrays = [v for v in vars(noun).values() if hasattr(v, "nbytes")]
    return sum(int(a.nbytes) for a in arrays)
