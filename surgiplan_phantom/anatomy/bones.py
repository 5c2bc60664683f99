"""How bone is painted: a cortex around trabecular marrow."""

from dataclasses import dataclass

import numpy as np

from ..canvas import Canvas
from ..grid import Floats, Grid
from ..noise import Lattice
from ..patient import Patient
from ..solids import Solid


@dataclass(frozen=True)
class Bone:
    """Paints bones of one patient."""

    canvas: Canvas
    patient: Patient
    trabeculae: Lattice
    patches: Lattice

    def paint(
        self, solid: Solid, name: str | None, *, cortex_mm: float = 1.1, density: float = 1.0
    ) -> None:
        """A bone: cortex of the given thickness, marrow of relative density within."""
        tissue = self.patient.tissues
        self.canvas.paint(solid, tissue.cortex * min(density, 1.0) ** 0.3, name=name)

        def marrow(grid: Grid) -> Floats:
            texture = 26 * self.trabeculae.on(grid) + 14 * self.patches.on(grid)
            return np.asarray(tissue.marrow * density + texture, dtype=np.float32)

        keep = () if name is None else (name,)
        self.canvas.paint(solid.grown(-cortex_mm), marrow, inside=keep)


def bone_painter(canvas: Canvas, patient: Patient) -> Bone:
    """A painter of this patient's bones."""
    return Bone(
        canvas,
        patient,
        patient.lattice("trabeculae", (2.6, 1.9, 1.9)),
        patient.lattice("marrow patches", 9.0),
    )
