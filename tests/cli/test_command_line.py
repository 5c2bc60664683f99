"""The command line: one JSON object, sentences for errors, exit codes."""

import json

import pytest

from surgiplan import RESEARCH_USE
from surgiplan.cli import main


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


@pytest.mark.parametrize("command", ["methods", "devices", "tissues", "simulations"])
def test_an_answer_in_json_is_one_object_with_the_notice(capsys, command):
    code, out, _ = run(capsys, command, "--json")
    assert code == 0
    assert json.loads(out)["notice"] == RESEARCH_USE
    assert out.count("\n") == 1


def test_every_method_says_what_each_setting_means(capsys):
    _, out, _ = run(capsys, "methods", "--json")
    listed = {method["name"]: method for method in json.loads(out)["methods"]}
    assert {"threshold", "grow", "bone", "vessel", "liver", "tumour"} <= listed.keys()
    for method in listed.values():
        for setting in method["settings"]:
            assert setting["unit"]
            assert setting["meaning"]
            assert setting["low"] < setting["high"]


def test_every_tissue_names_its_source_and_what_was_not_read_there_is_marked(capsys):
    _, out, _ = run(capsys, "tissues", "--json")
    listed = {tissue["name"]: tissue for tissue in json.loads(out)["tissues"]}
    assert listed["liver"]["confirmed"]
    assert not listed["kidney"]["confirmed"]
    assert all(one["source"] and one["parameters"] for one in listed.values())
    _, out, _ = run(capsys, "tissues")
    assert "(unconfirmed)" in out


def test_both_simulations_say_what_they_can_be_told(capsys):
    _, out, _ = run(capsys, "simulations", "--json")
    listed = {one["name"]: one["settings"] for one in json.loads(out)["simulations"]}
    assert {"stent", "resection"} == listed.keys()
    for setting in (one for settings in listed.values() for one in settings):
        assert setting["meaning"]
        assert (
            setting["default"] in (*setting["names"], None)
            if "names" in setting
            else setting["unit"]
        )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["scan", "nowhere"], "no file or folder nowhere"),
        (["import", "nowhere", "-o", "x.splan"], "no file or folder nowhere"),
        (["info", "nowhere.splan"], "nowhere.splan"),
        (["nonsense"], "neither a file, a folder nor a command"),
    ],
)
def test_what_the_user_can_mend_is_one_sentence_and_exit_code_2(
    capsys, tmp_path, monkeypatch, arguments, sentence
):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["segment", "c.splan", "liver", "--seed", "1,2"], "not a point"),
        (["place", "c.splan", "stent"], "required"),
        (["info"], "required"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_exit_code_2(capsys, arguments, sentence):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    err = capsys.readouterr().err
    assert stop.value.code == 2
    assert sentence in err
    assert err.count("\n") == 1


def test_an_empty_folder_and_a_folder_of_texts_are_refused_with_what_to_do(capsys, tmp_path):
    empty, texts = tmp_path / "empty", tmp_path / "texts"
    empty.mkdir()
    texts.mkdir()
    (texts / "letter.txt").write_text("Dear colleague")
    for folder in (empty, texts):
        code, _, err = run(capsys, "import", folder, "-o", tmp_path / "case.splan")
        assert code == 2
        assert "no DICOM images" in err
        assert "choose the folder" in err
    assert not (tmp_path / "case.splan").exists()


def test_a_point_may_begin_with_a_minus():
    from surgiplan.cli.options import parser

    options = parser().parse(["segment", "c", "liver", "--seed", "-12.5,30,-4", "--low-hu", "-20"])
    assert options.seeds == [(-12.5, 30.0, -4.0)]
    assert options.settings == {"low_hu": "-20"}
    options = parser().parse(["resect", "c", "liver", "--plane", "-1,-2,-3", "-1,0,0"])
    assert options.plane == [(-1.0, -2.0, -3.0), (-1.0, 0.0, 0.0)]


def test_nan_never_appears_in_json():
    from surgiplan.cli.output import plain

    assert plain({"a": float("nan"), "b": [float("inf"), 1.0]}) == {"a": None, "b": [None, 1.0]}
