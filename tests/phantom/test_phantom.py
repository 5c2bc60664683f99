"""A synthetic patient is the same for the same seed, lies the right way round, and is true."""

import ast
import hashlib
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from surgiplan_phantom import Options, Phase, Study, make_study, write_study
from surgiplan_phantom.__main__ import main
from surgiplan_phantom.truth import write_nrrd

PACKAGE = Path(__file__).resolve().parents[2] / "surgiplan_phantom"

RANGES_HU = {
    Phase.SPLIT_BOLUS: {
        "aorta_lumen": (250, 350),
        "portal_vein": (150, 200),
        "liver": (100, 120),
        "spleen": (110, 140),
        "heart": (110, 260),
        "tumour": (40, 85),
        "aorta_thrombus": (25, 65),
    },
    Phase.NATIVE: {"aorta_lumen": (30, 55), "liver": (45, 65), "spleen": (40, 55)},
    Phase.ARTERIAL: {"aorta_lumen": (290, 400), "liver": (55, 80), "spleen": (90, 140)},
    Phase.PORTAL: {"aorta_lumen": (120, 180), "portal_vein": (140, 200), "liver": (100, 125)},
}


@cache
def _coarse(phase: Phase, seed: int = 3) -> Study:
    return make_study(
        Options(seed=seed, phase=phase, slice_step_mm=7.0, in_plane_mm=(3.0, 3.0), noise_hu=8.0)
    )


