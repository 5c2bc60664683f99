"""Colours, type and spacing of the window, in one place."""

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from surgiplan.resources import resource

__all__ = [
    "ACCENT",
    "ADDED",
    "ATTENTION",
    "FAIL",
    "HEADING",
    "LINE",
    "MISSED",
    "PASS",
    "SECONDARY",
    "TEXT",
    "dress",
]

BEHIND = "#07090c"
WINDOW = "#12161c"
PANEL = "#151a21"
FIELD = "#0d1116"
BAR = "#0c1015"
LINE = "#262d37"
TEXT = "#d9dfe6"
SECONDARY = "#b5bec8"
HEADING = "#93a0ae"
FAINT = "#6b7684"
ACCENT = "#3fb8aa"
PRIMARY = "#2a9d90"
PASS = "#7bd389"
ATTENTION = "#f2c14e"
FAIL = "#ff8a80"
MISSED, ADDED = "#7d9bff", "#ff7a66"
"""Of two segmentations: what a reader left out, and what he added."""
SELECTED = "#1f3035"

VIEW_BARS = {
    "axial": "#d1495b",
    "coronal": "#57a773",
    "sagittal": "#edae49",
    "3d": "#6f8fd8",
}

_STYLE = f"""
* {{ font-size: 13px; }}
QMainWindow, QDialog {{ background: {WINDOW}; }}
QWidget {{ color: {TEXT}; }}
QToolTip {{ background: {BAR}; color: {TEXT}; border: 1px solid {LINE}; padding: 4px; }}
#topBar, #bottomBar {{ background: {BAR}; }}
#topBar {{ border-bottom: 1px solid {LINE}; }}
#bottomBar {{ border-top: 1px solid {LINE}; }}
#bottomBar QLabel {{ color: {HEADING}; font-size: 12px; }}
#brand {{ font-size: 15px; font-weight: bold; color: #ffffff; }}
#treePanel, #inspector {{ background: {PANEL}; }}
#treePanel {{ border-right: 1px solid {LINE}; }}
#inspector {{ border-left: 1px solid {LINE}; }}
#viewArea {{ background: {BEHIND}; }}
QLabel[role="heading"] {{
    color: {HEADING}; font-size: 11px; font-weight: bold; letter-spacing: 1px;
}}
QLabel[role="hint"] {{ color: {HEADING}; }}
QLabel[role="number"] {{ color: {TEXT}; }}
QLabel[role="attention"] {{ color: {ATTENTION}; }}
QLabel[role="fail"] {{ color: {FAIL}; }}
QLabel[role="field"] {{ color: {SECONDARY}; }}
QLabel:disabled {{ color: {FAINT}; }}

QPushButton {{
    background: #1b222b; border: 1px solid {LINE}; border-radius: 4px; padding: 5px 12px;
    color: {SECONDARY};
}}
QPushButton:hover {{ border-color: #3a4553; color: {TEXT}; }}
QPushButton:pressed {{ background: #141a21; }}
QPushButton:focus {{ border-color: {ACCENT}; }}
QPushButton:checked {{ background: {SELECTED}; border-color: {ACCENT}; color: #ffffff; }}
QPushButton:disabled {{ color: {FAINT}; background: {PANEL}; border-color: {LINE}; }}
QPushButton[role="primary"] {{
    background: {PRIMARY}; border: 1px solid {PRIMARY}; color: #ffffff; font-weight: bold;
    padding: 6px 12px;
}}
QPushButton[role="primary"]:hover {{ background: #31ab9d; }}
QPushButton[role="primary"]:focus {{ border-color: #bdeee8; }}
QPushButton[role="primary"]:pressed {{ background: #238a7e; }}
QPushButton[role="primary"]:disabled {{
    background: #1a2a2d; border-color: #1f3236; color: #6f8a8a;
}}
QPushButton[role="stage"] {{
    background: transparent; border: none; border-bottom: 2px solid transparent;
    border-radius: 0; padding: 8px 10px 6px 10px; color: {HEADING};
}}
QPushButton[role="stage"]:hover {{ color: #ffffff; }}
QPushButton[role="stage"][done="true"] {{ color: {TEXT}; }}
QPushButton[role="stage"]:checked {{ color: #ffffff; border-bottom: 2px solid {ACCENT}; }}
QPushButton[role="stage"]:focus {{ background: #161c23; }}
QPushButton[role="quiet"] {{ background: transparent; border: none; padding: 2px 6px; }}
QPushButton[role="quiet"]:hover {{ color: #ffffff; }}

QToolButton {{
    background: transparent; border: 1px solid transparent; border-radius: 4px; padding: 4px;
}}
QToolButton:hover {{ background: #1b222b; border-color: {LINE}; }}
QToolButton:checked {{ background: {SELECTED}; border-color: {ACCENT}; }}
QToolButton[role="fold"] {{
    color: {HEADING}; font-size: 11px; font-weight: bold; text-align: left; padding: 3px 0;
    border: 1px solid transparent; background: transparent;
}}
QToolButton[role="fold"]:hover {{ color: {TEXT}; }}
QToolButton[role="fold"]:focus {{ border-color: #46515f; }}
QToolButton:focus:!checked {{ border-color: #46515f; }}

QDoubleSpinBox, QSpinBox, QLineEdit, QComboBox {{
    background: {FIELD}; border: 1px solid {LINE}; border-radius: 4px; padding: 4px 8px;
    min-height: 18px; selection-background-color: {PRIMARY};
}}
QDoubleSpinBox:focus, QSpinBox:focus, QLineEdit:focus, QComboBox:focus {{
    border-color: {ACCENT};
}}
QDoubleSpinBox:disabled, QSpinBox:disabled, QLineEdit:disabled, QComboBox:disabled {{
    color: {FAINT};
}}
QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{ width: 0; border: none; }}
QComboBox::drop-down {{ border: none; width: 22px; }}
QComboBox::down-arrow {{ image: url("ICONS/down.png"); width: 9px; height: 9px; }}
QComboBox QAbstractItemView {{
    background: {BAR}; border: 1px solid {LINE}; selection-background-color: {SELECTED};
    outline: none;
}}
QCheckBox {{ spacing: 8px; }}
QCheckBox::indicator {{
    width: 14px; height: 14px; border: 1px solid #465261; border-radius: 3px; background: {FIELD};
}}
QCheckBox::indicator:checked {{
    background: {ACCENT}; border-color: {ACCENT}; image: url("ICONS/tick.png");
}}
QCheckBox:focus {{ color: #ffffff; }}

QTreeWidget, QListWidget, QTableWidget {{
    background: transparent; border: none; outline: none;
    alternate-background-color: {PANEL};
}}
QTreeWidget::item {{ height: 26px; border: none; }}
QTreeWidget::item:selected, QListWidget::item:selected {{ background: {SELECTED}; color: #ffffff; }}
QTreeWidget::item:hover:!selected {{ background: #1a2027; }}
QTreeView::branch {{ background: transparent; }}
QTreeView::branch:selected {{ background: {SELECTED}; }}
QTreeView::branch:has-children:open {{ image: url("ICONS/down.png"); padding: 9px 1px; }}
QTreeView::branch:has-children:closed {{ image: url("ICONS/closed.png"); padding: 9px 1px; }}
QListWidget::item {{ border-bottom: 1px solid #1b222b; padding: 4px; }}
QTableWidget::item {{ padding: 0 2px; border: none; }}
QTableWidget::item:selected {{ background: {SELECTED}; }}
QHeaderView::section {{
    background: transparent; color: {HEADING}; border: none; border-bottom: 1px solid {LINE};
    font-size: 11px; padding: 4px 2px;
}}
QScrollArea {{ background: transparent; border: none; }}
QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0; }}
QScrollBar::handle:vertical {{ background: #2b333e; border-radius: 4px; min-height: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QScrollBar:horizontal {{ background: transparent; height: 8px; }}
QScrollBar::handle:horizontal {{ background: #2b333e; border-radius: 4px; }}
QProgressBar {{ background: #1b222b; border: none; border-radius: 3px; height: 6px; }}
QProgressBar::chunk {{ background: {ACCENT}; border-radius: 3px; }}
QSlider::groove:horizontal {{ background: {LINE}; height: 4px; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {PRIMARY}; border-radius: 2px; }}
QSlider::handle:horizontal {{
    background: {TEXT}; width: 12px; height: 12px; margin: -4px 0; border-radius: 6px;
}}
QSlider::handle:horizontal:focus {{ background: {ACCENT}; }}
QMenu {{ background: {BAR}; border: 1px solid {LINE}; padding: 4px; }}
QMenu::item {{ padding: 5px 20px 5px 12px; border-radius: 3px; }}
QMenu::item:selected {{ background: {SELECTED}; }}
QSplitter::handle {{ background: {LINE}; }}
QPlainTextEdit {{ background: {FIELD}; border: 1px solid {LINE}; border-radius: 4px; }}
#notice {{ background: #2a1f22; border: 1px solid {FAIL}; border-radius: 4px; }}
#notice[kind="attention"] {{ background: #272316; border-color: {ATTENTION}; }}
#notice[kind="done"] {{ background: #15262a; border-color: {ACCENT}; }}
#notice QLabel {{ color: {TEXT}; }}
#dropSign {{
    background: rgba(18, 22, 28, 230); border: 2px dashed {ACCENT}; border-radius: 4px;
    color: {TEXT}; font-size: 16px;
}}
"""


