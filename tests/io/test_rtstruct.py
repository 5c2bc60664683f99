"""Structure sets go out and come back with at least 98 % of their voxels, elsewhere too."""

import numpy as np
import pydicom
import pytest

from surgiplan import io
from surgiplan.errors import DicomError, SegmentationError
from surgiplan.io.exchange.anatomy import anatomy_of
from surgiplan.io.exchange.contours import filled, outlines
from surgiplan.model import Case
from surgiplan.workflow import import_scan, import_segments
from tests.io import series_on_disk as on_disk
from tests.io.exchanged import COLOURS, case_of, dice, whole
from tests.io.test_seg import WAYS, bare
from tests.workflow.marked_body import MARKERS


def exported(case, folder, *names):
    path = folder / "structures.dcm"
    io.export_segments(case, path, "rtstruct", names)
    return path


def crossings(point, polygon):
    """How often a line to the right of a point (2,) crosses a polygon (n, 2)."""
    count = 0
    for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if (a[1] > point[1]) != (b[1] > point[1]):
            count += point[0] < a[0] + (point[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
    return count


def filled_by_others(path, number, case):
    """A reader of contours that shares nothing with ours: it asks each voxel of each slice."""
    grid = case.volume().grid
    step_k, step_j, step_i = (grid.affine[:3, n] for n in range(3))
    mask = np.zeros(grid.shape, bool)
    read = pydicom.dcmread(path)
    for contour in read.ROIContourSequence[number].ContourSequence:
        points = np.array(contour.ContourData, float).reshape(-1, 3) - grid.affine[:3, 3]
        k = points @ step_k / (step_k @ step_k)
        assert np.ptp(k) < 0.01
        flat = np.stack(
            [points @ step_i / (step_i @ step_i), points @ step_j / (step_j @ step_j)], axis=1
        )
        low, high = np.floor(flat.min(axis=0)).astype(int), np.ceil(flat.max(axis=0)).astype(int)
        for i in range(low[0], high[0] + 1):
            for j in range(low[1], high[1] + 1):
                mask[round(k[0]), j, i] ^= bool(crossings((i, j), flat) % 2)
    return mask


@pytest.mark.parametrize(("order", "turn"), [*WAYS[:7:2], WAYS[-1]])
def test_structures_come_back_the_same_in_every_orientation(tmp_path, order, turn):
    case = case_of(tmp_path, order, turn)
    path = exported(case, tmp_path)
    again = import_segments(bare(case), [path]).segments
    assert [one.id for one in again] == list(case.segments)
    for old, new in zip(case.segments.values(), again, strict=True):
        assert dice(whole(old, case), whole(new, case)) >= 0.98
        assert new.colour == COLOURS[old.id]
        assert new.anatomy.kind == anatomy_of(old).kind
        assert new.anatomy.side == anatomy_of(old).side
        if old.id in MARKERS:
            assert new.centroid_lps == pytest.approx(MARKERS[old.id][0], abs=0.15)


@pytest.mark.parametrize("way", [WAYS[4], WAYS[-1]])
def test_another_reader_fills_the_same_voxels(tmp_path, way):
    case = case_of(tmp_path, *way)
    path = exported(case, tmp_path, "left", "front", "head")
    for number, name in enumerate(("left", "front", "head")):
        mask = filled_by_others(path, number, case)
        assert dice(mask, whole(case.segment(name), case)) >= 0.98


def test_holes_and_islands_within_holes_are_kept_by_keyholes():
    row, column = np.mgrid[:40, :50]
    away = np.hypot(row - 19, column - 24)
    plane = (away < 18) & ~((away < 12) & (away > 5))
    plane[3:6, 45:48] = True
    plane[19, 24] = False
    rings = outlines(plane)
    assert len(rings) == 3  # the ring, the island within it, the one beside
    assert np.array_equal(filled(rings, plane.shape), plane)
    noise = np.random.default_rng(3).random((60, 70)) > 0.5
    assert np.array_equal(filled(outlines(noise), noise.shape), noise)


def test_a_contour_within_another_is_a_hole():
    square = np.array([[0, 0], [0, 10], [10, 10], [10, 0]], float)
    mask = filled([square - 0.5, square / 2 + 2.0], (12, 12))
    assert mask.sum() == 100 - 25


def test_each_contour_names_the_image_that_it_lies_on(tmp_path):
    case = case_of(tmp_path)
    read = pydicom.dcmread(exported(case, tmp_path, "left"))
    assert (read.PatientName, read.PatientID) == ("ZZCANARY^Berta", "ZZ-4711")
    (frame,) = read.ReferencedFrameOfReferenceSequence
    assert frame.FrameOfReferenceUID == on_disk.FRAME
    (series,) = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence
    assert series.SeriesInstanceUID == on_disk.SERIES
    heights = {
        image.SOPInstanceUID: float(image.ImagePositionPatient[2])
        for image in map(pydicom.dcmread, (tmp_path / "ct").iterdir())
    }
    contours = read.ROIContourSequence[0].ContourSequence
    assert len(contours) == case.segment("left").mask.shape[0]
    for contour in contours:
        (image,) = contour.ContourImageSequence
        assert heights[image.ReferencedSOPInstanceUID] == pytest.approx(contour.ContourData[2])


def test_without_identity_it_names_the_pseudonym(tmp_path):
    case = case_of(tmp_path, with_identity=False)
    path = exported(case, tmp_path, "left")
    assert b"ZZCANARY" not in path.read_bytes()
    assert pydicom.dcmread(path).PatientID == case.patient.pseudonym
    (new,) = import_segments(bare(case), [path]).segments
    assert dice(whole(new, case), whole(case.segment("left"), case)) >= 0.98


def test_contours_beside_the_slices_are_left_out_and_named(tmp_path):
    case = case_of(tmp_path)
    path = exported(case, tmp_path, "left")
    read = pydicom.dcmread(path)
    contour = read.ROIContourSequence[0].ContourSequence[1]
    contour.ContourData = [float(n) + 0.5 * (k % 3 == 2) for k, n in enumerate(contour.ContourData)]
    read.save_as(path)
    (new,) = import_segments(bare(case), [path]).segments
    assert "1 of" in new.remarks[0]
    assert new.voxels < case.segment("left").voxels


def spoil(read, text):
    """Put bytes in the place of the first contour's points."""
    tag = pydicom.tag.Tag("ContourData")
    contour = read.ROIContourSequence[0].ContourSequence[0]
    contour._dict[tag] = pydicom.dataelem.RawDataElement(tag, "DS", 0, text, 0, True, True)


def test_numbers_that_mean_nothing_are_refused_in_one_sentence(tmp_path):
    case = case_of(tmp_path)
    path = exported(case, tmp_path, "left")
    for value in (b"nan", b"1e300", b"-inf", b"abc", b"1"):
        read = pydicom.dcmread(path)
        spoil(read, b"\\".join([value] * (1 if value == b"1" else 9)))
        read.save_as(tmp_path / "odd.dcm")
        with pytest.raises(DicomError, match=r"LEFT in odd\.dcm holds no points"):
            import_segments(bare(case), [tmp_path / "odd.dcm"])


def test_a_million_points_to_and_fro_are_filled_in_bounded_memory(tmp_path):
    case = case_of(tmp_path)
    read = pydicom.dcmread(exported(case, tmp_path, "left"))
    z = read.ROIContourSequence[0].ContourSequence[0].ContourData[2]
    numbers = np.random.default_rng(1).uniform(-9, 9, 2_000_000).round(2).tolist()
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    spoil(read, "\\".join(f"{x}\\{y}\\{z}" for x, y in pairs).encode())
    read.save_as(tmp_path / "many.dcm")
    (new,) = import_segments(bare(case), [tmp_path / "many.dcm"]).segments
    assert new.mask.size <= np.prod(case.volume().grid.shape)


def test_contours_that_only_cost_time_are_refused():
    zigzag = np.array([[0.0, 0.0], [2000.0, 3.0]] * 20_000)
    with pytest.raises(SegmentationError, match="to and fro"):
        filled([zigzag] * 2, (2000, 2000))


def test_a_real_structure_set_is_refused_for_another_scan(shared_data, tmp_path):
    path = shared_data / "dicom-edge/rtstruct-dicompyler/rtss.dcm"
    with pytest.raises(SegmentationError, match="another frame of reference"):
        import_segments(case_of(tmp_path), [path])


def test_a_real_structure_set_lands_on_slices_like_its_own(shared_data, tmp_path):
    """Its scan is not there but for one slice: the others are made where the contours lie."""
    folder = shared_data / "dicom-edge/rtstruct-dicompyler"
    read = pydicom.dcmread(folder / "rtss.dcm")
    heart = next(n for n, one in enumerate(read.StructureSetROISequence) if one.ROIName == "Heart")
    contours = read.ROIContourSequence[heart].ContourSequence
    heights = sorted({float(one.ContourData[2]) for one in contours})
    slice_of = pydicom.dcmread(folder / "ct.0.dcm")
    frame = read.ReferencedFrameOfReferenceSequence[0]
    series = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    for n, z in enumerate(heights):
        slice_of.ImagePositionPatient[2] = z
        slice_of.SeriesInstanceUID = series.SeriesInstanceUID
        slice_of.SOPInstanceUID = series.ContourImageSequence[n].ReferencedSOPInstanceUID
        slice_of.file_meta.MediaStorageSOPInstanceUID = slice_of.SOPInstanceUID
        slice_of.save_as(tmp_path / f"{n}.dcm")
    case = import_scan(tmp_path, accept=["missing_slice", "uneven_spacing"]).apply(Case())
    made = {one.name: one for one in import_segments(case, [folder / "rtss.dcm"]).segments}
    expected_mm3 = 0.0
    for contour in contours:
        x, y, _ = np.array(contour.ContourData, float).reshape(-1, 3).T
        area = abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2
        expected_mm3 += area * case.volume().grid.spacing_mm[0]
    assert made["Heart"].volume_ml == pytest.approx(expected_mm3 / 1000, rel=0.02)
