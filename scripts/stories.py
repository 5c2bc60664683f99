"""Runs the stories in docs/stories anew: from the scan to the tissue's answer, with pictures.

``stories.py [NAME…]``: each is a list of shell commands and of pictures in the real window.  Those
on real scans need the test data (``SURGIPLAN_TEST_DATA``) and are left as they were without it.
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "stories"
DATA = Path(os.environ.get("SURGIPLAN_TEST_DATA", ROOT.parent / "shared" / "data"))

_SHOWN = {"data": "DATA", "sample": "sample_dicom/ct", "case": "case.splan"}
_NOTICE = "Every command, number and picture is of one run of `make stories`. Research use only."
_HEADLINES = {
    "displacement_max_mm": "largest displacement [mm]",
    "stress_p95_kpa": "stress, 95th percentile [kPa]",
    "stress_p99_kpa": "stress, 99th percentile [kPa]",
    "strain_p99": "strain, 99th percentile",
    "radial_force_n": "radial force [N]",
    "contact_pressure_max_kpa": "contact pressure, largest [kPa]",
    "cut_face_displacement_mean_mm": "cut face moves by [mm]",
}


def main(names: list[str]) -> None:
    stories = tomllib.loads((ROOT / "scripts" / "stories.toml").read_text(encoding="utf-8"))
    PAGES.mkdir(exist_ok=True)
    for name in names or stories:
        needs_data = "{data}" in "".join(stories[name]["commands"])
        if needs_data and not DATA.is_dir():
            print(f"{name}: left as it was, there is no folder {DATA}")
            continue
        (PAGES / f"{name}.md").write_text(_told(name, stories[name]), encoding="utf-8")


def _told(name: str, story: dict[str, Any]) -> str:
    """One story as a chapter; its pictures are written beside."""
    lines = [f"# {story['title']}", "", story["about"].strip(), "", _NOTICE, "", "```console"]
    finding: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        case = Path(folder) / "story.splan"
        here = {"data": DATA, "sample": ROOT / "sample_dicom" / "ct", "case": case}
        for command in story["commands"]:
            answer = _run([word.format(**here) for word in shlex.split(command)])
            lines.append("$ surgiplan " + command.format(**_SHOWN))
            if command.startswith("simulate"):
                finding = answer
        pictures = {f"{name}_{shot}": about for shot, about in story["pictures"].items()}
        _take(case, pictures)
    lines += ["```", "", *_table(finding)]
    for picture, about in pictures.items():
        lines += ["", f"![{about['title']}]({picture}.png)", "", f"*{about['title']}*"]
    return "\n".join([*lines, ""])


def _run(words: list[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "surgiplan", *words, "--json", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"{shlex.join(words)}: {done.stderr.strip()}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _table(finding: dict[str, Any]) -> list[str]:
    """The headline numbers, how they vary among the scenarios, and their error of the mesh."""
    band, mesh = finding.get("scenario_band", {}), finding.get("discretisation", {})
    rows = ["| | typical | soft to stiff, low to high | error of the mesh |", "|---|---|---|---|"]
    for key, title in _HEADLINES.items():
        if finding.get(key) is None:
            continue
        range_ = band.get(key)
        between = f"{_text(range_['low'])} to {_text(range_['high'])}" if range_ else "–"
        error = f"{100 * mesh[key]:.0f} %" if mesh.get(key) is not None else "–"
        rows.append(f"| {title} | {_text(finding[key])} | {between} | {error} |")
    first = finding.get("first_answer_seconds", finding["seconds"])
    rows += [
        "",
        f"First answer in {first:.1f} s, with all scenarios and the second mesh in "
        f"{finding['seconds']:.0f} s (wall). {finding['element']}; residual "
        f"{finding['residual']:.0e}, force balance {finding['force_balance_error_fraction']:.0e}.",
    ]
    return rows


def _text(value: float | None) -> str:
    return "open" if value is None else f"{value:.3g}"


def _take(case: Path, pictures: dict[str, Any]) -> None:
    command = [sys.executable, ROOT / "scripts" / "pictures.py", case, PAGES, json.dumps(pictures)]
    subprocess.run(command, check=True, cwd=ROOT)


if __name__ == "__main__":
    main(sys.argv[1:])
