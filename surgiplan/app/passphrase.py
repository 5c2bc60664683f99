"""The question for a passphrase, once to open a case and twice to set a new one."""

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

__all__ = ["PassphraseDialog"]


class PassphraseDialog(QDialog):
    """One field, or two that must agree; what is typed is never shown nor kept."""

    def __init__(self, title: str, text: str, window: QWidget, *, is_new: bool = False) -> None:
        super().__init__(window)
        self.setObjectName("passphraseDialog")
        self.setWindowTitle(title)
        label = QLabel(text, objectName="passphraseText")
        label.setWordWrap(True)
        self.field = _field("passphraseField", "Passphrase")
        self.again = _field("passphraseAgain", "The same once more") if is_new else None
        self.why_not = QLabel("", objectName="passphraseWhyNot")
        self.why_not.setProperty("role", "attention")
        choice = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(choice.Ok | choice.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (label, self.field, self.again, self.why_not, self.buttons):
            if widget is not None:
                column.addWidget(widget)
        for field in (self.field, self.again):
            if field is not None:
                field.textChanged.connect(self._check)
        self.setMinimumWidth(420)
        self._check()

    def ask(self) -> str | None:
        """What was typed; None if the user cancelled."""
        chosen = self.exec() == QDialog.DialogCode.Accepted
        words = self.field.text()
        for field in (self.field, self.again):
            if field is not None:
                field.clear()
        self.deleteLater()
        return words if chosen and words else None

    def _check(self) -> None:
        typed = self.field.text()
        again = typed if self.again is None else self.again.text()
        differ = typed != again
        self.why_not.setText("The two differ." if differ and again else "")
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(bool(typed) and not differ)


def _field(name: str, hint: str) -> QLineEdit:
    field = QLineEdit(objectName=name)
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setPlaceholderText(hint)
    return field
