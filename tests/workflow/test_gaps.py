"""Where slices are missing the scan is interpolated, marked, and kept out of measurements."""

import json

import numpy as np
import pytest

from surgiplan import io
from surgiplan.cli import main
from surgiplan.errors import DicomError, PlanError, SegmentationError
from surgiplan.model import Case, Resection, StentDesign
from surgiplan.planning import fit, gap_ml, margin, margin_remarks, sections
from surgiplan.render import Frame, Look, Orientation, SliceScene
from surgiplan.workflow import (
    import_scan,
    measure_distance,
    place_stent,
    segment,
    trace_centerline,
)
from tests.io import series_on_disk as on_disk

STEP_MM, PIXEL_MM, SLICES, PIXELS = 2.0, 0.8, 50, 64
MISSING = (24, 25, 26)
RADIUS_MM, HIDDEN_RADIUS_MM = 8.0, 13.0
"""Of a vessel, and of its bulge that only the missing slices would have shown."""
FIRST_LPS = np.array([-25.2, -25.2, 0.0])
MIDDLE_MM = STEP_MM * MISSING[1]


def vessel(tilt=0.0):
    """HU of a tube of contrast in soft tissue; its axis leans by ``tilt`` mm to the left per mm."""
    z, y, x = np.meshgrid(
        STEP_MM * np.arange(SLICES), *[PIXEL_MM * np.arange(PIXELS) - 25.2] * 2, indexing="ij"
    )
    off = np.hypot((x - tilt * (z - MIDDLE_MM)) / np.sqrt(1 + tilt**2), y)
    radius = np.where(np.isin(np.rint(z / STEP_MM), MISSING), HIDDEN_RADIUS_MM, RADIUS_MM)
    inside = np.clip(0.5 + (radius - off) / PIXEL_MM, 0, 1)
    return np.rint(50 + 300 * inside).astype(np.int16)


def gapped_series(folder, tilt=0.0):
    images = on_disk.slices(vessel(tilt), origin=FIRST_LPS, step_mm=STEP_MM)
    kept = [image for k, image in enumerate(images) if k not in MISSING]
    return on_disk.write(folder, kept, PixelSpacing=[PIXEL_MM, PIXEL_MM])


def case_of(folder, tilt=0.0):
    scan = gapped_series(folder / "series", tilt)
    case = import_scan(scan, accept=["missing_slice"]).apply(Case())
    case = segment(case, "threshold", name="Aorta", settings={"low_hu": 200}).apply(case)
    return case


def traced(case, tilt=0.0):
    heights = np.array([6.0, STEP_MM * (SLICES - 4)])
    points = np.stack([tilt * (heights - MIDDLE_MM), 0 * heights, heights], axis=1)
    return trace_centerline(case, "aorta", points[1], points[:1]).apply(case)


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return traced(case_of(tmp_path_factory.mktemp("gapped")))


def branch_of(case):
    return case.plan.centerlines["centerline"].branch(0)


def test_a_gap_stops_the_import_until_accepted_and_the_scan_remembers_its_slices(tmp_path):
    scan = gapped_series(tmp_path / "series")
    with pytest.raises(DicomError, match="3 slices are missing"):
        import_scan(scan)
    volume = import_scan(scan, accept=["missing_slice"]).volume
    assert volume.source.interpolated_k == ((24, 27),)
    assert volume.grid.shape[0] == SLICES
    heights = (46.0, 46.3, 50.0, 53.7, 54.0)
    lies_there = volume.is_interpolated([[0, 0, z] for z in heights])
    assert lies_there.tolist() == [False, True, True, True, False]
    full = on_disk.write(
        tmp_path / "full",
        on_disk.slices(vessel(), origin=FIRST_LPS, step_mm=STEP_MM),
        PixelSpacing=[PIXEL_MM, PIXEL_MM],
    )
    assert import_scan(full).volume.source.interpolated_k == ()


