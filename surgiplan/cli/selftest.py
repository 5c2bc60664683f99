"""Does this installation work?  Also for the packaged program."""

import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from surgiplan.errors import SurgiplanError
from surgiplan.model import Case, Segment, Volume, VoxelGrid

from .output import Answer, Console

__all__ = ["selftest"]


def selftest(options: Namespace, console: Console) -> Answer:
    """Import everything, decode, render a frame, save and open a case, solve one step."""
    checks = []
    todo = (_imports, _decodes, _segments, _renders, _opens, _solves)
    for n, check in enumerate(todo):
        name = check.__name__.removeprefix("_")
        console.report(n / len(todo), name)
        checks.append(_checked(name, check))
    failed = [c["name"] for c in checks if not c["ok"]]
    if failed:
        details = "; ".join(f"{c['name']}: {c['detail']}" for c in checks if not c["ok"])
        raise SurgiplanError(f"The self test failed ({details}); install surgiplan again.")
    lines = tuple(f"✓ {c['name']} ({c['seconds']:.1f} s) {c['detail']}" for c in checks)
    return Answer({"ok": True, "checks": checks}, lines)


def _checked(name: str, check: Callable[[], str]) -> dict[str, Any]:
    start = time.perf_counter()
    try:
        detail, ok = check(), True
    except Exception as error:
        detail, ok = f"{type(error).__name__}: {error}", False
    return {"name": name, "ok": ok, "detail": detail, "seconds": time.perf_counter() - start}


def _imports() -> str:
    """Every library that surgiplan's own code loads."""
    from importlib import import_module
    from importlib.metadata import version

    for name in (
        "numpy",
        "scipy",
        "pydicom",
        "SimpleITK",
        "skimage",
        "numba",
        "cryptography",
        "manifold3d",
        "fast_simplification",
        "PySide6.QtWidgets",
        "vtkmodules.vtkRenderingCore",
        "reportlab",
    ):
        import_module(name)
    return f"vtk {version('vtk')}, numpy {version('numpy')}"


def _decodes() -> str:
    """A volume file, in a process of its own."""
    from surgiplan import io

    values = np.arange(8, dtype=np.int16)
    head = "ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_SHORT\n"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "selftest.mha"
        path.write_bytes(head.encode() + b"ElementDataFile = LOCAL\n" + values.tobytes())
        volume, _ = io.load_volume_file(path)
    if volume.values.ravel().tolist() != values.tolist():
        raise ValueError("a volume file gave other values than it holds")
    return "a volume file gave its values"


def _ball() -> Case:
    """A bright ball of 20 mm radius in a dark box."""
    grid = VoxelGrid(
        (30, 50, 50), np.array([[0, 0, 1.0, -25], [0, 1.0, 0, -25], [2.0, 0, 0, -30], [0, 0, 0, 1]])
    )
    k, j, i = np.indices(grid.shape)
    inside = np.linalg.norm(grid.to_lps(np.stack([k, j, i], -1)), axis=-1) < 20
    values = np.where(inside, 120, -100).astype(np.int16)
    volume = Volume("ct", values, grid)
    return Case().with_(volume, Segment("ball", "ball", inside, grid, "ct"))


def _segments() -> str:
    from surgiplan.workflow import segment

    edit = segment(_ball(), "threshold", settings={"low_hu": 10, "high_hu": 300})
    ml = edit.segments[0].volume_ml
    expected = 4 / 3 * np.pi * 20**3 / 1000
    if abs(ml / expected - 1) > 0.03:
        raise ValueError(f"a ball of {expected:.1f} ml measured {ml:.1f} ml")
    return f"{ml:.1f} ml"


def _renders() -> str:
    from surgiplan.report import pictures_of

    pictures = pictures_of(_ball())
    flat = [name for name, pixels in pictures.items() if pixels.std() < 1]
    if flat or not pictures:
        raise ValueError(f"nothing is seen in {flat}")
    return f"{len(pictures)} pictures"


def _opens() -> str:
    from surgiplan import io

    case = _ball()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "selftest.splan"
        io.save(case, path)
        if io.load(path).digest != case.digest:
            raise ValueError("a case came back different")
    return "a case came back the same"


def _solves() -> str:
    from surgiplan.workflow import plan_resection, simulate

    case = _ball()
    edit = plan_resection(case, "ball", (0, 0, 5), (0, 0, 1))
    case = edit.apply(case)
    finding = simulate(case, edit.resection.id).finding
    if not finding.numbers["converged"]:
        raise ValueError("the solver did not converge")
    return f"residual {finding.numbers['residual']:.0e}"
