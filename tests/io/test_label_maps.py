"""Label maps go out and come back with every voxel, name, colour and code."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from surgiplan import io
from surgiplan.errors import SegmentationError
from surgiplan.io.exchange.anatomy import anatomy_of
from surgiplan.workflow import import_segments
from tests.io.exchanged import COLOURS, case_of, dice, mask_at, whole
from tests.io.test_seg import WAYS, bare
from tests.workflow.marked_body import MARKERS, grid_in

SUFFIXES = {"nifti": ".nii.gz", "nrrd": ".nrrd", "mha": ".mha"}


@pytest.mark.parametrize("way", [WAYS[0], WAYS[2], WAYS[6], WAYS[-1]])
@pytest.mark.parametrize("kind", SUFFIXES)
def test_simpleitk_finds_each_label_where_it_is_and_it_comes_back_the_same(tmp_path, kind, way):
    case = case_of(tmp_path, *way)
    path = tmp_path / f"labels{SUFFIXES[kind]}"
    done = io.export_segments(case, path, kind, list(MARKERS))
    assert all(file.is_file() for file in done.files)
    image = sitk.ReadImage(str(path))
    labels = sitk.GetArrayFromImage(image)
    for number, name in enumerate(MARKERS, start=1):
        index = np.argwhere(labels == number)[:, ::-1].tolist()
        points = np.array([image.TransformIndexToPhysicalPoint(one) for one in index])
        assert dice(mask_at(points, case), whole(case.segment(name), case)) == 1
        assert points.mean(axis=0) == pytest.approx(MARKERS[name][0], abs=0.15)
    for new in import_segments(bare(case), [path]).segments:
        old = case.segment(new.id)
        assert dice(whole(old, case), whole(new, case)) == 1
        assert (new.name, new.colour) == (old.name, COLOURS[old.id])
        assert new.anatomy == anatomy_of(old)
        assert not new.remarks


def test_the_header_says_what_slicer_reads(tmp_path):
    case = case_of(tmp_path)
    io.export_segments(case, tmp_path / "labels.nrrd", segments=["left", "front"])
    image = sitk.ReadImage(str(tmp_path / "labels.nrrd"))
    assert image.GetMetaData("Segment0_Name") == "LEFT"
    assert image.GetMetaData("Segment1_LabelValue") == "2"
    assert "SCT^64033007^Kidney~SCT^7771000^Left~" in image.GetMetaData("Segment0_Tags")
    red, green, blue = map(float, image.GetMetaData("Segment1_Color").split())
    assert (red, green, blue) == pytest.approx((1 / 255, 151 / 255, 254 / 255), abs=1e-5)


def test_segments_that_overlap_are_refused_and_nothing_is_written(tmp_path):
    case = case_of(tmp_path)
    with pytest.raises(SegmentationError, match="share voxels"):
        io.export_segments(case, tmp_path / "out" / "labels.nii.gz")
    with pytest.raises(SegmentationError, match="cannot be written"):
        io.export_segments(case, tmp_path / "out" / "labels.nii.gz", segments=["left"])
    assert not (tmp_path / "out").exists()
    with pytest.raises(SegmentationError, match="should end in"):
        io.export_segments(case, tmp_path / "labels.stl")


def test_a_label_map_of_other_voxels_is_resampled_and_one_beside_the_scan_refused(tmp_path):
    case = case_of(tmp_path)
    grid = grid_in("SPL")
    points = grid.to_lps(np.moveaxis(np.indices((25, 82, 60)), 0, -1) * [1, 0.5, 1])
    ball = np.linalg.norm(points - MARKERS["left"][0], axis=-1) < 5
    image = sitk.GetImageFromArray(ball.astype(np.uint8))
    image.SetSpacing([0.4, 0.35, 1.3])
    image.SetOrigin(grid.affine[:3, 3].tolist())
    sitk.WriteImage(image, str(tmp_path / "fine.mha"))
    (tmp_path / "fine.json").write_text(json.dumps({"1": "ball"}))
    (new,) = import_segments(case, [tmp_path / "fine.mha"]).segments
    assert new.name == "ball"
    assert "resampled" in new.remarks[0]
    assert new.volume_ml == pytest.approx(4 / 3 * np.pi * 5**3 / 1000, rel=0.1)
    image.SetOrigin([500.0, 0.0, 0.0])
    sitk.WriteImage(image, str(tmp_path / "far.mha"))
    with pytest.raises(SegmentationError, match="outside the scan"):
        import_segments(case, [tmp_path / "far.mha"])


def test_names_beside_that_mean_nothing_are_left_alone(tmp_path):
    case = case_of(tmp_path)
    io.export_segments(case, tmp_path / "a.nii.gz", segments=["left"])
    for text in (
        "[1]",
        "{",
        '{"1": {"colour": "red", "codes": {"kind": [1]}}, "x": 2}',
        "[" * 9999,
    ):
        (tmp_path / "a.json").write_text(text)
        (new,) = import_segments(bare(case), [tmp_path / "a.nii.gz"]).segments
        assert (new.colour, new.anatomy) == ("", None)
        assert new.voxels == case.segment("left").voxels
