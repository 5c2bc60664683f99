"""A volume file gives the same anatomy in the same place, however its axes run."""

import gzip

import numpy as np
import pytest
import SimpleITK as sitk

from surgiplan import io
from surgiplan.errors import DicomError


def test_one_head_in_all_48_orientations_is_one_and_the_same_volume(shared_data):
    files = sorted((shared_data / "nifti-48-orientations").glob("*.nii.gz"))
    heads = {file.name: io.load_volume_file(file) for file in files}
    assert len(heads) == 48
    first, patient = heads["LPS.nii.gz"]
    assert first.grid.shape == (67, 79, 64)
    for name, (head, same_patient) in heads.items():
        assert head.sha256 == first.sha256, name
        assert np.allclose(head.grid.affine, first.grid.affine, atol=1e-4, rtol=0), name
        assert head.source.digest == first.source.digest, name
        assert same_patient.pseudonym == patient.pseudonym, name
    towards = first.grid.affine[:3, :3] / first.grid.spacing_mm
    assert np.allclose(towards, [[0, 0, 1], [0, 1, 0], [1, 0, 0]], atol=1e-6)


def test_the_dissected_aorta_keeps_its_values_and_its_place(shared_data):
    models = shared_data / "cta-aorta-dissection-totalseg/aorta_report/test_result/models"
    volume, patient = io.load_volume_file(models / "ct_cropped.nii.gz")
    assert volume.grid.shape == (164, 126, 120)
    assert volume.grid.spacing_mm == pytest.approx((1.5, 1.5, 1.5))
    assert (volume.unit, volume.values.dtype) == ("HU", np.int16)
    assert "taken as HU" in volume.source.remarks[0]
    lumen, _ = io.load_volume_file(models / "aorta_true_lumen.nii.gz")
    assert lumen.unit == "1"
    assert volume.values[lumen.values > 0].mean() == pytest.approx(487, abs=10)
    assert patient.pseudonym.startswith("P-")


def image(values, spacing=(0.4, 0.7, 1.3)):
    made = sitk.GetImageFromArray(values)
    made.SetSpacing(spacing)
    made.SetOrigin((5, -7, 11))
    return made


@pytest.fixture
def values():
    return np.random.default_rng(2).integers(-1000, 1500, (4, 5, 6)).astype(np.int16)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd"])
def test_every_format_gives_the_same_volume(tmp_path, values, suffix):
    sitk.WriteImage(image(values), str(tmp_path / f"scan{suffix}"))
    volume, _ = io.load_volume_file(tmp_path / f"scan{suffix}")
    assert np.array_equal(volume.values, values)
    assert volume.grid.to_lps([2, 1, 3]) == pytest.approx(
        [5 + 3 * 0.4, -7 + 0.7, 11 + 2 * 1.3], abs=1e-5
    )
    assert volume.sha256 == io.load_volume_file(tmp_path / f"scan{suffix}")[0].sha256


def test_whole_numbers_stored_as_floats_become_int16_and_fractions_stay(tmp_path, values):
    sitk.WriteImage(image(values.astype(np.float64)), str(tmp_path / "whole.mha"))
    assert io.load_volume_file(tmp_path / "whole.mha")[0].values.dtype == np.int16
    sitk.WriteImage(image(np.abs(values) + 0.25), str(tmp_path / "parts.mha"))
    parts, _ = io.load_volume_file(tmp_path / "parts.mha")
    assert (parts.values.dtype, parts.unit) == (np.float32, "1")


def test_padding_far_below_air_becomes_air_and_overshoot_stays(tmp_path, values):
    values[0, 0, :2] = [-3024, -1190]
    sitk.WriteImage(image(values), str(tmp_path / "scan.nrrd"))
    volume, _ = io.load_volume_file(tmp_path / "scan.nrrd")
    assert volume.values[0, 0, :2].tolist() == [-1024, -1190]
    assert "1 voxels" in volume.source.remarks[1]


def test_voxels_without_a_number_take_the_lowest_value(tmp_path, values):
    holes = np.abs(values).astype(np.float32) + 1
    holes[1, 2, 3] = np.nan
    sitk.WriteImage(image(holes), str(tmp_path / "scan.mha"))
    volume, _ = io.load_volume_file(tmp_path / "scan.mha")
    assert volume.values[1, 2, 3] == volume.values.min() == np.nanmin(holes)


def four_dimensional(path):
    sitk.WriteImage(sitk.JoinSeries([image(np.zeros((3, 4, 5), np.int16))] * 2), str(path))


