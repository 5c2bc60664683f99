"""Opening encrypted cases in the window, and encrypting the open one or no longer."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from . import case_files
from .case_files import Found
from .passphrase import PassphraseDialog

if TYPE_CHECKING:
    from .documents import Documents

__all__ = ["Encryption"]

_WARNING = (
    "Nobody can open the case without this passphrase, and nobody can recover it. Removed files "
    "can leave traces on a disk."
)


class Encryption(QObject):
    """Asks for passphrases; keys are made and files are written off the window's thread."""

    def __init__(self, documents: "Documents", window: QWidget) -> None:
        super().__init__(documents)
        self._documents, self._window = documents, window
        self._desk = documents.desk

    def open(self, path: Path, then: Callable[[Found], None], said: str = "") -> None:
        """Ask for the passphrase of a case and open it; a wrong one is asked for again."""
        text = said or f"{path.name} is encrypted. Its passphrase:"
        words = PassphraseDialog(f"Open {path.name}", text, self._window).ask()
        if words is None:
            return

        def done(found: Found | None) -> None:
            if found is None:
                self.open(path, then, "That is not the passphrase of this case. Try again:")
            else:
                then(found)

        work = partial(case_files.unlocked, path, words, self._documents.lock_of(path))
        self._desk.run("open", f"Open {path.name}", work, done, quick=True)

    def why_not_encrypt(self) -> str:
        """What is missing to encrypt the open case; empty if nothing is."""
        return self._why_not() or ("it is encrypted already" if self._is_sealed else "")

    def why_not_decrypt(self) -> str:
        """What is missing to remove the encryption; empty if nothing is."""
        return self._why_not() or ("" if self._is_sealed else "it is not encrypted")

    def encrypt(self) -> None:
        """Save, ask for a passphrase twice, and encrypt the case on disk."""
        if self._desk.has_changes:
            self._documents.save(then=self.encrypt)
            return
        path = self._desk.path
        if not isinstance(path, Path) or self.why_not_encrypt():
            return
        dialog = PassphraseDialog(f"Encrypt {path.name}", _WARNING, self._window, is_new=True)
        if words := dialog.ask():
            work = partial(case_files.encrypted, path, words)
            self._change(f"Encrypt {path.name}", work, f"{path.name} is encrypted.")

    def decrypt(self) -> None:
        """Save, and write the case on disk without encryption."""
        if self._desk.has_changes:
            self._documents.save(then=self.decrypt)
            return
        place = self._desk.path
        if place is None or isinstance(place, Path) or self.why_not_decrypt():
            return
        work = partial(case_files.decrypted, place)
        self._change(f"Decrypt {place.name}", work, f"{place.name} is not encrypted any more.")

    def _change(self, title: str, work: Callable[..., Any], sentence: str) -> None:
        autosave = self._documents.autosave
        autosave.pause()

        def done(place: Any) -> None:
            self._desk.path = place
            autosave.resume()
            self._desk.notices.say(sentence, kind="done")
            self._desk.saved.emit()

        self._desk.run("encrypt", title, work, done, quick=True, otherwise=autosave.resume)

    @property
    def _is_sealed(self) -> bool:
        return not isinstance(self._desk.path, Path | None)

    def _why_not(self) -> str:
        if self._desk.path is None:
            return "save the case first"
        return "it is open in another program" if self._desk.is_read_only else ""
