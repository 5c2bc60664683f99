"""``python -m benchmarks.verification``: computes every case anew, writes page and plots."""

import os
import sys
from pathlib import Path

import numpy as np

from benchmarks.verification import cases, touching, two_meshes
from benchmarks.verification.plot import Line, plot
from tests.mechanics import cylinder, published

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "verification.md"
PICTURES = ROOT / "docs" / "verification"

HEAD = """# Verification

Drawn by `make verification`, which computes every number anew. Beside each answer stands one that
is exact, published, found by another code, or measured on a bench. How the solver works:
[mechanics](mechanics.md). Agreement with equations is verification; only the last section compares
with a measured shape, and none compares with a patient. Research use only.
"""


def main() -> int:
    """Compute, print, write; 0 if every row passes."""
    PICTURES.mkdir(exist_ok=True)
    rows = []
    text = [HEAD]
    curves = {name: cases.uniaxial(law) for name, (law, _) in cases.LAWS.items()}
    for title, found in _tables(curves):
        sys.stderr.write(f"{title} ...\n")
        listed = list(found)
        rows += listed
        text += [f"## {title}", "", *_table(listed), ""]
    text += ["## Observed order of convergence", "", *_orders(), ""]
    text += ["## Locking", "", *_locking(), ""]
    text += ["## Curves of the laws", "", *_laws(curves), ""]
    text += ["## The error told from two meshes", "", *two_meshes.lines(), ""]
    text += ["## A silicone cylinder on a bench", "", *_cylinder(), ""]
    missed = sum(not row.passes for row in rows)
    text += [f"{len(rows) - missed} of {len(rows)} rows keep what is asked.", ""]
    text += [
        "The patch test (1e-10, every element, after a cut too), rotation without stress, tangents",
        "against differences and the shape at rest are tests in `tests/mechanics`.",
        "",
    ]
    PAGE.write_text("\n".join(text), encoding="utf-8")
    return 1 if missed else 0


def _tables(curves):
    yield "Plates, beams, contact", cases.plates_and_beams()
    yield (
        "Thick tube under pressure, small strain",
        map(cases.lame, (0.3, 0.45, 0.49, 0.495, 0.499)),
    )
    yield "Vessel under pressure that follows its wall", map(cases.inflation, cases.INFLATED)
    yield "Cook's membrane, large strain, 768 elements", map(cases.cook, cases.COOK)
    yield "Contact and friction", touching.rows()
    yield "Laws of tissue", cases.law_rows(curves)
    yield "Organ and device", [cases.liver(), *cases.balloon()]


def _table(rows):
    yield "| case | known | from | found | error | asked |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        mark = "" if row.passes else " **missed**"
        yield (
            f"| {row.what} | {row.known:.6g} | {row.source} | {row.found:.6g} | "
            f"{row.error:+.2%} | {row.asked:.1%}{mark} |"
        )


def _save(name, picture, what):
    (PICTURES / f"{name}.svg").write_text(picture, encoding="utf-8")
    return f"![{what}](verification/{name}.svg)"


def _orders():
    lines, listed = [], []
    sizes = (2, 4, 8)
    for kind in ("linear", "quadratic", "hexahedra"):
        errors, observed = published.orders(kind, sizes)
        lines.append(Line(kind, tuple(1 / n for n in sizes), tuple(errors)))
        listed.append(f"| {kind} | {observed[0]:.2f} | {observed[1]:.2f} |")
    picture = plot(
        "Error of displacement, u = grad(eˣ sin y)", "element size", "root mean square error",
        lines, log=True,
    )  # fmt: skip
    yield _save("orders", picture, "Error against element size")
    yield ""
    yield "| element | order, 1/2 to 1/4 | order, 1/4 to 1/8 |"
    yield "|---|---|---|"
    yield from listed


def _locking():
    ratios = (0.3, 0.45, 0.49, 0.499)
    lines = []
    for order, name in ((1, "linear (preview)"), (2, "quadratic, default")):
        errors = [100 * cases.cook(nu, order).error for nu in ratios]
        lines.append(Line(name, tuple(np.log10(0.5 - np.array(ratios))), tuple(errors)))
    picture = plot(
        "Cook's membrane, 768 elements",
        "log10 (0.5 − Poisson's ratio)",
        "error of the tip [%]",
        lines,
    )
    yield _save("locking", picture, "Error against Poisson's ratio")
    yield ""
    yield "| ν | " + " | ".join(f"{nu:g}" for nu in ratios) + " |"
    yield "|---" * (len(ratios) + 1) + "|"
    for line in lines:
        yield f"| {line.name} | " + " | ".join(f"{e:+.1f} %" for e in line.y) + " |"


def _laws(curves):
    lines = []
    for name, found in curves.items():
        exact = cases.LAWS[name][1](cases.STRETCHES)
        lines.append(Line(name, tuple(cases.STRETCHES), tuple(exact)))
        lines.append(Line("found", tuple(cases.STRETCHES), tuple(found), marks=True))
    picture = plot("A bar with free sides", "stretch", "Cauchy stress [kPa]", lines)
    yield _save("laws", picture, "Stress against stretch")
    yield ""
    yield "Lines are the closed formulas for incompressible tissue, dots the solver."


def _cylinder():
    folder = Path(os.environ.get("SURGIPLAN_TEST_DATA", ROOT.parent / "shared" / "data"))
    path = folder / cylinder.MEASURED
    if not path.exists():
        raise SystemExit("The measured cylinder is missing: set SURGIPLAN_TEST_DATA.")
    points = cylinder.points_of(path)
    yield "38 mm wide, 178 mm long, clamped at one end, bent by its weight. E/ρ is fitted on the"
    yield "height of the middle of its free end; distances are from the measured surface to the"
    yield "computed one. A mean of 2 mm was asked."
    yield ""
    yield "| elements, ν | E/ρ [m²/s²] | end [mm] | mean [mm] | largest [mm] |"
    yield "|---|---|---|---|---|"
    for cells, nu in (((2, 2, 8), 0.49), ((4, 4, 12), 0.49), ((4, 4, 12), 0.45)):
        found = cylinder.bent(points, cells, nu)
        yield (
            f"| {np.prod(cells)} hexahedra, {nu:g} | {found.specific_stiffness:.1f} | "
            f"{found.end_miss_mm:.2f} | {found.mean_mm:.2f} | {found.max_mm:.2f} |"
        )


if __name__ == "__main__":
    raise SystemExit(main())
