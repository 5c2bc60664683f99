"""Which segment is edited, and a new one to begin with."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QColorDialog,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from surgiplan import io
from surgiplan.app.editing.editor import Editor, slug
from surgiplan.app.editing.review import REVIEW_WORDS, review_icon
from surgiplan.app.forms import ChoiceBox
from surgiplan.app.tree import millilitres, swatch
from surgiplan.edits import ReviewSegment
from surgiplan.render import default_colour

from .panel import enable

__all__ = ["EditTarget"]


class EditTarget(QWidget):
    """Colour, name and size of the segment that the tools change, and what makes another."""

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self._editor = editor
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(8)
        self._swatch = QLabel()
        self.name = QLabel(objectName="editTargetName")
        self.name.setStyleSheet("font-weight: bold;")
        self._size = QLabel(objectName="editTargetSize")
        self._size.setProperty("role", "field")
        row.addWidget(self._swatch)
        row.addWidget(self.name, 1)
        row.addWidget(self._size)
        column.addLayout(row)
        self.review = ChoiceBox("reviewChoice")
        self.review.setAccessibleName("Review of this segment")
        self.review.setToolTip("How far the review of this segment is.")
        for state, words in REVIEW_WORDS.items():
            self.review.addItem(review_icon(state), words, state)
        self.review.activated.connect(self._review_chosen)
        column.addWidget(self.review)
        self._how = QLabel(objectName="editTargetHow")
        self._how.setWordWrap(True)
        self._how.setProperty("role", "hint")
        column.addWidget(self._how)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(4)
        self.new = self._button("New…", "newSegment")
        self.new.clicked.connect(self._toggle_form)
        self.duplicate = self._button("Duplicate", "duplicateSegment")
        self.duplicate.clicked.connect(editor.duplicate)
        self.again = self._button("Make again", "remakeSegment")
        self.again.clicked.connect(self._ask_for_scan)
        column.addLayout(self.buttons)
        self.form = NewSegment()
        self.form.hide()
        self.form.begun.connect(self._begin)
        column.addWidget(self.form)

    def refresh(self) -> None:
        """Show the present target."""
        editor, target = self._editor, self._editor.target
        self._swatch.setVisible(target is not None)
        self._size.setVisible(target is not None)
        self.name.setVisible(target is not None)
        if target is not None:
            side = 11
            self._swatch.setPixmap(swatch(editor.colour, True).pixmap(side, side))
            self.name.setText(editor.name)
            self._size.setText(millilitres(target.volume_ml) if target.voxels else "new")
        self._how.setText(self._words())
        self._how.setVisible(bool(self._how.text()))
        in_case = target is not None and editor.draft is None
        self.review.setVisible(in_case)
        if target is not None:
            self.review.setCurrentIndex(list(REVIEW_WORDS).index(target.review))
        has_scan = bool(editor.desk.session.case.volumes)
        enable(self.new, "" if has_scan else "Import a scan in Patient first.",
               hint="Begin another segment; it joins the case with the first stroke.")  # fmt: skip
        enable(self.again, editor.why_not_remake(),
               hint="Run what made it on another scan of this case.")  # fmt: skip
        enable(self.duplicate, "" if in_case else "Choose a segment in the tree first.",
               hint="Copy it, to try something and keep the original.")  # fmt: skip

    def _words(self) -> str:
        editor, target = self._editor, self._editor.target
        if target is None or editor.why_not():
            return editor.why_not()
        if editor.draft is not None:
            return "It joins the case with the first stroke or tool."
        return shortened(target.made_by)

    def _button(self, text: str, name: str) -> QPushButton:
        button = QPushButton(text, objectName=name)
        self.buttons.addWidget(button, 1)
        return button

    def _review_chosen(self, _row: int) -> None:
        target = self._editor.target
        if target is not None and self.review.currentData() != target.review:
            self._editor.desk.do(ReviewSegment(target.id, self.review.currentData()))

    def _ask_for_scan(self) -> None:
        """Make it again on the other scan, or ask which if there are several."""
        scans = self._editor.other_scans()
        if len(scans) == 1:
            self._editor.remake(scans[0].id)
            return
        menu = QMenu(self)
        for scan in scans:
            menu.addAction(f"On {scan.name}", partial(self._editor.remake, scan.id))
        menu.exec(self.again.mapToGlobal(self.again.rect().bottomLeft()))

    def _toggle_form(self) -> None:
        self.form.setVisible(not self.form.isVisible())
        if self.form.isVisible():
            self.form.name.setFocus()

    def _begin(self, name: str, colour: str) -> None:
        self.form.hide()
        known = io.known_anatomy().get(name.strip().lower().replace(" ", "_"))
        self._editor.begin(name, colour or (known[1] if known else ""), known[0] if known else None)


class NewSegment(QWidget):
    """Name, code and colour of a new segment; known anatomy brings its code and colour."""

    begun = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self._colour = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.name = QComboBox(objectName="newSegmentName")
        self.name.setEditable(True)
        self.name.setAccessibleName("Name of the new segment")
        self.name.lineEdit().setPlaceholderText("name, or choose an anatomy")
        for known in io.known_anatomy():
            self.name.addItem(known.replace("_", " "))
        self.name.setCurrentIndex(-1)
        completer = self.name.completer()
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCompletionMode(completer.CompletionMode.PopupCompletion)
        self.name.currentTextChanged.connect(self._name_changed)
        self.name.lineEdit().returnPressed.connect(self._begin)
        self.colour = QPushButton(objectName="newSegmentColour")
        self.colour.setFixedWidth(34)
        self.colour.setToolTip("Colour")
        self.colour.setAccessibleName("Colour of the new segment")
        self.colour.clicked.connect(self._choose_colour)
        self.start = QPushButton("Begin", objectName="beginSegment")
        self.start.clicked.connect(self._begin)
        row.addWidget(self.name, 1)
        row.addWidget(self.colour)
        row.addWidget(self.start)
        column.addLayout(row)
        self._code = QLabel(objectName="newSegmentCode")
        self._code.setProperty("role", "hint")
        column.addWidget(self._code)
        self._name_changed("")

    def _name_changed(self, text: str) -> None:
        known = io.known_anatomy().get(text.strip().lower().replace(" ", "_"))
        if known is None:
            self._code.setText("No code: the name alone will say what it is.")
            shown = self._colour or default_colour(f"segments/{slug(text)}", text)
        else:
            kind, side = known[0].kind, known[0].side
            words = f"{kind.meaning}, {side.meaning.lower()}" if side else kind.meaning
            self._code.setText(f"{kind.scheme} {kind.value}: {words}")
            shown = self._colour or known[1]
        self.colour.setIcon(swatch(shown, True))
        enable(self.start, "" if text.strip() else "Give it a name first.")

    def _choose_colour(self) -> None:
        colour = QColorDialog.getColor(QColor("#7fb7be"), self, "Colour of the new segment")
        if colour.isValid():
            self._colour = colour.name()
            self._name_changed(self.name.currentText())

    def _begin(self) -> None:
        name = self.name.currentText().strip()
        if name:
            self.begun.emit(name, self._colour)
            self._colour = ""
            self.name.setCurrentIndex(-1)
            self.name.clearEditText()


def shortened(made_by: str, most: int = 160) -> str:
    """How it was made, the end of it where that is long."""
    return made_by if len(made_by) <= most else "…" + made_by[-most:]