def test_no_diameter_is_told_in_a_gap_and_those_beside_it_are_true(case):
    branch = branch_of(case)
    sizes = sections(branch)
    z = branch.points_lps[:, 2]
    in_gap = (z > 46.2) & (z < 53.8)
    assert in_gap.sum() >= 6
    assert not sizes.is_measured[in_gap].any()
    assert sizes.is_measured[(z < 45.9) | (z > 54.1)].all()
    assert np.nanmax(sizes.d_max_mm) == pytest.approx(2 * RADIUS_MM, abs=0.3)
    assert np.nanmin(sizes.d_min_mm) == pytest.approx(2 * RADIUS_MM, abs=0.3)
    ((low, high),) = branch.gaps_mm
    assert high - low == pytest.approx(8.0, abs=1.1)
    assert np.array_equal(branch.is_in_gap(sizes.s_mm), ~sizes.is_measured)
    assert np.abs(branch.points_lps[:, :2]).max() < 0.3


def test_a_section_across_a_leaning_vessel_is_not_measured_if_any_of_it_lies_in_the_gap(tmp_path):
    tilt = 0.35
    branch = branch_of(traced(case_of(tmp_path, tilt), tilt))
    z = branch.points_lps[:, 2]
    reach_mm = RADIUS_MM * np.sin(np.arctan(tilt))
    touching = (z + reach_mm > 47) & (z - reach_mm < 53)
    apart = (z + reach_mm < 45) | (z - reach_mm > 55)
    measured = sections(branch).is_measured
    assert not measured[touching].any()
    assert measured[apart].all()
    assert sections(branch).d_area_mm[apart] == pytest.approx(2 * RADIUS_MM, abs=0.4)


def test_a_stent_that_reaches_into_a_gap_is_told_so_and_nothing_touches_there(case):
    branch = branch_of(case)
    (low, high) = branch.gaps_mm[0]
    design = StentDesign("Test", 18.0, 40.0)

    def fit_at(middle_mm):
        edit = place_stent(case, design, "centerline", middle_mm)
        return fit(branch, edit.stent)

    assert fit_at(low - 22.0).remarks == ()
    landing = fit_at(low - 18.0)
    assert [remark.split(" reaches")[0] for remark in landing.remarks] == [
        "The distal landing zone",
        "The stent",
    ]
    across = fit_at((low + high) / 2)
    assert [remark.split(" reaches")[0] for remark in across.remarks] == ["The stent"]
    assert across.unmeasured_fraction == pytest.approx((high - low) / 40, abs=0.05)
    assert across.proximal_seal_mm < 17
    unknown = fit_at(low - 20 + 7.0)
    assert np.isnan(unknown.oversizing_distal_fraction)


def test_a_distance_may_cross_a_gap_but_not_end_in_it(case):
    across = measure_distance(case, [[0, 0, 44.0], [0, 0, 56.0]])
    assert across.measurement.length_mm == pytest.approx(12.0)
    with pytest.raises(PlanError, match=r"At 0.0,1.0,50.0 mm slices are missing"):
        measure_distance(case, [[0, 0, 44.0], [0, 1, 50.0]])
    with pytest.raises(SegmentationError, match="outside the scan"):
        measure_distance(case, [[0, 0, 44.0], [0, 0, 5000.0]])


def test_a_segment_says_how_much_of_it_was_never_scanned(case):
    aorta = case.segment("aorta")
    inside_ml = gap_ml(aorta, case.volume())
    assert inside_ml == pytest.approx(np.pi * RADIUS_MM**2 * 6 / 1000, rel=0.03)
    assert aorta.remarks == (
        f"{inside_ml:.1f} of {aorta.volume_ml:.1f} ml lie in slices that were interpolated, where "
        "nothing was scanned.",
    )


