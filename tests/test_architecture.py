"""The rule of direction, read from the syntax trees, and what a start-up may load."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "surgiplan"

EVERYWHERE = {"errors", "units", "resources", "jobs_report", "mapped", "offline"}
BODY = {"model", "geometry"}
SCIENCE = {"imaging", "meshing", "mechanics", "planning", "validation", "physiology"}
CORE = BODY | SCIENCE | {"edits", "io", "session", "derived"}

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "units": set(),
    "resources": {"errors"},
    "jobs_report": set(),
    "mapped": set(),
    "offline": set(),
    "model": set(),
    "geometry": {"model"},
    "imaging": BODY,
    "meshing": BODY,
    "mechanics": BODY,
    "planning": BODY | {"derived"},
    "validation": BODY | {"planning", "derived"},  # it measures the truth as it measures a plan
    "physiology": BODY,
    "edits": BODY | {"planning"},
    "io": BODY | {"edits", "derived"},
    "session": {"model", "edits"},
    "derived": {"model"},
    "worker": set(),
    "jobs": {"worker"},
    "report": BODY
    | {"planning", "derived", "meshing", "render", "validation"},  # it prints pictures
    "render": BODY,
    "workflow": CORE,
    "cli": CORE | {"workflow", "report", "render", "jobs", "app"},
    "app": CORE | {"workflow", "report", "render", "jobs"},
    "__main__": {"cli"},
}
"""Layer: the layers that it may import besides its own and those in EVERYWHERE."""

ONLY_IN: dict[str, tuple[str, ...]] = {
    "PySide6": ("app/*",),
    "cryptography": ("io/case/key_file.py", "io/case/vault.py"),
    "dicomanonymizer": ("io/dicom/confidentiality.py",),
    "marshal": (),
    "pickle": ("worker.py",),  # multiprocessing's own pipes; never a file's content
    "pydicom": ("io/*",),
    "pyvista": (),
    "shelve": (),
    "surgiplan_phantom": (),
    "vtk": (),
    "vtkmodules": ("render/*", "app/*", "meshing/_vtk.py"),
}
"""Library: the only places that import it, even inside a function."""

SLOW: dict[str, tuple[str, ...]] = {
    "PySide6": ("app/*",),
    "SimpleITK": (),
    "cc3d": (),
    "cryptography": (),
    "dicomanonymizer": (),
    "edt": (),
    "fast_simplification": (),
    "fill_voids": (),
    "manifold3d": (),
    "matplotlib": (),
    "numba": ("*_kernels.py",),
    "onnxruntime": (),
    "pydicom": (),
    "pyvista": (),
    "reportlab": (),
    "scipy": (),
    "skimage": (),
    "trimesh": (),
    "vtk": (),
    "vtkmodules": ("render/*", "app/*"),
}
"""Library that takes long to load: the only places that import it at a module's top."""

MODEL_LIBRARIES = {"numpy"} | set(sys.stdlib_module_names)
STARTS = ("surgiplan.session", "surgiplan.workflow", "surgiplan.cli")
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:home|Users|work|root|farm)/\w")
TEXT = {".py", ".md", ".toml", ".spec", ".txt", ".lock", ".sh", ".yml", ".yaml", ".json", ""}


def imports(path: Path, *, at_the_top: bool = False) -> Iterator[str]:
    """Dotted names that a file imports, relative ones made absolute."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in walk(tree(path), into_functions=not at_the_top):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else ()
            base = [*parents, *([node.module] if node.module else [])]
            if node.module and ".".join(base) != "surgiplan":
                yield ".".join(base)
            else:
                yield from (".".join([*base, alias.name]) for alias in node.names)


def walk(node: ast.AST, *, into_functions: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        if into_functions or not (function or is_for_types_only(child)):
            yield child
            yield from walk(child, into_functions=into_functions)


def is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


MODULES = sorted(PACKAGE.rglob("*.py"))
LAYERED = [path for path in MODULES if path != PACKAGE / "__init__.py"]


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def lies_in(path: Path, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(place(path), pattern) for pattern in patterns)


@pytest.mark.parametrize("path", LAYERED, ids=place)
def test_imports_point_towards_the_model(path: Path) -> None:
    own = layer(path)
    assert own in MAY_IMPORT, f"{own} is new: say in MAY_IMPORT what it may import"
    allowed = MAY_IMPORT[own] | {own} | (set() if own in EVERYWHERE else EVERYWHERE)
    for name in imports(path):
        top, _, rest = name.partition(".")
        if top == "surgiplan" and rest.partition(".")[0] in MAY_IMPORT:
            assert rest.partition(".")[0] in allowed, f"{own} must not import {name}"


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_each_library_stays_in_its_place(path: Path) -> None:
    anywhere = {name.partition(".")[0] for name in imports(path)}
    top = {name.partition(".")[0] for name in imports(path, at_the_top=True)}
    assert not {name for name in anywhere & ONLY_IN.keys() if not lies_in(path, ONLY_IN[name])}
    assert not {name for name in top & SLOW.keys() if not lies_in(path, SLOW[name])}
    if layer(path) == "model":
        assert anywhere <= MODEL_LIBRARIES | {"surgiplan"}


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_no_code_is_made_from_text(path: Path) -> None:
    called = {
        node.func.id
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"eval", "exec", "compile"}


@pytest.mark.parametrize("module", STARTS)
def test_start_up_loads_nothing_slow(module: str) -> None:
    if not list(PACKAGE.glob(f"{module.partition('.')[2]}*")):
        pytest.skip(f"there is no {module} yet")
    code = f"import sys, {module}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not SLOW.keys() & set(answer.stdout.split())


@pytest.mark.parametrize("path", sorted((PACKAGE / "edits").glob("*.py")), ids=place)
def test_edits_are_frozen(path: Path) -> None:
    for node in tree(path).body:
        if isinstance(node, ast.ClassDef) and "Protocol" not in map(ast.unparse, node.bases):
            decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
            assert any("dataclass(" in text and "frozen=True" in text for text in decorators), (
                node.name
            )


def repository_files() -> list[Path]:
    """What git keeps or would keep."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for path in map(ROOT.joinpath, listing.stdout.splitlines()) if path.is_file()]


def test_no_file_is_longer_than_400_lines() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in repository_files()
        if path.suffix == ".py" and (lines := path.read_text(encoding="utf-8").count("\n")) > 400
    }
    assert not long


def test_no_file_names_a_place_on_the_machine_it_was_written_on() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in repository_files()
        if path.suffix in TEXT and path.stat().st_size < 1 << 20
        if (match := MACHINE_PATH.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert not found
