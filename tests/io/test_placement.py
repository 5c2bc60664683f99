"""What a NIfTI or NRRD header says about left and right is taken at its word, or refused."""

import gzip
import struct

import numpy as np
import pytest

from surgiplan import io
from surgiplan.errors import DicomError

VALUES = np.arange(3 * 4 * 5, dtype=np.int16).reshape(3, 4, 5)
SFORM = np.array([[-0.4, 0, 0, 10], [0, -0.7, 0, 20], [0, 0, 1.3, 30]])
"""RAS [mm]: columns run to the left, rows to the back, from voxel (10, 20, 30)."""
QUATERNION = (0.0, 0.0, 1.0)
"""Half a turn about the patient's long axis: the rotation of SFORM."""
OFFSET = (10.0, 20.0, 30.0)


def nifti(path, sform=SFORM, scode=1, qcode=0, quaternion=QUATERNION, offset=OFFSET, unit=2,
          qfac=1.0, order="<", spacing=(0.4, 0.7, 1.3)):  # fmt: skip
    header = bytearray(352)
    for place, kind, numbers in [
        (0, "i", [348]),
        (40, "8h", [3, *VALUES.shape[::-1], 1, 1, 1, 1]),
        (70, "2h", [4, 16]),
        (76, "8f", [qfac, *spacing, 0, 0, 0, 0]),
        (108, "2f", [352, 1]),
        (252, "2h", [qcode, scode]),
        (256, "6f", [*quaternion, *offset]),
        (280, "12f", np.ravel(sform)),
    ]:
        struct.pack_into(order + kind, header, place, *numbers)
    header[123], header[344:348] = unit, b"n+1\0"
    content = bytes(header) + VALUES.astype(order + "i2").tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def assert_in_place(volume):
    """The voxel stored first lies at 10, 20, 30 in RAS, the last one left, back and up of it."""
    assert np.array_equal(volume.values, VALUES)
    assert volume.grid.spacing_mm == pytest.approx((1.3, 0.7, 0.4), rel=1e-6)
    assert volume.grid.to_lps([0, 0, 0]) == pytest.approx([-10, -20, 30], abs=1e-5)
    assert volume.grid.to_lps([2, 3, 4]) == pytest.approx(
        [-10 + 1.6, -20 + 2.1, 30 + 2.6], abs=1e-5
    )


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_sform_and_qform_alone_say_the_same(tmp_path, name, order):
    assert_in_place(io.load_volume_file(nifti(tmp_path / name, order=order))[0])
    qform = nifti(tmp_path / name, scode=0, qcode=1, sform=np.zeros((3, 4)), order=order)
    assert_in_place(io.load_volume_file(qform)[0])


def test_the_second_version_of_nifti_is_refused_by_name(tmp_path):
    file = tmp_path / "scan.nii"
    file.write_bytes(struct.pack("<i", 540) + b"n+2\0\r\n\x1a\n" + bytes(800))
    with pytest.raises(DicomError, match="NIfTI-2; save it as NIfTI-1"):
        io.load_volume_file(file)


def test_a_qform_that_is_turned_over_counts_its_slices_downwards(tmp_path):
    file = nifti(tmp_path / "scan.nii", scode=0, qcode=1, qfac=-1.0)
    volume, _ = io.load_volume_file(file)
    assert np.array_equal(volume.values, VALUES[::-1])
    assert volume.grid.to_lps([2, 0, 0]) == pytest.approx([-10, -20, 30], abs=1e-5)


@pytest.mark.parametrize("scode", [1, 2, 4])
@pytest.mark.parametrize("qcode", [1, 2])
def test_where_sform_and_qform_disagree_the_sform_counts_and_it_is_said(tmp_path, scode, qcode):
    file = nifti(tmp_path / "scan.nii", scode=scode, qcode=qcode, quaternion=(0, 0, 0))
    volume, _ = io.load_volume_file(file)
    assert_in_place(volume)
    assert "two places, up to 5.3 mm apart; its sform was taken" in volume.source.remarks[0]
    agreeing = nifti(tmp_path / "scan.nii", scode=scode, qcode=qcode)
    assert io.load_volume_file(agreeing)[0].source.remarks == ()


