"""What a user can do in the window, each with its words, its keys and what it needs."""

from functools import partial
from typing import TYPE_CHECKING, Any

from surgiplan.edits import DropIdentity

from .bars import STAGES
from .commands import Command
from .editing.kinds import KINDS
from .tools import DistanceTool, WindowTool
from .tools.brush import BrushTool

if TYPE_CHECKING:
    from .window import MainWindow

__all__ = ["PRESET_KEYS", "commands_of"]

PRESET_KEYS = ("Abdomen", "Liver", "Vessels", "Bone", "Lung", "Stent")
"""Window presets on Alt+1 to Alt+6."""


def commands_of(window: "MainWindow") -> list[Command]:
    """All commands, in the order in which the search lists them."""
    return [
        *_file_commands(window),
        *_edit_commands(window),
        *_stage_commands(window),
        *_tool_commands(window),
        *_editor_commands(window),
        *_compare_commands(window),
        *_view_commands(window),
    ]


def _file_commands(window: "MainWindow") -> list[Command]:
    documents = window.documents

    def no_scan() -> str:
        return "" if window.desk.case.volumes else "import a scan first"

    return [
        Command("importScan", "Import a scan…", lambda: _import(window), ("Ctrl+I",)),
        Command("openCase", "Open a case…", documents.ask_and_open, ("Ctrl+O",)),
        Command("save", "Save the case", documents.save, ("Ctrl+S",)),
        Command("saveAs", "Save the case as…", documents.save_as, ("Ctrl+Shift+S",)),
        Command("sendCase", "Send the case as one file…", documents.send, (), no_scan),
        Command("openSent", "Open a case that was sent…", documents.ask_and_open_sent),
        Command(
            "encryptCase",
            "Encrypt case…",
            documents.encryption.encrypt,
            (),
            documents.encryption.why_not_encrypt,
        ),
        Command(
            "decryptCase",
            "Remove encryption…",
            documents.encryption.decrypt,
            (),
            documents.encryption.why_not_decrypt,
        ),
        Command(
            "importSegments",
            "Import segmentation…",
            window.exchange.ask_and_import,
            (),
            window.exchange.why_not_import,
        ),
        Command(
            "exportSegments",
            "Export segmentation…",
            window.exchange.ask_and_export,
            (),
            window.exchange.why_not_export,
        ),
        Command("bringBack", "Bring back unsaved work…", documents.bring_back_or_say),
    ]


def _edit_commands(window: "MainWindow") -> list[Command]:
    desk = window.desk

    def nothing_to_undo() -> str:
        return "" if desk.session.undo_label else "nothing to undo"

    def nothing_to_redo() -> str:
        return "" if desk.session.redo_label else "nothing to redo"

    def nothing_runs() -> str:
        return "" if desk.running else "nothing runs"

    return [
        Command("undo", "Undo", desk.undo, ("Ctrl+Z",), nothing_to_undo),
        Command("redo", "Redo", desk.redo, ("Ctrl+Y", "Ctrl+Shift+Z"), nothing_to_redo),
        Command(
            "dropIdentity",
            "Drop the patient's name and number",
            lambda: desk.do(DropIdentity()),
            (),
            partial(_no_name, window),
        ),
        Command("cancelJob", "Cancel the running job", desk.cancel_jobs, (), nothing_runs),
        Command("cancel", "Put the tool away", window.cancel, ("Esc",)),
        Command(
            "search", "Search actions", lambda: window.palette_dialog.open_over(window), ("Ctrl+K",)
        ),
    ]


def _stage_commands(window: "MainWindow") -> list[Command]:
    return [
        Command(f"go{stage}", f"Go to {stage}", partial(window.go_to, stage), (f"F{n}",))
        for n, stage in enumerate(STAGES, start=2)
    ]


def _tool_commands(window: "MainWindow") -> list[Command]:
    desk = window.desk

    def no_scan() -> str:
        return "" if desk.case.volumes else "import a scan first"

    def no_cut() -> str:
        return "" if desk.case.plan.resections else "plan a resection first"

    return [
        Command("toolNavigate", "Crosshair and rotation", lambda: desk.use(None), ("1",)),
        Command("toolDistance", "Measure a distance", lambda: measure(window), ("2",), no_scan),
        Command(
            "toolWindow", "Window and level by dragging", lambda: level(window), ("3",), no_scan
        ),
        Command(
            "toolPull", "Pull at what stays after a resection", lambda: pull(window), ("4",), no_cut
        ),
    ]


