"""No damaged surface crashes the program, hangs it or takes its memory."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
COUNT = 500


def test_500_damaged_files_of_each_format_give_a_surface_or_a_sentence():
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.surfaces", str(COUNT), "1"],
        cwd=ROOT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["wrong"] == []
    assert sum(told["outcomes"].values()) == 4 * COUNT
    assert told["outcomes"]["surface"] > COUNT / 5, "harmless damage is read"
    assert told["outcomes"]["open"] > COUNT / 20, "a hole is a hole"
    assert told["most_mib"] < 300
    assert told["longest_s"] < 10, "of processor time"