def test_a_margin_says_when_its_nearest_point_was_never_scanned(case):
    aorta, volume = case.segment("aorta"), case.volume()
    upright = Resection("cut", "Cut", "aorta", [0, 0, 45.0], [0, 0, -1.0], "aorta")
    nearest = margin(aorta, upright)
    assert nearest.nearest_lps[2] == pytest.approx(STEP_MM * SLICES, abs=2.5)
    assert margin_remarks(nearest, volume) == ()
    offset = aorta.grid.box_in(volume.grid)[0].start
    mask = aorta.mask[20 - offset : 26 - offset]
    lesion = type(aorta)("lesion", "Lesion", mask.copy(), aorta.grid.cropped(
        (20 - offset, 0, 0), (26 - offset, *aorta.mask.shape[1:])), "ct")  # fmt: skip
    below = Resection("cut", "Cut", "aorta", [0, 0, 60.0], [0, 0, -1.0], "lesion")
    (remark,) = margin_remarks(margin(lesion, below), volume)
    assert "nearest point lies in slices that were interpolated" in remark


def captions(case, orientation, point):
    scene = SliceScene(orientation)
    scene.resize(300, 300)
    look = Look(crosshair_lps=point, window_level=(400.0, 100.0), crosshair=False)
    scene.show(case, look)
    frame = Frame(300, 300)
    try:
        picture = frame.picture(scene)[..., :3].astype(int)
    finally:
        frame.close()
    amber = picture[..., 0] - picture[..., 2] > 50
    amber[:40] = False  # the view's own title has a colour
    return "interpolated" in scene.texts(), np.nonzero(amber)[0], scene


def test_slices_that_were_never_scanned_are_hatched_and_named(case):
    bare = Case().with_(case.volume())
    for z, is_marked in ((50.0, True), (48.0, True), (46.0, False), (54.0, False), (20.0, False)):
        named, rows, _ = captions(bare, Orientation.AXIAL, (0.0, 0.0, z))
        assert named is is_marked, z
        assert (rows.size > 500) is is_marked, z
    for orientation in (Orientation.CORONAL, Orientation.SAGITTAL):
        named, rows, scene = captions(bare, orientation, (0.0, 0.0, 20.0))
        assert named
        top, bottom = (scene.pixel_of([0, 0, z])[1] for z in (53.0, 47.0))
        assert rows.min() == pytest.approx(top, abs=3)
        assert rows.max() == pytest.approx(bottom, abs=3)


def test_a_scan_without_gaps_has_no_marks(tmp_path):
    images = on_disk.slices(vessel(), origin=FIRST_LPS, step_mm=STEP_MM)
    scan = on_disk.write(tmp_path / "full", images, PixelSpacing=[PIXEL_MM, PIXEL_MM])
    whole = import_scan(scan).apply(Case())
    named, rows, _ = captions(whole, Orientation.CORONAL, (0.0, 0.0, 50.0))
    assert not named
    assert rows.size == 0


def test_gaps_are_kept_in_a_saved_case_and_a_case_from_before_stays_fresh(case, tmp_path):
    io.save(case, tmp_path / "kept.splan")
    again = io.load(tmp_path / "kept.splan")
    assert again.volume().source.interpolated_k == ((24, 27),)
    assert branch_of(again).gaps_mm == branch_of(case).gaps_mm
    assert again.volume().digest == case.volume().digest


def test_the_command_line_tells_of_the_gap(tmp_path, capsys):
    scan, made = gapped_series(tmp_path / "series"), tmp_path / "gapped.splan"

    def run(*words):
        code = main([*map(str, words), "--json", "--quiet"])
        return code, json.loads(capsys.readouterr().out or "null")

    code, answer = run("import", scan, "-o", made, "--accept", "missing_slice")
    assert code == 0
    assert answer["volume"]["interpolated_k"] == [{"first": 24, "last": 26}]
    code, answer = run("segment", made, "threshold", "--low-hu", 200, "--name", "aorta")
    assert "lie in slices that were interpolated" in answer["segments"][0]["remarks"][0]
    code, answer = run("centerline", made, "aorta", "--from", "0,0,92", "--to", "0,0,6")
    stations = answer["branches"][0]["stations"]
    unknown = [one for one in stations if one["d_area_mm"] is None]
    assert len(unknown) >= 6
    assert {one["reason"] for one in unknown} == {"slices are missing here and were interpolated"}
    assert len(answer["branches"][0]["gaps_mm"]) == 1
    code, answer = run("measure", made, "0,0,44", "0,0,50")
    assert code == 2