def coloured(path):
    sitk.WriteImage(image(np.zeros((3, 4, 5, 3), np.uint8)), str(path))


def flat(path):
    sitk.WriteImage(image(np.zeros((1, 4, 5), np.int16)), str(path))


def text(path):
    path.write_text("no volume")


def cut_off(path):
    sitk.WriteImage(image(np.zeros((30, 4, 5), np.int16)), str(path), False)
    path.write_bytes(path.read_bytes()[:-200])


def enormous(path):
    path.write_text(
        "NRRD0004\ntype: short\ndimension: 3\nsizes: 40000 40000 40000\nspace: left-posterior-"
        "superior\nspace directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\n"
        "encoding: raw\nendian: little\n\n"
    )


def without_place(path):
    path.write_text(
        "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 2 2\nspace: left-posterior-superior\n"
        "space directions: (1,0,0) (1,0,0) (0,0,1)\nspace origin: (0,0,0)\nencoding: raw\n\n"
        "12345678"
    )


@pytest.mark.parametrize(
    ("write", "name", "words"),
    [
        (four_dimensional, "scan.nii.gz", "4 dimensions"),
        (coloured, "scan.nrrd", "colours or vectors"),
        (flat, "scan.nii", "single image"),
        (text, "scan.nii.gz", "damaged or not the format"),
        (cut_off, "scan.nrrd", "damaged or not the format"),
        (enormous, "scan.nrrd", "more than 8 GiB"),
        (without_place, "scan.nrrd", "does not say where|sheared|damaged"),
        (text, "scan.txt", "no volume file this program knows"),
    ],
)
def test_what_is_no_volume_is_refused_in_one_sentence(tmp_path, write, name, words):
    write(tmp_path / name)
    with pytest.raises(DicomError, match=words) as refusal:
        io.load_volume_file(tmp_path / name)
    assert str(refusal.value).startswith(name)
    assert str(refusal.value).endswith(".")


HEADER = {
    ".nhdr": "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 2 2\nspace: left-posterior-superior\n"
    "space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nencoding: raw\n"
    "data file: {}\n",
    ".nrrd": "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 2 2\nspace: left-posterior-superior\n"
    "space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nencoding: raw\n"
    "DataFile: {}\n\n",
    ".mhd": "ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\n"
    "ElementDataFile = {}\n",
    ".mha": "ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\n"
    "Comment = ElementDataFile = LOCAL\nElementDataFile = {}\n",
}


@pytest.mark.parametrize("suffix", HEADER)
@pytest.mark.parametrize("where", ["../secret.raw", "{}/secret.raw", "link.raw", "LIST", "f%d.raw"])
def test_a_header_cannot_make_the_program_read_a_file_elsewhere(tmp_path, suffix, where):
    folder = tmp_path / "scan"
    folder.mkdir()
    (tmp_path / "secret.raw").write_bytes(b"password")
    (folder / "link.raw").symlink_to(tmp_path / "secret.raw")
    path = folder / f"scan{suffix}"
    path.write_text(HEADER[suffix].format(where.format(tmp_path)))
    with pytest.raises(DicomError, match=r"takes its voxels from (elsewhere|another folder)"):
        io.load_volume_file(path)
    if suffix in (".nhdr", ".mhd"):
        (folder / "beside.raw").write_bytes(b"\1\2\3\4\5\6\7\10")
        path.write_text(HEADER[suffix].format("beside.raw"))
        volume, _ = io.load_volume_file(path)
        assert volume.values.ravel().tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_volume_that_would_grow_beyond_all_reason_is_refused(tmp_path):
    sitk.WriteImage(image(np.zeros((4, 5, 6), np.int16)), str(tmp_path / "scan.nii"))
    header = bytearray((tmp_path / "scan.nii").read_bytes())
    header[42:48] = np.array([1200, 1200, 1200], "<i2").tobytes()
    (tmp_path / "scan.nii.gz").write_bytes(gzip.compress(header))
    with pytest.raises(DicomError, match="claims more voxels than it can hold"):
        io.load_volume_file(tmp_path / "scan.nii.gz")


def test_content_does_not_choose_another_reader_than_the_ending(tmp_path, values):
    sitk.WriteImage(image(values), str(tmp_path / "scan.nrrd"))
    (tmp_path / "scan.nrrd").rename(tmp_path / "scan.mha")
    with pytest.raises(DicomError):
        io.load_volume_file(tmp_path / "scan.mha")


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(DicomError, match="no file"):
        io.load_volume_file(tmp_path / "nowhere.nii")
