"""An image made to take the program down is refused by name, in little memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hostile_images import HOSTILE, image, written

ROOT = Path(__file__).resolve().parents[2]
LIMIT_BYTES = 1536 << 20
OWN_MIB = 300
DECODER_MIB = 1800
"""A decoder may hold 1.5 GiB beside itself."""
WATCHED = f"""
import json, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, ({LIMIT_BYTES}, {LIMIT_BYTES}))
from fuzz.watch import peak_mib, reset_peak
from surgiplan import io
from surgiplan.errors import SurgiplanError
from surgiplan.io.dicom.decoders import program_decoders
for folder in sorted(Path(sys.argv[1]).iterdir()):
    reset_peak()
    found = io.scan(folder)
    words = "" if found.series else "ignored: " + str(found.ignored)
    volumes = 0
    for series in found.series:
        words += str(series.problems)
        for load in (io.thumbnail, io.load_series):
            try:
                load(series)
                volumes += load is io.load_series
            except SurgiplanError as error:
                words += str(error)
    print(json.dumps([folder.name, words, volumes, peak_mib()]), flush=True)
program_decoders().close()
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(json.dumps(["decoders", "", 0, used]))
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """By case: what was said, how many volumes came of it, and the peak of memory [MiB]."""
    root = tmp_path_factory.mktemp("hostile")
    for name, (make, _) in HOSTILE.items():
        (root / name).mkdir()
        make(root / name)
    for number in range(3):
        written(image(number), root / "sound")
    answer = subprocess.run(
        [sys.executable, "-c", WATCHED, str(root)], cwd=ROOT, capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    return {name: (words, volumes, mib) for name, words, volumes, mib in lines}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_image_is_refused_in_little_memory(outcomes, name):
    words, volumes, mib = outcomes[name]
    assert volumes == 0
    assert any(word in words for word in HOSTILE[name][1]), words[:400]
    assert mib < OWN_MIB


def test_a_sound_series_still_loads_after_all_of_them(outcomes):
    assert outcomes["sound"][1] == 1


def test_no_decoder_took_more_than_its_share(outcomes):
    assert outcomes["decoders"][2] < DECODER_MIB
