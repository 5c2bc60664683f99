"""Every action of the window, with its shortcut; Ctrl+K finds them by a few letters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

__all__ = ["Command", "Palette", "UndoKeys", "actions_of"]


@dataclass(frozen=True)
class Command:
    """One thing a user can do."""

    name: str
    text: str
    slot: Callable[[], object]
    shortcuts: tuple[str, ...] = ()
    why_not: Callable[[], str] | None = None
    """What is missing to do it, or an empty string."""


def actions_of(commands: list[Command], window: QWidget) -> dict[str, QAction]:
    """The commands as actions of a window, by name."""
    actions = {}
    for command in commands:
        action = QAction(command.text, window)
        action.setObjectName(command.name)
        action.setShortcuts([QKeySequence(keys) for keys in command.shortcuts])
        action.triggered.connect(lambda _=False, slot=command.slot: slot())
        window.addAction(action)
        actions[command.name] = action
    return actions


class UndoKeys(QObject):
    """Keeps undo and redo for the whole window: text fields would swallow their keys."""

    _KEYS = frozenset(
        {
            QKeySequence("Ctrl+Z").toString(),
            QKeySequence("Ctrl+Y").toString(),
            QKeySequence("Ctrl+Shift+Z").toString(),
        }
    )

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        if QKeySequence(event.keyCombination()).toString() not in self._KEYS:
            return False
        event.ignore()
        return True


class Palette(QDialog):
    """A line to type in and the actions that match; what cannot be done says why."""

    def __init__(
        self, commands: list[Command], actions: Mapping[str, QAction], parent: QWidget
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("commandPalette")
        self._commands, self._actions = commands, actions
        self.line = QLineEdit(objectName="paletteLine")
        self.line.setPlaceholderText("What do you want to do?")
        self.list = QListWidget(objectName="paletteList")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.line)
        column.addWidget(self.list)
        self.resize(460, 380)
        self.line.textChanged.connect(self._filter)
        self.line.returnPressed.connect(self._run_current)
        self.list.itemClicked.connect(lambda _: self._run_current())
        self.line.installEventFilter(self)

    def open_over(self, window: QWidget) -> None:
        """Show it in the middle of a window's upper part."""
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - self.width()) // 2, corner.y() + 60)
        self.line.clear()
        self._filter("")
        self.show()
        self.line.setFocus()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step:
                row = self.list.currentRow() + step
                self.list.setCurrentRow(min(max(row, 0), self.list.count() - 1))
                return True
        return False

    def _filter(self, text: str) -> None:
        self.list.clear()
        for command in self._commands:
            if not _matches(text, command.text):
                continue
            why_not = command.why_not() if command.why_not else ""
            keys = "   ".join(command.shortcuts[:1])
            item = QListWidgetItem(f"{command.text}   {keys}" if not why_not else command.text)
            item.setData(Qt.ItemDataRole.UserRole, command.name)
            if why_not:
                item.setText(f"{command.text}: {why_not}")
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        for row in range(self.list.count()):
            if self.list.item(row).flags() & Qt.ItemFlag.ItemIsEnabled:
                self.list.setCurrentRow(row)
                break

    def _run_current(self) -> None:
        item = self.list.currentItem()
        if item is None or not item.flags() & Qt.ItemFlag.ItemIsEnabled:
            return
        self.close()
        self._actions[item.data(Qt.ItemDataRole.UserRole)].trigger()


def _matches(typed: str, text: str) -> bool:
    """Whether each word typed begins a word of the text."""
    words = text.lower().split()
    return all(any(word.startswith(part) for word in words) for part in typed.lower().split())