@pytest.mark.parametrize(("unit", "mm"), [(0, 1.0), (1, 1000.0), (2, 1.0), (3, 0.001), (10, 1.0)])
def test_lengths_in_metres_and_microns_become_millimetres(tmp_path, unit, mm):
    lengths = {
        "sform": SFORM / mm,
        "offset": np.array(OFFSET) / mm,
        "spacing": np.array([0.4, 0.7, 1.3]) / mm,
        "unit": unit,
    }
    assert_in_place(io.load_volume_file(nifti(tmp_path / "s.nii", **lengths))[0])
    assert_in_place(io.load_volume_file(nifti(tmp_path / "q.nii", scode=0, qcode=1, **lengths))[0])


def test_a_file_that_does_not_say_which_side_is_left_is_refused(tmp_path):
    with pytest.raises(DicomError, match="which side is left"):
        io.load_volume_file(nifti(tmp_path / "scan.nii", scode=0, qcode=0))


@pytest.mark.parametrize("broken", [np.nan, np.inf, 3e38])
def test_numbers_that_mean_no_place_are_refused_or_left_aside(tmp_path, broken):
    lost = {"quaternion": (broken, 0, 1), "offset": (broken, 0, 0)}
    beside = nifti(tmp_path / "scan.nii", qcode=1, **lost)
    assert_in_place(io.load_volume_file(beside)[0])
    alone = nifti(tmp_path / "scan.nii", scode=0, qcode=1, **lost)
    with pytest.raises(DicomError):
        io.load_volume_file(alone)
    with pytest.raises(DicomError):
        io.load_volume_file(nifti(tmp_path / "scan.nii", np.full((3, 4), broken)))


def test_sheared_axes_are_refused(tmp_path):
    sheared = SFORM + np.array([[0, 0.1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    for qcode in (0, 1):
        with pytest.raises(DicomError, match="sheared"):
            io.load_volume_file(nifti(tmp_path / "scan.nii", sheared, qcode=qcode))


def nrrd(path, about):
    head = f"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 2 2\n{about}encoding: raw\n\n"
    path.write_bytes(head.encode() + bytes(range(8)))
    return path


STEPS = "space directions: (2,0,0) (0,3,0) (0,0,4)\nspace origin: (10,20,30)\n"


@pytest.mark.parametrize(
    ("space", "first_lps", "value"),
    [
        ("left-posterior-superior", (10, 20, 30), 0),
        ("right-anterior-superior", (-12, -23, 30), 3),
        ("RAS", (-12, -23, 30), 3),
        ("LAS", (10, -23, 30), 2),
    ],
)
def test_each_anatomical_space_of_nrrd_is_understood(tmp_path, space, first_lps, value):
    volume, _ = io.load_volume_file(nrrd(tmp_path / "scan.nrrd", f"space: {space}\n{STEPS}"))
    assert volume.grid.spacing_mm == pytest.approx((4, 3, 2))
    assert volume.grid.to_lps([0, 0, 0]) == pytest.approx(first_lps)
    assert volume.values[0, 0, 0] == value


@pytest.mark.parametrize(
    "about",
    ["spacings: 2 3 4\n", f"space: scanner-xyz\n{STEPS}", f"space dimension: 3\n{STEPS}"],
)
def test_an_nrrd_file_without_anatomical_space_is_refused(tmp_path, about):
    with pytest.raises(DicomError, match="which side is left"):
        io.load_volume_file(nrrd(tmp_path / "scan.nrrd", about))


def test_an_nrrd_file_farther_away_than_any_patient_is_refused(tmp_path):
    about = f"space: LPS\n{STEPS.replace('(10,', '(1e30,')}"
    with pytest.raises(DicomError, match="does not say where"):
        io.load_volume_file(nrrd(tmp_path / "scan.nrrd", about))


def test_an_nrrd_file_in_other_units_than_millimetres_is_refused(tmp_path):
    about = f'space: LPS\n{STEPS}space units: "um" "um" "um"\n'
    with pytest.raises(DicomError, match="lengths in um"):
        io.load_volume_file(nrrd(tmp_path / "scan.nrrd", about))
    fine = about.replace("um", "mm")
    assert io.load_volume_file(nrrd(tmp_path / "scan.nrrd", fine))[0].grid.shape == (2, 2, 2)