@cache
def _written(folder: Path) -> dict:
    write_study(_coarse(Phase.SPLIT_BOLUS), folder)
    return json.loads((folder / "truth" / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("study") / "a"
    _written(made)
    return made


def _core(study: Study, name: str) -> np.ndarray:
    """Voxels of a segment that lie fully inside it."""
    fine = study.canvas.segments[name].reshape(
        study.scan.shape_kji[0], study.scan.sub_slices, *study.scan.shape_kji[1:]
    )
    return study.pixels[(fine == 255).all(axis=1)]


def test_the_same_seed_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    arguments = ["-o", str(tmp_path), "--seed", "3", "--spacing-mm", "7,3", "--noise-hu", "8"]
    assert main(arguments) == 0
    assert _hashes(tmp_path) == _hashes(folder)
    assert len(_hashes(folder)) > 80


def test_another_seed_is_another_patient(folder: Path) -> None:
    other = _coarse(Phase.SPLIT_BOLUS, seed=4)
    mine = _coarse(Phase.SPLIT_BOLUS)
    assert other.pixels.shape != mine.pixels.shape or (other.pixels != mine.pixels).mean() > 0.2
    assert other.anatomy.arteries.renal_s != mine.anatomy.arteries.renal_s


@pytest.mark.parametrize("phase", list(Phase))
def test_each_phase_enhances_each_organ_as_it_should(phase: Phase) -> None:
    for name, (low, high) in RANGES_HU[phase].items():
        values = _core(_coarse(phase), name)
        assert values.size > 8, name
        assert low <= float(np.median(values)) <= high, name


def test_left_is_left_and_up_is_up(folder: Path) -> None:
    at = {name: s["centroid_lps"] for name, s in _written(folder)["segments"].items()}
    for name in ("spleen", "heart", "lung_left", "kidney_left", "iliac_artery_left"):
        assert at[name][0] > 5, name
    for name in ("liver", "lung_right", "kidney_right", "vena_cava", "iliac_artery_right"):
        assert at[name][0] < -5, name
    assert at["heart"][2] > at["liver"][2] > at["pelvis"][2]
    assert at["spine"][1] > at["heart"][1]


def test_organs_have_the_size_of_organs(folder: Path) -> None:
    volumes = {name: s["volume_ml"] for name, s in _written(folder)["segments"].items()}
    ranges = {
        "liver": (900, 2200),
        "spleen": (80, 400),
        "kidney_left": (90, 260),
        "kidney_right": (90, 260),
        "lung_left": (900, 3500),
        "lung_right": (900, 3800),
        "heart": (250, 900),
        "tumour": (8, 40),
    }
    for name, (low, high) in ranges.items():
        assert low < volumes[name] < high, name


def test_the_aneurysm_is_one_that_a_stent_graft_is_planned_for(folder: Path) -> None:
    measures = _written(folder)["measures"]
    assert 50 <= measures["sac_outer_max_diameter_mm"] <= 58
    assert 20 <= measures["neck_diameter_mm"] <= 24
    assert 20 <= measures["neck_length_mm"] <= 40
    assert 30 <= measures["neck_angle_deg"] <= 50
    assert 30 <= measures["tumour_diameter_mm"] <= 40
    assert 0 < measures["tumour_to_hepatic_vein_mm"] < 12


def test_stations_and_lumen_segment_hold_the_same_blood(folder: Path) -> None:
    study, truth = _coarse(Phase.SPLIT_BOLUS), _written(folder)
    stations = truth["centerlines"][0]["stations"]
    low, high = 15.0, 70.0
    within = [s for s in stations if low - 6 < s["point_lps"][2] < high + 6]
    z = np.array([s["point_lps"][2] for s in within])
    # An axial cut of an oblique tube is wider by the slope of its axis.
    axial = np.array([s["area_mm2"] / abs(s["tangent"][2]) for s in within])
    heights = np.linspace(low, high, 200)
    expected = np.interp(heights, z[::-1], axial[::-1]).mean() * (high - low)
    fine = study.scan.fine_grid
    layers = fine.z.ravel() * study.scan.scale
    part = (layers > low) & (layers < high)
    lumen = study.canvas.segments["aorta_lumen"][part].sum(axis=(1, 2), dtype=np.int64) / 255
    measured = lumen.mean() * np.prod(study.scan.spacing_kji_mm[1:]) * (high - low)
    assert measured == pytest.approx(expected, rel=0.04)


def test_landmarks_lie_in_what_they_name(folder: Path) -> None:
    study, truth = _coarse(Phase.SPLIT_BOLUS), _written(folder)
    names = {
        "lumen_proximal": "aorta_lumen",
        "sac_centre": None,
        "liver_seed": "liver",
        "spleen_seed": "spleen",
        "tumour_centre": "tumour",
        "iliac_left_distal": "iliac_artery_left",
    }
    scan = study.scan
    for landmark, segment in names.items():
        offset = np.array(truth["landmarks"][landmark]) - scan.origin_lps_mm
        kji = np.rint(offset[::-1] / scan.spacing_kji_mm).astype(int)
        if segment is not None:
            layer = kji[0] * scan.sub_slices
            assert study.canvas.segments[segment][layer, kji[1], kji[2]] > 60, landmark


def test_headers_are_enough_for_an_importer(folder: Path) -> None:
    import pydicom

    files = sorted((folder / "ct").glob("*.dcm"))
    first, last = pydicom.dcmread(files[0]), pydicom.dcmread(files[-1])
    assert first.file_meta.TransferSyntaxUID == pydicom.uid.JPEGLSLossless
    assert first.PatientName == "PHANTOM^0003"
    assert first.Modality == "CT"
    assert first.StudyInstanceUID == last.StudyInstanceUID
    assert first.FrameOfReferenceUID == _written(folder)["frame_of_reference_uid"]
    assert len({pydicom.dcmread(f, stop_before_pixels=True).SOPInstanceUID for f in files}) == len(
        files
    )
    study = _coarse(Phase.SPLIT_BOLUS)
    hounsfield = last.pixel_array * float(last.RescaleSlope) + float(last.RescaleIntercept)
    np.testing.assert_array_equal(hounsfield, study.pixels[0])
    assert float(first.ImagePositionPatient[2]) > float(last.ImagePositionPatient[2])


def test_a_segment_file_keeps_its_place_in_space(tmp_path: Path) -> None:
    import SimpleITK as sitk

    study = _coarse(Phase.SPLIT_BOLUS)
    mask = (study.pixels > 100).astype(np.uint8)
    write_nrrd(mask, study.scan, tmp_path / "mask.nrrd")
    image = sitk.ReadImage(str(tmp_path / "mask.nrrd"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), mask)
    assert image.GetOrigin() == pytest.approx(study.scan.origin_lps_mm)
    assert image.GetSpacing() == pytest.approx(study.scan.spacing_kji_mm[::-1])


def test_a_healthy_patient_has_neither_aneurysm_nor_tumour() -> None:
    from surgiplan_phantom import Disease
    from surgiplan_phantom.anatomy import anatomy_of
    from surgiplan_phantom.patient import patient_of

    anatomy = anatomy_of(patient_of(Options(seed=5, disease=Disease.NONE)))
    assert anatomy.arteries.sac is None
    assert anatomy.liver.tumour is None
    aorta = anatomy.arteries.aorta
    below = aorta.s_mm > anatomy.arteries.renal_s
    assert 2 * aorta.a_mm[below].max() < 26


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "ct").mkdir()
    (tmp_path / "ct" / "mine.dcm").write_bytes(b"keep")
    with pytest.raises(SystemExit) as stopped:
        main(["-o", str(tmp_path)])
    assert stopped.value.code == 2
    assert (tmp_path / "ct" / "mine.dcm").read_bytes() == b"keep"


def test_the_generator_knows_nothing_of_surgiplan() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            assert not any(n.split(".")[0] == "surgiplan" for n in names), path
    script = "import sys, surgiplan_phantom; sys.exit('surgiplan' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=PACKAGE.parent).returncode == 0


def _hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
