"""A user's network joins as one more method, and says so where it cannot run."""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from surgiplan.errors import SegmentationError
from surgiplan.imaging import METHODS
from surgiplan.model import Case, Volume
from surgiplan.workflow import segment
from tests.imaging.networks.protobuf import brighter_than
from tests.meshing.bodies import CENTRE, GRIDS

DESCRIPTION = """
model = "levels.onnx"
title = "Two levels"
spacing_mm = [1.0, 1.0, 1.0]
axes = "{axes}"
window_hu = [-1000, 1000]
labels = {{ 1 = "liver", 2 = "tumour" }}
{more}
"""


def scan(name="oblique"):
    """Air with a ball of 20 mm at 100 HU and one of 8 mm at 400 HU to its patient's left."""
    on = GRIDS[name]
    index = np.stack(np.meshgrid(*map(np.arange, on.shape), indexing="ij"), -1)
    points = on.to_lps(index) - CENTRE
    values = np.full(on.shape, -1000, np.int16)
    values[np.linalg.norm(points, axis=-1) < 20] = 100
    values[np.linalg.norm(points - [9, 0, 0], axis=-1) < 8] = 400
    return Volume("ct", values, on, "HU")


@pytest.fixture
def named(tmp_path, monkeypatch):
    def name(axes="SPL", more=""):
        (tmp_path / "levels.onnx").write_bytes(brighter_than([0.275, 0.59]))
        (tmp_path / "net.toml").write_text(DESCRIPTION.format(axes=axes, more=more))
        monkeypatch.setenv("SURGIPLAN_ONNX", str(tmp_path / "net.toml"))
        return tmp_path

    return name


def dice(one, mask, volume):
    whole = np.zeros(volume.grid.shape, bool)
    whole[one.grid.box_in(volume.grid)] = one.mask
    return 2 * np.count_nonzero(whole & mask) / (np.count_nonzero(whole) + np.count_nonzero(mask))


@pytest.mark.parametrize(
    ("axes", "more", "on"),
    [
        ("SPL", "", "oblique"),
        ("RAI", "", "upside down"),
        ("SPL", "patch = [32, 24, 40]", "standard"),
    ],
)
def test_labels_of_a_network_become_segments_in_their_place(named, axes, more, on):
    named(axes, more)
    volume = scan(on)
    found = {one.id: one for one in segment(Case().with_(volume), "onnx").segments}
    assert set(found) == {"liver", "tumour"}
    assert dice(found["tumour"], volume.values == 400, volume) > 0.9
    assert found["tumour"].centroid_lps[0] == pytest.approx(CENTRE[0] + 9, abs=0.5)
    assert found["liver"].volume_ml + found["tumour"].volume_ml == pytest.approx(33.5, rel=0.05)
    assert found["liver"].confidence is None
    assert "nobody has measured" in found["liver"].remarks[0]
    assert found["liver"].made_by == "onnx: Two levels (levels.onnx)"


def test_a_network_is_listed_only_while_one_is_named(named, monkeypatch):
    monkeypatch.delenv("SURGIPLAN_ONNX", raising=False)
    assert "onnx" not in list(METHODS)
    with pytest.raises(SegmentationError, match="SURGIPLAN_ONNX"):
        segment(Case().with_(scan()), "onnx")
    named()
    assert "onnx" in list(METHODS)


def test_without_onnxruntime_the_user_is_told_what_to_install(named, monkeypatch):
    named()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(SegmentationError, match=r"pip install 'surgiplan\[onnx\]'"):
        segment(Case().with_(scan()), "onnx")


def test_a_description_or_network_that_makes_no_sense_is_one_sentence(named):
    case = Case().with_(scan())
    folder = named(axes="SPP")
    with pytest.raises(SegmentationError, match="'SPP' are not three"):
        segment(case, "onnx")
    (folder / "net.toml").write_text("model = 3")
    with pytest.raises(SegmentationError, match="it has no spacing_mm"):
        segment(case, "onnx")
    named()
    (folder / "levels.onnx").write_bytes(b"no network")
    with pytest.raises(SegmentationError, match=r"levels\.onnx cannot be loaded"):
        segment(case, "onnx")
    (folder / "levels.onnx").write_bytes(brighter_than([0.5]))
    with pytest.raises(SegmentationError, match=r"answers with shape .* is due"):
        segment(case, "onnx")
    (folder / "levels.onnx").write_bytes(brighter_than([5.0, 6.0]))
    with pytest.raises(SegmentationError, match="found none of its structures"):
        segment(case, "onnx")
    (folder / "levels.onnx").unlink()
    with pytest.raises(SegmentationError, match="which is not there"):
        segment(case, "onnx")


CLASSES = {1: "liver", 2: "aorta", 3: "vertebrae_L1", 4: "vertebrae_T12", 5: "colon"}


@pytest.fixture
def installed(monkeypatch):
    """Modules of TotalSegmentator's names, whose network looks at values alone."""
    asked = []

    class Image:
        def __init__(self, data, affine):
            self.dataobj, self.affine = data, affine

    def run(image, output, **options):
        asked.append((image, output, options))
        labels = np.zeros(image.dataobj.shape, np.uint8)
        labels[image.dataobj == 100], labels[image.dataobj == 400] = 1, 2
        labels[0, 0, 0], labels[1, 1, 1], labels[2, 2, 2] = 3, 4, 5
        return Image(labels, image.affine)

    modules = {
        "nibabel": {"Nifti1Image": Image},
        "totalsegmentator": {"__spec__": ModuleSpec("totalsegmentator", None)},
        "totalsegmentator.python_api": {"totalsegmentator": run},
        "totalsegmentator.map_to_binary": {"class_map": {"total": CLASSES}},
    }
    for name, content in modules.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    return SimpleNamespace(asked=asked)


def test_an_installed_totalsegmentator_answers_under_our_names(installed):
    assert "totalsegmentator" in list(METHODS)
    volume = scan()
    made = segment(Case().with_(volume), "totalsegmentator", settings={"fast": 0}).segments
    found = {one.id: one for one in made}
    assert set(found) == {"liver", "aorta_lumen", "spine"}
    assert dice(found["liver"], volume.values == 100, volume) == 1
    assert found["aorta_lumen"].centroid_lps[0] == pytest.approx(CENTRE[0] + 9, abs=0.5)
    assert found["spine"].voxels == 2
    assert "includes the vessel's wall" in found["aorta_lumen"].remarks[1]
    ((image, output, options),) = installed.asked
    assert output is None
    assert options == {"ml": True, "task": "total", "fast": False, "quiet": True}
    assert image.affine @ [3, 2, 1, 1] == pytest.approx(
        np.append(volume.grid.to_lps((1, 2, 3)) * (-1, -1, 1), 1)
    )


def test_totalsegmentator_is_not_listed_where_it_is_missing_and_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("surgiplan.imaging.networks.totalsegmentator.find_spec", lambda name: None)
    assert "totalsegmentator" not in list(METHODS)
    with pytest.raises(SegmentationError, match="pip install TotalSegmentator"):
        segment(Case().with_(scan()), "totalsegmentator")


def test_a_totalsegmentator_that_fails_is_one_sentence(installed):
    sys.modules["totalsegmentator.python_api"].totalsegmentator = lambda *_, **__: 1 / 0
    with pytest.raises(SegmentationError, match=r"failed \(ZeroDivisionError"):
        segment(Case().with_(scan()), "totalsegmentator")