def dress(application: QApplication) -> None:
    """Give the program its palette, its type and its style sheet."""
    application.setStyle("Fusion")
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: WINDOW,
        QPalette.ColorRole.WindowText: TEXT,
        QPalette.ColorRole.Base: FIELD,
        QPalette.ColorRole.AlternateBase: PANEL,
        QPalette.ColorRole.Text: TEXT,
        QPalette.ColorRole.PlaceholderText: FAINT,
        QPalette.ColorRole.Button: "#1b222b",
        QPalette.ColorRole.ButtonText: TEXT,
        QPalette.ColorRole.Highlight: PRIMARY,
        QPalette.ColorRole.HighlightedText: "#ffffff",
        QPalette.ColorRole.ToolTipBase: BAR,
        QPalette.ColorRole.ToolTipText: TEXT,
        QPalette.ColorRole.Link: ACCENT,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    application.setPalette(palette)
    application.setFont(tabular(application.font()))
    icons = resource("icons").as_posix()
    application.setStyleSheet(_STYLE.replace("ICONS", icons))


def tabular(font: QFont) -> QFont:
    """The font with figures of one width, where it has them."""
    font = QFont(font)
    tag = getattr(QFont, "Tag", None)
    if tag is not None:
        font.setFeature(tag("tnum"), 1)
    return font
