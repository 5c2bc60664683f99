"""Each frame of a multi-frame file lies where its own functional groups put it."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from series_on_disk import COLUMNS_MM, ROWS_MM, body, header, oblique, slices

from surgiplan import io
from surgiplan.errors import DicomError

ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"


def group(sequence, **values):
    item, outer = Dataset(), Dataset()
    for name, value in values.items():
        setattr(item, name, value)
    setattr(outer, sequence, Sequence([item]))
    return outer


def write_enhanced(path, images, seed=1, shared=(), **tags):
    """Write images as the frames of one file, in a random order.

    ``image.tags["groups"]`` holds the functional groups of a frame beside its place.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset = header(0)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = ENHANCED_CT
    for keyword in ("PixelSpacing", "RescaleSlope", "RescaleIntercept"):
        delattr(dataset, keyword)
    order = np.random.default_rng(seed).permutation(len(images))
    common = Dataset()
    for part in (
        group("PixelMeasuresSequence", PixelSpacing=[ROWS_MM, COLUMNS_MM]),
        group(
            "PlaneOrientationSequence",
            ImageOrientationPatient=images[0].tags["ImageOrientationPatient"],
        ),
        group("PixelValueTransformationSequence", RescaleSlope=1, RescaleIntercept=-1024),
        *shared,
    ):
        common.update(part)
    frames = []
    for n in order:
        position = [float(f"{x:.9f}") for x in images[n].position]
        frame = group("PlanePositionSequence", ImagePositionPatient=position)
        for part in images[n].tags.get("groups", ()):
            frame.update(part)
        frames.append(frame)
    dataset.SharedFunctionalGroupsSequence = Sequence([common])
    dataset.PerFrameFunctionalGroupsSequence = Sequence(frames)
    dataset.NumberOfFrames = len(images)
    dataset.Rows, dataset.Columns = images[0].pixels.shape
    for name, value in tags.items():
        setattr(dataset, name, value)
    stored = np.stack([images[n].pixels for n in order]).astype(np.int32) + 1024
    dataset.PixelData = stored.astype("<u2").tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path


def only_series(path):
    (found,) = io.scan(path).series
    return found


def kinds(found):
    return [problem.kind for problem in found.problems]


@pytest.mark.parametrize("seed", range(3))
def test_frames_in_any_order_stack_by_their_places(tmp_path, seed):
    directions = oblique()
    images = slices(directions=directions)
    found = only_series(write_enhanced(tmp_path / "ct", images, seed))
    assert (found.problems, found.images, found.shape_kji) == ((), 9, (9, 12, 10))
    assert found.read_by == {"pydicom": 1}
    volume, _ = io.load_series(found)
    assert np.array_equal(volume.values, body())
    for k in (0, 5, 8):
        true = (
            images[k].position + 11 * ROWS_MM * directions[:, 1] + 9 * COLUMNS_MM * directions[:, 2]
        )
        assert volume.grid.to_lps([k, 11, 9]) == pytest.approx(true, abs=1e-4)


def test_each_frame_has_its_own_slope_and_intercept(tmp_path):
    images = slices(np.full((9, 12, 10), 100, np.int16))
    for k, image in enumerate(images):
        values = {"RescaleSlope": k + 1, "RescaleIntercept": -1024 * (k + 1)}
        image.tags["groups"] = [group("PixelValueTransformationSequence", **values)]
    volume, _ = io.load_series(only_series(write_enhanced(tmp_path / "ct", images)))
    assert volume.values[:, 5, 5].tolist() == [100 * (k + 1) for k in range(9)]


def test_a_frame_that_is_missing_is_named(tmp_path):
    images = slices()
    del images[4]
    assert kinds(only_series(write_enhanced(tmp_path / "ct", images))) == ["missing_slice"]


def test_a_tilted_enhanced_scan_is_named(tmp_path):
    images = slices()
    for k, image in enumerate(images):
        image.position = image.position + [0, 0.3 * k, 0]
    assert kinds(only_series(write_enhanced(tmp_path / "ct", images))) == ["gantry_tilt"]