def _editor_commands(window: "MainWindow") -> list[Command]:
    def no_brush() -> str:
        return "" if isinstance(window.desk.tool, BrushTool) else "take a brush first"

    def no_scan() -> str:
        return "" if window.desk.case.volumes else "import a scan first"

    tools = [
        Command(
            f"edit_{kind.name}", f"Edit: {kind.title}", partial(edit_with, window, kind.name),
            (kind.shortcut,) if kind.shortcut else (), no_scan,
        )
        for kind in KINDS.values()
    ]  # fmt: skip
    sizes = [
        Command(f"brush{word}", f"Brush: {word.lower()}", partial(window.editor.resize, steps),
                (keys,), no_brush)
        for word, steps, keys in (("Smaller", -1, "["), ("Larger", 1, "]"))
    ]  # fmt: skip
    return [*tools, *sizes]


def edit_with(window: "MainWindow", name: str) -> None:
    """Take a tool of the segment editor, wherever the window is."""
    if "Anatomy" not in window.panels or not window.desk.case.volumes:
        return
    window.go_to("Anatomy")
    pages: Any = window.panels["Anatomy"]
    pages.show_page("Edit")
    if pages.edit.chosen != name:
        pages.edit.choose(name)


def _compare_commands(window: "MainWindow") -> list[Command]:
    def no_segment() -> str:
        return "" if window.desk.case.segments else "there is no segment yet"

    def no_place() -> str:
        there = window.comparing is not None and window.comparing.places
        return "" if there else "compare two segmentations first"

    def go(step: int) -> None:
        if window.comparing is not None:
            window.comparing.go(step)

    return [
        Command("compareSegments", "Compare segmentations", window.compare, (), no_segment),
        Command("nextWorst", "Next worst place", partial(go, 1), ("N",), no_place),
        Command("previousWorst", "Worst place before", partial(go, -1), ("Shift+N",), no_place),
    ]


def measure(window: "MainWindow") -> None:
    """Take the distance tool."""
    window.desk.use(DistanceTool(window.desk))


def level(window: "MainWindow") -> None:
    """Take the window and level tool."""
    window.desk.use(WindowTool(window.desk))


def pull(window: "MainWindow") -> None:
    """Take what stays after the selected or newest resection in the hand."""
    if "Simulate" not in window.panels or not window.desk.case.plan.resections:
        return
    window.go_to("Simulate")
    panel: Any = window.panels["Simulate"]
    panel.pull_newest()


def _view_commands(window: "MainWindow") -> list[Command]:
    commands = [
        Command(
            "toggleName",
            "Show or hide the patient's name",
            lambda: _name(window),
            (),
            partial(_no_name, window),
        ),
        Command(
            "resetViews", "Show everything in all views", lambda: window.views.reset(), ("Ctrl+R",)
        ),
        Command("showAllViews", "Show four views", lambda: window.views.show_all(), ("Ctrl+0",)),
        Command("toggleCrosshair", "Crosshair lines on or off", lambda: _crosshair(window), ("C",)),
    ]
    for n, name in enumerate(PRESET_KEYS, start=1):
        commands.append(
            Command(
                f"preset{name}", f"Window: {name}", partial(preset, window, name),
                (f"Alt+{n}",),
            )
        )  # fmt: skip
    sides = {"A": "front", "P": "back", "L": "left", "R": "right", "S": "head", "I": "feet"}
    for letter, side in sides.items():
        commands.append(
            Command(
                f"lookFrom{letter}", f"3D from the {side}",
                partial(look_from, window, letter),
            )
        )  # fmt: skip
    return commands


def preset(window: "MainWindow", name: str) -> None:
    """Show the slices with a named window and level."""
    from surgiplan.render import WINDOW_PRESETS

    window.desk.view.change(window_level=WINDOW_PRESETS[name])


def look_from(window: "MainWindow", side: str) -> None:
    """Turn the 3D view to one side of the patient."""
    window.views.anatomy.look_from(side)


def _no_name(window: "MainWindow") -> str:
    return "" if window.desk.case.identity else "this case holds no name"


def _name(window: "MainWindow") -> None:
    from surgiplan import io

    desk = window.desk
    desk.toggle_name()
    if desk.is_name_shown and desk.path and not desk.is_read_only:
        desk.log(partial(io.log_event, desk.path, io.AuditEvent.IDENTITY_SHOWN))


def _crosshair(window: "MainWindow") -> None:
    window.desk.view.change(crosshair=not window.desk.view.look.crosshair)


def _import(window: "MainWindow") -> None:
    window.go_to("Patient")
    window.panels["Patient"].scans.ask_for_folder()  # type: ignore[attr-defined]
