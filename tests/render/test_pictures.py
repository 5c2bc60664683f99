import struct

import numpy as np
import pytest

from surgiplan.errors import SurgiplanError
from surgiplan.model import Case
from surgiplan.render import Frame, Look, Orientation, SliceScene, defaults_for, pictures, save_png
from tests.render.patient import struts_of, surface_of


def test_a_plan_has_a_picture_of_each_part(case):
    made = pictures(
        case, defaults_for(case), surface_of=surface_of, struts_of=struts_of, size=(200, 160)
    )
    assert list(made) == [
        "axial",
        "coronal",
        "sagittal",
        "overview",
        "stent stent",
        "resection cut",
        "finding answer displacement",
        "finding answer stress",
    ]
    for picture in made.values():
        assert picture.shape == (160, 200, 3)
        assert picture.dtype == np.uint8
        assert picture.std() > 5
    different = {picture.tobytes() for picture in made.values()}
    assert len(different) == len(made)


def test_an_empty_case_has_only_an_empty_overview():
    made = pictures(Case(), Look(), surface_of=surface_of, size=(60, 50))
    assert list(made) == ["overview"]


def test_a_saved_picture_carries_the_notice(tmp_path):
    rgb = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    save_png(rgb, tmp_path / "small.png", notice="Research use only, not for clinical use")
    content = (tmp_path / "small.png").read_bytes()
    assert struct.unpack(">II", content[16:24]) == (5, 4)
    assert b"tEXtnotice\0Research use only, not for clinical use" in content

    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOImage import vtkPNGReader

    reader = vtkPNGReader()
    reader.SetFileName(str(tmp_path / "small.png"))
    reader.Update()
    pixels = vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).reshape(4, 5, 3)
    assert np.array_equal(pixels[::-1], rgb)


def test_a_frame_draws_at_the_size_it_is_given(case):
    scene = SliceScene(Orientation.AXIAL)
    scene.show(case, defaults_for(case))
    frame = Frame(120, 90)
    assert frame.picture(scene).shape == (90, 120, 4)
    frame.resize(75, 133)
    picture = frame.picture(scene)
    assert picture.shape == (133, 75, 4)
    assert picture.flags.c_contiguous
    assert (picture[..., 3] == 255).all()
    frame.close()


def test_without_opengl_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr("surgiplan.render.frame._has_opengl", lambda: False)
    with pytest.raises(SurgiplanError, match="libegl1"):
        Frame(50, 50)
