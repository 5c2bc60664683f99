"""DICOM segmentations go out and come back as they were, for other programs too."""

from dataclasses import replace

import highdicom
import numpy as np
import pydicom
import pytest

from surgiplan import io
from surgiplan.errors import DicomError, SegmentationError, SurgiplanError
from surgiplan.io.exchange.anatomy import anatomy_of, from_cielab, to_cielab, unsided_warning
from surgiplan.io.exchange.seg_reading import stored_segmentation
from surgiplan.model import Case, Segment, VoxelGrid
from surgiplan.workflow import import_scan, import_segments
from tests.io import series_on_disk as on_disk
from tests.io.exchanged import CODES, COLOURS, case_of, dice, mask_at, whole
from tests.workflow.marked_body import CENTRE, MARKERS, NASTY, grid_in, series

TILTED = on_disk.oblique()[:, ::-1]
WAYS = [*((order, None) for order in NASTY), ("SPL", TILTED), ("LSP", TILTED)]
"""Order of the axes, and a rotation."""


def exported(case, folder, *names, kind=io.SegKind.BINARY):
    path = folder / "segments.dcm"
    return path, io.export_segments(case, path, "seg", names, kind=kind)


def bare(case):
    for name in list(case.segments):
        case = case.without(f"segments/{name}")
    return case


@pytest.mark.parametrize(("order", "turn"), WAYS)
def test_highdicom_finds_each_segment_where_it_is_and_it_comes_back_the_same(tmp_path, order, turn):
    case = case_of(tmp_path, order, turn)
    path, done = exported(case, tmp_path)
    assert not done.remarks
    read = highdicom.seg.segread(path)
    assert read.SegmentsOverlap == "YES"
    for number, segment in enumerate(case.segments.values(), start=1):
        assert read.get_segment_description(number).segment_label == segment.name
        volume = read.get_volume(segment_numbers=[number])
        points = np.argwhere(volume.array[..., 0]) @ volume.affine[:3, :3].T + volume.affine[:3, 3]
        assert dice(mask_at(points, case), whole(segment, case)) == 1
        if segment.id in MARKERS:
            assert points.mean(axis=0) == pytest.approx(MARKERS[segment.id][0], abs=0.15)
    again = import_segments(bare(case), [path]).segments
    assert [one.id for one in again] == list(case.segments)
    for old, new in zip(case.segments.values(), again, strict=True):
        assert np.array_equal(old.mask, new.mask)
        assert np.allclose(old.grid.affine, new.grid.affine, atol=1e-4)
        assert new.colour == COLOURS[old.id]
        assert new.anatomy == anatomy_of(old)
        assert not new.remarks


@pytest.mark.parametrize("kind", [io.SegKind.FRACTIONAL, io.SegKind.LABELMAP])
def test_fractional_segments_and_label_maps_come_back_the_same(tmp_path, kind):
    case = case_of(tmp_path, "PIL")
    names = ["left", "front", "head"]
    path, _ = exported(case, tmp_path, *names, kind=kind)
    read = highdicom.seg.segread(path)
    assert read.segmentation_type.value == kind.name
    for number, name in enumerate(names, start=1):
        volume = read.get_volume(segment_numbers=[number])
        assert np.count_nonzero(volume.array[..., 0] > 0) == case.segment(name).voxels
    for new in import_segments(bare(case), [path]).segments:
        assert np.array_equal(new.mask, case.segment(new.id).mask)
        assert new.anatomy == anatomy_of(case.segment(new.id))
        is_fractional = kind is io.SegKind.FRACTIONAL
        assert any("50 %" in remark for remark in new.remarks) == is_fractional


def test_a_label_map_of_segments_that_overlap_is_refused_and_nothing_is_written(tmp_path):
    case = case_of(tmp_path)
    with pytest.raises(SegmentationError, match=r"BODY and .* share voxels"):
        exported(case, tmp_path, kind=io.SegKind.LABELMAP)
    assert not list(tmp_path.glob("*.dcm"))


