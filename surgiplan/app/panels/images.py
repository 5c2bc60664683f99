"""Images: window and level, what the scan is, and the tools to look with."""

from PySide6.QtWidgets import QGridLayout, QPushButton

from surgiplan.app.desk import Desk
from surgiplan.app.forms import ChoiceBox, NumberField
from surgiplan.app.prepared import Prepared
from surgiplan.app.tools import DistanceTool, WindowTool
from surgiplan.model import Case, Quantity, Volume
from surgiplan.workflow import suitability_rows

from .panel import NumberTable, Panel, enable

__all__ = ["ImagesPanel"]

_VERDICTS = {
    "good": "pass",
    "limited": "attention",
    "unfit": "fail",
    "cannot be judged": "attention",
}
"""How a table marks what a scan is good for."""


class ImagesPanel(Panel):
    """Presets, width and level in numbers, and the facts of the scan."""

    def __init__(self, desk: Desk, prepared: Prepared) -> None:
        super().__init__(desk)
        self._prepared = prepared
        self.heading("Scan")
        self.volumes = ChoiceBox("volumeChoice")
        self.volumes.setAccessibleName("Scan shown")
        self.volumes.activated.connect(self._volume_chosen)
        self.body.addWidget(self.volumes)
        self.facts = NumberTable()
        self.body.addWidget(self.facts)
        self._hint = self.hint("", "imagesHint")
        self._lay_out_suitability()
        self.heading("Window")
        self._presets = QGridLayout()
        self._presets.setSpacing(4)
        self.body.addLayout(self._presets)
        self.width_field = NumberField(Quantity("HU", 1, 8000, "window width"), 400, decimals=0)
        self.level_field = NumberField(Quantity("HU", -4000, 8000, "window level"), 40, decimals=0)
        self.width_field.setObjectName("windowWidth")
        self.level_field.setObjectName("windowLevel")
        self.rows([("Width", self.width_field), ("Level", self.level_field)])
        for field in (self.width_field, self.level_field):
            field.valueChanged.connect(self._window_changed)
        self.drag_button = QPushButton("Drag window and level (3)", objectName="windowTool")
        self.drag_button.setCheckable(True)
        self.drag_button.clicked.connect(self._use_window_tool)
        self.body.addWidget(self.drag_button)
        self.heading("Measure")
        self.distance_button = QPushButton(
            "Distance between two points (2)", objectName="distanceTool"
        )
        self.distance_button.setCheckable(True)
        self.distance_button.clicked.connect(self._use_distance_tool)
        self.body.addWidget(self.distance_button)
        self.distances = NumberTable()
        self.body.addWidget(self.distances)
        self._why_heading = self.heading("Why")
        self._why = self.hint("", "fitnessHint")
        desk.view.changed.connect(self.invalidate)
        prepared.ready.connect(self.invalidate)
        desk.tool_changed.connect(self._show_tool)

    def refresh(self, case: Case) -> None:
        self._fill_presets()
        self._show_volumes(case)
        width, level = self.desk.view.look.window_level
        self.width_field.show_number(width)
        self.level_field.show_number(level)
        why_not = "" if case.volumes else "Import a scan in Patient first."
        self._hint.setText(why_not)
        self._hint.setVisible(bool(why_not))
        for widget in (self.drag_button, self.distance_button, self.width_field, self.level_field):
            enable(widget, why_not, hint=widget.accessibleName())
        self.distances.show_rows(
            [(m.name, f"{m.length_mm:.1f} mm", "", "") for m in case.plan.measurements.values()]
        )

    def _show_volumes(self, case: Case) -> None:
        names = [f"{volume.name}" for volume in case.volumes.values()]
        if [self.volumes.itemText(n) for n in range(self.volumes.count())] != names:
            self.volumes.clear()
            for volume_id, name in zip(case.volumes, names, strict=True):
                self.volumes.addItem(name, volume_id)
        self.volumes.setVisible(len(names) > 1)
        shown = self.desk.view.look.volume_id
        self.volumes.setCurrentIndex(max(self.volumes.findData(shown), 0))
        volume = case.volumes.get(shown)
        self.facts.show_rows(_facts(volume) if volume is not None else [])
        self._show_suitability(volume)

    def _lay_out_suitability(self) -> None:
        self._fitness_heading = self.heading("What it is good for")
        self.fitness = NumberTable()
        self.fitness.setObjectName("fitnessTable")
        self.body.addWidget(self.fitness)

    def _show_suitability(self, volume: Volume | None) -> None:
        for widget in (self._fitness_heading, self.fitness, self._why_heading, self._why):
            widget.setVisible(volume is not None)
        if volume is None:
            return
        if not self._prepared.has_suitability(volume):
            self.fitness.show_rows([])
            self._why.setText("Looking at the scan…")
            return
        rows = suitability_rows(volume)
        self.fitness.show_rows(
            [(title, verdict, "", _VERDICTS[verdict]) for title, verdict, _ in rows if verdict]
        )
        lines = [f"{title}: {why}" for title, verdict, why in rows if verdict != "good"]
        self._why.setText("\n\n".join(lines))

    def _fill_presets(self) -> None:
        if self._presets.count():
            return
        from surgiplan.app.deeds import PRESET_KEYS
        from surgiplan.render import WINDOW_PRESETS

        for n, name in enumerate(WINDOW_PRESETS):
            button = QPushButton(name, objectName=f"preset_{name}")
            width, level = WINDOW_PRESETS[name]
            keys = f"  (Alt+{PRESET_KEYS.index(name) + 1})" if name in PRESET_KEYS else ""
            button.setToolTip(f"W {width:.0f}  L {level:.0f}{keys}")
            button.clicked.connect(
                lambda _=False, chosen=name: self.desk.view.change(
                    window_level=WINDOW_PRESETS[chosen]
                )
            )
            self._presets.addWidget(button, n // 3, n % 3)

    def _volume_chosen(self) -> None:
        self.desk.view.change(volume_id=self.volumes.currentData())

    def _window_changed(self) -> None:
        self.desk.view.change(window_level=(self.width_field.value(), self.level_field.value()))

    def _use_window_tool(self, is_on: bool) -> None:
        self.desk.use(WindowTool(self.desk) if is_on else None)

    def _use_distance_tool(self, is_on: bool) -> None:
        self.desk.use(DistanceTool(self.desk) if is_on else None)

    def _show_tool(self, tool: object) -> None:
        self.drag_button.setChecked(isinstance(tool, WindowTool))
        self.distance_button.setChecked(isinstance(tool, DistanceTool))


def _facts(volume: Volume) -> list[tuple[str, str, str, str]]:
    slices, rows, columns = volume.grid.shape
    k, j, i = volume.grid.spacing_mm
    source = volume.source
    facts = [
        ("Series", source.description or volume.name),
        ("Date", source.study_date or "unknown"),
        ("Voxels", f"{columns} × {rows} × {slices}"),
        ("Voxel size", f"{i:.2f} × {j:.2f} × {k:.2f} mm"),
        ("Extent", f"{columns * i:.0f} × {rows * j:.0f} × {slices * k:.0f} mm"),
    ]
    facts += [("Accepted", kind.replace("_", " ")) for kind in source.accepted]
    return [(name, number, "", "") for name, number in facts]