HEART = "CardiacSynchronizationSequence"
TOLD_BY = {
    "time point 2": lambda n: group("FrameContentSequence", TemporalPositionIndex=n + 1),
    "trigger time 35 ms": lambda n: group(HEART, NominalCardiacTriggerDelayTime=35.0 * n),
    "50 % of the heart cycle": lambda n: group(HEART, NominalPercentageOfCardiacPhase=50.0 * n),
    "echo time 4.5 ms": lambda n: group("MREchoSequence", EffectiveEchoTime=[2.25, 4.5][n]),
    "b value 800 s/mm²": lambda n: group("MRDiffusionSequence", DiffusionBValue=800.0 * n),
    "stack 2": lambda n: group("FrameContentSequence", StackID=str(n + 1)),
    "index 2": lambda n: group("FrameContentSequence", DimensionIndexValues=[5, n + 1]),
}


@pytest.mark.parametrize("label", TOLD_BY)
def test_frames_at_one_place_are_phases_told_apart_by_their_groups(tmp_path, label):
    images = slices() + slices()
    for k, image in enumerate(images):
        phase = k // 9
        image.tags["groups"] = [TOLD_BY[label](phase)]
        image.pixels = image.pixels + np.int16(60 * phase)
    images[11].pixels = images[2].pixels
    pointers = [Dataset(), Dataset()]
    pointers[0].DimensionIndexPointer, pointers[1].DimensionIndexPointer = 0x00209057, 0x00209153
    found = only_series(
        write_enhanced(tmp_path / "ct", images, DimensionIndexSequence=Sequence(pointers))
    )
    assert kinds(found) == ["several_phases"]
    with pytest.raises(DicomError, match="--phase 1 to 2"):
        io.load_series(found)
    first, second = io.phases(found)
    assert second.phase_label == label
    assert np.array_equal(io.load_series(first)[0].values, body())
    values = io.load_series(second)[0].values
    assert np.array_equal(values[[0, 1, 3]], body()[[0, 1, 3]] + 60)
    assert np.array_equal(values[2], body()[2])


def test_equal_frames_at_one_place_are_copies(tmp_path):
    images = slices()
    found = only_series(write_enhanced(tmp_path / "ct", [*images, images[3]]))
    assert kinds(found) == ["duplicate_slice"]
    assert np.array_equal(io.load_series(found, ["duplicate_slice"])[0].values, body())


def test_a_file_that_describes_other_frames_than_it_has_is_refused(tmp_path):
    path = write_enhanced(tmp_path / "ct", slices(), NumberOfFrames=1000000)
    found = only_series(path)
    assert found.images == 1
    assert "no_position" in kinds(found)
    assert "where its 1000000 frames lie" in found.problems[0].detail


def test_an_enhanced_scan_that_is_cut_off_says_so(tmp_path):
    path = write_enhanced(tmp_path / "ct", slices())
    path.write_bytes(path.read_bytes()[:-100])
    assert "truncated" in kinds(only_series(path))


def test_stacks_of_two_directions_in_one_file_can_be_chosen(tmp_path):
    axial = slices()
    coronal = slices(directions=np.array([[0, 0, 1], [1, 0, 0], [0, -1, 0]]).T[:, [1, 2, 0]].T)
    for n, stack in enumerate((axial, coronal)):
        for image in stack:
            image.tags["groups"] = [
                group("FrameContentSequence", StackID=str(n + 1)),
                group(
                    "PlaneOrientationSequence",
                    ImageOrientationPatient=image.tags["ImageOrientationPatient"],
                ),
            ]
    found = only_series(write_enhanced(tmp_path / "ct", axial + coronal))
    assert kinds(found) == ["mixed_orientation", "several_phases"]
    first, second = io.phases(found)
    assert (first.phase_label, second.phase_label) == ("stack 1", "stack 2")
    for one in (first, second):
        assert one.problems == ()
        assert np.array_equal(io.load_series(one)[0].values, body())


@pytest.mark.parametrize(("stated", "unit"), [("MGML", "MGML"), ("HU", "HU"), ("US", "HU")])
def test_a_map_of_contrast_agent_is_not_taken_for_hounsfield_units(tmp_path, stated, unit):
    values = group(
        "PixelValueTransformationSequence",
        RescaleSlope=1, RescaleIntercept=-1024, RescaleType=stated,
    )  # fmt: skip
    write_enhanced(tmp_path / "scan" / "a", slices(), shared=[values])
    (series,) = io.scan([tmp_path / "scan"]).series
    volume, _ = io.load_series(series)
    assert volume.unit == unit
    assert np.array_equal(volume.values, body())