def test_what_highdicom_writes_is_read_frame_by_frame_in_any_order(tmp_path):
    case = case_of(tmp_path, "LPI")
    sources = [pydicom.dcmread(path) for path in sorted((tmp_path / "ct").iterdir())]
    k = [round(case.volume().grid.to_index(one.ImagePositionPatient)[0]) for one in sources]
    assert k != sorted(k)
    names = ("left", "body")
    pixels = np.stack([whole(case.segment(name), case)[k] for name in names], axis=-1)
    codes = pydicom.sr.codedict.codes
    described = [
        highdicom.seg.SegmentDescription(
            n, name, codes.SCT.AnatomicalStructure, codes.SCT.Kidney,
            highdicom.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for n, name in enumerate(names, start=1)
    ]  # fmt: skip
    for image in sources:
        image.AccessionNumber = image.StudyID = image.StudyTime = ""
        image.PositionReferenceIndicator = ""
    written = highdicom.seg.Segmentation(
        sources, pixels.astype(np.uint8), highdicom.seg.SegmentationTypeValues.BINARY, described,
        highdicom.UID(), 1, highdicom.UID(), 1, "maker", "model", "1", "0",
    )  # fmt: skip
    written.save_as(tmp_path / "theirs.dcm")
    for new in import_segments(bare(case), [tmp_path / "theirs.dcm"]).segments:
        assert dice(whole(new, case), whole(case.segment(new.id), case)) == 1
        assert new.anatomy.kind.meaning == "Kidney"


def test_it_names_the_patient_the_study_and_each_source_image(tmp_path):
    case = case_of(tmp_path)
    path, _ = exported(case, tmp_path, "left")
    read = pydicom.dcmread(path)
    assert (read.PatientName, read.PatientID) == ("ZZCANARY^Berta", "ZZ-4711")
    assert (read.StudyInstanceUID, read.FrameOfReferenceUID) == (on_disk.STUDY, on_disk.FRAME)
    (referred,) = read.ReferencedSeriesSequence
    assert referred.SeriesInstanceUID == on_disk.SERIES != read.SeriesInstanceUID
    places = {
        image.SOPInstanceUID: np.array(image.ImagePositionPatient, float)
        for image in map(pydicom.dcmread, (tmp_path / "ct").iterdir())
    }
    named = {image.ReferencedSOPInstanceUID for image in referred.ReferencedInstanceSequence}
    assert named == places.keys()
    for frame in read.PerFrameFunctionalGroupsSequence:
        (source,) = frame.DerivationImageSequence[0].SourceImageSequence
        position = frame.PlanePositionSequence[0].ImagePositionPatient
        assert places[source.ReferencedSOPInstanceUID] == pytest.approx(position, abs=1e-3)


def test_without_identity_it_names_the_pseudonym_and_says_so(tmp_path):
    case = case_of(tmp_path, with_identity=False)
    path, done = exported(case, tmp_path, "left")
    assert "pseudonym" in done.remarks[0]
    assert b"ZZCANARY" not in path.read_bytes()
    read = pydicom.dcmread(path)
    assert read.PatientID == case.patient.pseudonym
    assert "ReferencedSeriesSequence" not in read
    (new,) = import_segments(bare(case), [path]).segments
    assert np.array_equal(new.mask, case.segment("left").mask)


def test_a_scan_from_a_volume_file_finds_its_own_segments_again(tmp_path):
    case = case_of(tmp_path, suffix=".nii.gz")
    path, _ = exported(case, tmp_path, "left")
    (new,) = import_segments(bare(case), [path]).segments
    assert np.array_equal(new.mask, case.segment("left").mask)


@pytest.mark.parametrize(
    ("keyword", "sentence"),
    [("FrameOfReferenceUID", "another frame of reference"), ("SeriesInstanceUID", "another series"),
     ("ReferencedSOPInstanceUID", "images that are not among")],
)  # fmt: skip
def test_a_segmentation_of_another_scan_is_refused(tmp_path, keyword, sentence):
    case = case_of(tmp_path)
    path, _ = exported(case, tmp_path, "left")
    read = pydicom.dcmread(path)
    (referred,) = read.ReferencedSeriesSequence
    for owner in (read, referred, *referred.ReferencedInstanceSequence):
        if keyword in owner:
            setattr(owner, keyword, "1.2.3")
    read.save_as(path)
    with pytest.raises(SegmentationError, match=sentence):
        import_segments(bare(case), [path])


def test_voxels_of_another_size_are_resampled_and_it_is_said(tmp_path):
    case = case_of(tmp_path / "a")
    grid = grid_in("SPL")
    coarse = import_scan(series(tmp_path / "b", grid.cropped((0, 0, 0), grid.shape))).apply(Case())
    path, _ = exported(case, tmp_path, "body")
    read = pydicom.dcmread(path)
    shared = read.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    shared.PixelSpacing = [float(n) * 1.1 for n in shared.PixelSpacing]
    read.save_as(path)
    (new,) = import_segments(bare(coarse), [path]).segments
    assert "resampled" in new.remarks[-1]
    new.grid.box_in(coarse.volume().grid)
    assert new.volume_ml == pytest.approx(case.segment("body").volume_ml * 1.21, rel=0.02)


def test_a_second_import_never_takes_the_place_of_the_first(tmp_path):
    case = case_of(tmp_path)
    path, _ = exported(case, tmp_path, "left")
    after = import_segments(case, [path]).apply(case)
    assert list(after.segments) == [*case.segments, "left2"]
    assert after.segments["left"] is case.segments["left"]


def test_a_file_that_claims_more_than_it_holds_is_refused_in_one_sentence(tmp_path):
    case = case_of(tmp_path)
    path, _ = exported(case, tmp_path, "left")
    for claims in (
        {"NumberOfFrames": 4_000_000},
        {"Rows": 60000, "Columns": 60000},
        {"Rows": 9000},
    ):
        read = pydicom.dcmread(path)
        for keyword, value in claims.items():
            setattr(read, keyword, value)
        read.save_as(tmp_path / "huge.dcm")
        with pytest.raises(DicomError, match=r"^huge\.dcm .*\.$"):
            import_segments(bare(case), [tmp_path / "huge.dcm"])
    read = pydicom.dcmread(path)
    position = read.PerFrameFunctionalGroupsSequence[-1].PlanePositionSequence[0]
    position.ImagePositionPatient = [0, 0, 90000]
    read.save_as(tmp_path / "far.dcm")
    with pytest.raises(DicomError, match=r"far\.dcm"):
        import_segments(bare(case), [tmp_path / "far.dcm"])


@pytest.mark.parametrize("kind", ["seg", "rtstruct"])
def test_damaged_files_cost_a_sentence_at_most(tmp_path, kind):
    case = case_of(tmp_path)
    path = tmp_path / "whole.dcm"
    io.export_segments(case, path, kind, ["left", "head"])
    whole_file, rng = path.read_bytes(), np.random.default_rng(7)
    sentences = []
    for n in range(60):
        spoilt = bytearray(whole_file)
        for at in rng.integers(132, len(spoilt), 3):
            spoilt[at] = rng.integers(256)
        (tmp_path / "spoilt.dcm").write_bytes(spoilt[: len(spoilt) if n % 3 else len(spoilt) // 2])
        try:
            import_segments(bare(case), [tmp_path / "spoilt.dcm"])
        except SurgiplanError as error:
            sentences.append(str(error))
    assert len(sentences) >= 20
    assert all(sentence.endswith(".") for sentence in sentences)


def test_a_segment_whose_voxels_would_fill_memory_is_refused(tmp_path):
    case = case_of(tmp_path)
    path, _ = exported(case, tmp_path, "left")
    read = pydicom.dcmread(path)
    first, *_, last = read.PerFrameFunctionalGroupsSequence
    z = float(first.PlanePositionSequence[0].ImagePositionPatient[2])
    last.PlanePositionSequence[0].ImagePositionPatient[2] = z + 15000 * 1.3
    read.save_as(path)
    with pytest.raises(SegmentationError, match="far beyond the scan"):
        import_segments(bare(case), [path])


def test_a_left_kidney_on_the_right_is_remarked(tmp_path):
    grid = VoxelGrid((4, 4, 80), np.diag([1.0, 1.0, 1.0, 1.0])[[2, 1, 0, 3]])
    mask = np.zeros(grid.shape, bool)
    mask[1:3, 1:3, 2:6] = True
    kidney = Segment("kidney_left", "kidney_left", mask, grid)
    assert "other side" in unsided_warning(kidney, 39.5)
    assert not unsided_warning(replace(kidney, id="a", name="kidney_right"), 39.5)
    assert not unsided_warning(kidney, 10.0)


def test_colours_come_back_from_cielab_exactly():
    for colour in (*COLOURS.values(), "#000000", "#ff0000", "#00ff00", "#0000ff"):
        assert from_cielab(to_cielab(colour)) == colour


def test_every_code_is_the_one_that_pydicom_has():
    import tomllib

    from pydicom.sr._concepts_dict import concepts

    from surgiplan.resources import resource

    table = tomllib.loads(resource("anatomy.toml").read_text())
    assert len(table) > 20
    for name, line in table.items():
        for key in line.keys() & {"category", "kind", "side", "region"}:
            value, scheme, meaning = line[key]
            assert scheme == "SCT", name
            assert concepts["SCT"][_keyword(line["source"], key)][value][0] == meaning, name
        sides = {"left": "7771000", "right": "24028007"}
        side = sides.get(name.rpartition("_")[2])
        assert (line["side"][0] if "side" in line else None) == side


def _keyword(source: str, key: str) -> str:
    (part,) = [part for part in source.split("; ") if part.startswith(f"{key} CID")]
    return part.split()[3]


def test_real_segmentations_of_dcmqi_lie_where_their_nrrd_says(shared_data):
    folder = shared_data / "dicom-edge/seg-dcmqi"
    case = import_scan(folder / "ct-3slice").apply(Case())
    (liver,) = import_segments(case, [folder / "liver.dcm"]).segments
    (label,) = io.load_labels(folder / "liver_seg.nrrd")
    points = label.grid.to_lps(np.argwhere(label.mask))
    assert dice(mask_at(points, case), whole(liver, case)) == 1
    overlapping = import_segments(case, [folder / "partial_overlaps.dcm"]).segments
    assert len(overlapping) == 5
    assert liver.anatomy.kind.key == ("T-62000", "SRT")  # as it came
    other = import_scan(folder / "24x38x3" / "image").apply(Case())
    for name in ("sparse-labelmap-noppv.dcm", "sparse-labelmap-ppv5.dcm"):
        (sparse,) = import_segments(other, [folder / name]).segments
        assert sparse.name == "Liver"
        assert sparse.voxels == 630
    with pytest.raises(SegmentationError, match="another frame of reference"):
        import_segments(other, [folder / "liver.dcm"])


def test_slides_and_flat_pictures_are_refused(shared_data):
    folder = shared_data / "dicom-edge/seg-sr-highdicom"
    for name in ("seg_image_sm_control", "seg_image_sm_dots_tiled_full", "seg_image_cr_binary"):
        with pytest.raises(DicomError, match="tiled"):
            stored_segmentation(folder / f"{name}.dcm")


@pytest.mark.slow
def test_two_balls_land_on_the_torso(shared_data):
    folder = shared_data / "ct-torso-dicom-acrin042"
    case = import_scan(folder / "ct").apply(Case())
    (path,) = (folder / "seg_ct").glob("*.dcm")
    read = pydicom.dcmread(path)
    first, second = import_segments(case, [path]).segments
    assert first.voxels + second.voxels == np.count_nonzero(read.pixel_array)
    assert first.centroid_lps[0] < 0 < second.centroid_lps[0]


def test_sides_of_the_marks(tmp_path):
    """The helper itself: the left mark lies on the left."""
    case = case_of(tmp_path)
    assert case.segment("left").centroid_lps[0] > CENTRE[0] + 5
    assert CODES["left"].side.meaning == "Left"
