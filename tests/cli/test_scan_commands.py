"""scan tells what can be imported and how; import does what was accepted and nothing else."""

import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from surgiplan.cli import main

sys.path.insert(0, str(Path(__file__).parent.parent / "io"))

from series_on_disk import slices, write


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


@pytest.fixture
def two_phases(tmp_path):
    images = slices() + slices()
    for k, image in enumerate(images):
        image.tags["TriggerTime"] = 35 * (k // 9)
        image.pixels = image.pixels + np.int16(60 * (k // 9))
    return write(tmp_path / "heart", images)


def test_scan_lists_the_phases_and_how_files_were_read(capsys, two_phases):
    code, out, _ = run(capsys, "scan", two_phases, "--json")
    (series,) = json.loads(out)["series"]
    assert code == 0
    assert series["phases"] == [
        {"phase": 1, "images": 9, "label": "trigger time 0 ms"},
        {"phase": 2, "images": 9, "label": "trigger time 35 ms"},
    ]
    assert series["read_by"] == {"fast": 18}
    assert [problem["kind"] for problem in series["problems"]] == ["several_phases"]


def test_several_phases_stop_the_import_until_one_is_chosen(capsys, two_phases, tmp_path):
    case = tmp_path / "case.splan"
    code, _, err = run(capsys, "import", two_phases, "-o", case, "--quiet")
    assert code == 2
    assert "several_phases" in err
    assert "2 is trigger time 35 ms" in err
    assert not case.exists()
    code, out, _ = run(
        capsys, "import", two_phases, "-o", case, "--phase", 2, "--json", "--quiet"
    )  # fmt: skip
    volume = json.loads(out)["volume"]
    assert code == 0
    assert volume["value_min"] == -740
    assert "trigger time 35 ms" in volume["remarks"][0]


def test_each_problem_has_to_be_accepted_by_name(capsys, tmp_path):
    images = slices()
    del images[4]
    (scout,) = slices(np.zeros((1, 12, 10), np.int16))
    scout.tags["ImageType"] = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    folder, case = write(tmp_path / "ct", [*images, scout]), tmp_path / "case.splan"
    accepted = []
    for kind in ("not_a_volume", "missing_slice"):
        code, _, err = run(capsys, "import", folder, "-o", case, "--quiet", *accepted)
        assert (code, case.exists()) == (2, False)
        assert f"--accept {kind}" in err
        accepted += ["--accept", kind]
    code, out, _ = run(capsys, "import", folder, "-o", case, "--quiet", "--json", *accepted)
    assert code == 0
    assert [one["kind"] for one in json.loads(out)["problems"]] == ["not_a_volume", "missing_slice"]


def zipped(folder, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, f"scan/{file.name}")
    return path


def test_an_archive_and_a_folder_give_the_same_volume(capsys, tmp_path):
    folder = write(tmp_path / "ct", slices())
    archive = zipped(folder, tmp_path / "ct.zip")
    hashes = []
    for n, source in enumerate((folder, archive)):
        case = tmp_path / f"{n}.splan"
        code, out, _ = run(capsys, "import", source, "-o", case, "--json", "--quiet")
        assert code == 0
        hashes.append(json.loads(out)["volume"]["sha256"])
    assert hashes[0] == hashes[1]


def test_a_series_in_two_places_is_imported_from_both(capsys, tmp_path):
    images = slices()
    for n, image in enumerate(images):
        image.tags["SOPInstanceUID"] = f"1.2.3.{n}"
    first, second = write(tmp_path / "a", images[:5]), write(tmp_path / "b", images[5:])
    case = tmp_path / "c.splan"
    code, out, _ = run(
        capsys, "import", first, zipped(second, tmp_path / "b.zip"), "-o", case, "--json", "--quiet"
    )
    assert code == 0
    assert json.loads(out)["volume"]["shape_kji"] == [9, 12, 10]


def test_an_archive_without_images_says_what_is_in_the_way(capsys, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "brain.nii.gz").write_bytes(b"\x1f\x8b" + bytes(100))
    archive = zipped(tmp_path / "in", tmp_path / "brain.zip")
    code, _, err = run(capsys, "import", archive, "-o", tmp_path / "c.splan", "--quiet")
    assert code == 2
    assert "a volume file; import it by itself" in err
    assert not (tmp_path / "c.splan").exists()
