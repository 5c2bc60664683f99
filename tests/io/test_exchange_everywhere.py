"""Out, read by others, and back: in all orders of the axes, and from one file of many frames."""

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from surgiplan import io
from surgiplan.model import Case
from surgiplan.workflow import import_scan, import_segments
from tests.io import series_on_disk as on_disk
from tests.io.exchanged import case_of, dice, mask_at, segment_of, whole
from tests.io.test_multiframe import group, write_enhanced
from tests.io.test_rtstruct import filled_by_others
from tests.io.test_seg import TILTED, bare
from tests.workflow.marked_body import MARKERS, ORDERS, body_on, grid_in

MARKS = tuple(MARKERS)
WAYS = [*((order, None) for order in ORDERS), *((order, TILTED) for order in list(ORDERS)[::6])]


def by_highdicom(path, number, case):
    volume = highdicom.seg.segread(path).get_volume(segment_numbers=[number])
    points = np.argwhere(volume.array[..., 0]) @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    return mask_at(points, case)


def by_simpleitk(path, number, case):
    image = sitk.ReadImage(str(path))
    index = np.argwhere(sitk.GetArrayFromImage(image) == number)[:, ::-1]
    points = [image.TransformContinuousIndexToPhysicalPoint(one.astype(float)) for one in index]
    return mask_at(np.array(points), case)


@pytest.mark.slow
@pytest.mark.parametrize(("order", "turn"), WAYS, ids=lambda one: str(one)[:3])
def test_every_format_says_the_same_to_others_and_comes_back_in_every_orientation(
    tmp_path, order, turn
):
    case = case_of(tmp_path, order, turn)
    written = {
        "seg": io.SegKind.BINARY, "fractional": io.SegKind.FRACTIONAL,
        "labelmap": io.SegKind.LABELMAP, "rtstruct": None, "nifti": None, "nrrd": None,
    }  # fmt: skip
    for name, kind in written.items():
        format_name = "seg" if kind else name
        path = tmp_path / f"{name}{io.EXPORT_FORMATS[format_name]}"
        more = {"kind": kind} if kind else {}
        io.export_segments(case, path, format_name, MARKS, **more)
        least = 0.98 if name == "rtstruct" else 1.0
        read = {"rtstruct": filled_by_others, "nifti": by_simpleitk, "nrrd": by_simpleitk}.get(
            name, by_highdicom
        )
        again = import_segments(bare(case), [path]).segments
        for number, (mark, back) in enumerate(zip(MARKS, again, strict=True)):
            truth = whole(case.segment(mark), case)
            elsewhere = read(path, number if name == "rtstruct" else number + 1, case)
            assert dice(elsewhere, truth) >= least, (name, mark)
            assert dice(whole(back, case), truth) >= least, (name, mark)


@pytest.fixture
def enhanced_case(tmp_path):
    """The marked body as the frames of one enhanced CT, in a random order."""
    grid = grid_in("SPL")
    step_mm, rows_mm, columns_mm = grid.spacing_mm
    images = on_disk.slices(
        body_on(grid), grid.affine[:3, :3] / grid.spacing_mm, tuple(grid.affine[:3, 3]), step_mm
    )
    measures = group("PixelMeasuresSequence", PixelSpacing=[rows_mm, columns_mm])
    write_enhanced(tmp_path / "ct/one.dcm", images, shared=(measures,))
    case = import_scan(tmp_path / "ct", with_identity=True).apply(Case())
    return case.with_(*(segment_of(case, name) for name in MARKS))


def frame_positions(path):
    """First voxel of each frame of the scan, by its number from 1."""
    frames = pydicom.dcmread(path).PerFrameFunctionalGroupsSequence
    return {
        n: np.array(one.PlanePositionSequence[0].ImagePositionPatient, float)
        for n, one in enumerate(frames, start=1)
    }


def test_frames_of_an_enhanced_scan_are_named_by_number_in_a_segmentation(enhanced_case, tmp_path):
    path = tmp_path / "out.dcm"
    io.export_segments(enhanced_case, path, "seg", MARKS)
    positions = frame_positions(tmp_path / "ct/one.dcm")
    for frame in pydicom.dcmread(path).PerFrameFunctionalGroupsSequence:
        source = frame.DerivationImageSequence[0].SourceImageSequence[0]
        here = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, float)
        there = positions[int(source.ReferencedFrameNumber)]
        assert here[2] == pytest.approx(there[2], abs=0.01)
    for number, mark in enumerate(MARKS, start=1):
        truth = whole(enhanced_case.segment(mark), enhanced_case)
        assert dice(by_highdicom(path, number, enhanced_case), truth) == 1
    for back in import_segments(bare(enhanced_case), [path]).segments:
        assert np.array_equal(back.mask, enhanced_case.segment(back.name).mask)


def test_frames_of_an_enhanced_scan_are_named_by_number_in_a_structure_set(enhanced_case, tmp_path):
    path = tmp_path / "out.dcm"
    io.export_segments(enhanced_case, path, "rtstruct", MARKS)
    positions = frame_positions(tmp_path / "ct/one.dcm")
    read = pydicom.dcmread(path)
    for number, mark in enumerate(MARKS):
        for contour in read.ROIContourSequence[number].ContourSequence:
            z = float(contour.ContourData[2])
            image = contour.ContourImageSequence[0]
            assert positions[int(image.ReferencedFrameNumber)][2] == pytest.approx(z, abs=0.01)
        truth = whole(enhanced_case.segment(mark), enhanced_case)
        assert dice(filled_by_others(path, number, enhanced_case), truth) >= 0.98
    for back in import_segments(bare(enhanced_case), [path]).segments:
        truth = whole(enhanced_case.segment(back.name), enhanced_case)
        assert dice(whole(back, enhanced_case), truth) >= 0.98
