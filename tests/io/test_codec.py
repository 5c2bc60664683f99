"""Every noun and every edit can be written as JSON and read back as it was."""

import json
from dataclasses import fields, is_dataclass

import numpy as np
import pytest

from surgiplan import edits as verbs
from surgiplan import io, model
from surgiplan.errors import CaseFileError
from surgiplan.io.case.codec import _TYPES

DESIGN = model.StentDesign("generic", 20, 30.5)
STENT = model.StentPlacement("s1", "Stent", DESIGN, "c1", 0, 30.0)
GRID = model.VoxelGrid((3, 4, 5), np.eye(4))
SEGMENT = model.Segment("a", "A", np.indices(GRID.shape).sum(axis=0) > 4, GRID, confidence=0.5)
VOLUME = model.Volume("ct", np.arange(60, dtype=np.int16).reshape(3, 4, 5), GRID)
BRANCH = model.Branch(np.eye(3), np.eye(3), np.full((3, 8, 3), np.nan))
FINDING = model.Finding("f", "kind", "plan/stents/s1", {}, arrays={"x": np.float32([1.5, 2.5])})
RESECTION = model.Resection("r", "R", "a", [1, 2, 3], [1, 2, 3])
IDENTITY = model.Identity.of({"name": "A^B"}, [])
SAMPLES = [
    verbs.AddVolume(VOLUME, None),
    verbs.AddVolume(VOLUME, model.Patient("P-1"), IDENTITY),
    verbs.DropIdentity(),
    verbs.NamePatient(model.Patient("P-1", "M", 50.5)),
    verbs.AddSegments((SEGMENT, SEGMENT)),
    verbs.ChangeSegment(SEGMENT, "Grow a", (SEGMENT,)),
    verbs.ColourSegment("a", "#102030"),
    verbs.ReviewSegment("a", "flagged"),
    verbs.AddCenterline(model.Centerline("c", "C", "a", (BRANCH,), {"segments/a": "x"})),
    verbs.PlaceStent(STENT),
    verbs.MoveStent("s1", 0.1 + 0.2),
    verbs.ResizeStent("s1", DESIGN),
    verbs.TurnStent("s1", -7.0),
    verbs.PlanResection(RESECTION),
    verbs.MovePlane("r", (0.1, 0.2, 0.3), np.array([0.0, 1.0, 1.0])),
    verbs.SetMargin("r", 8, "a"),
    verbs.MeasureDistance(model.Measurement("m", "M", np.eye(3))),
    verbs.RecordFinding(FINDING),
    verbs.Rename("segments/a", "ä"),
    verbs.Remove("segments/a"),
    model.Surface(np.eye(3) / 3, [[0, 1, 2]]),
    model.Case(plan=model.Plan(stents={"s1": STENT})),
]


def there_and_back(value):
    document, arrays = io.to_json(value)
    text = json.dumps(document, allow_nan=False)

    def fetch(sha256, dtype, shape):
        return arrays[sha256].astype(dtype, casting="no").reshape(shape)

    return io.from_json(json.loads(text), fetch)


def same(one, other):
    if isinstance(one, model.Noun):
        return type(one) is type(other) and one.digest == other.digest
    if isinstance(one, tuple) and one and isinstance(one[0], model.Noun):
        return all(map(same, one, other))
    if is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    return np.array_equal(one, other)


def test_the_samples_hold_every_edit():
    assert {type(sample) for sample in SAMPLES} >= set(verbs.EDITS)


def test_every_noun_can_be_written():
    nouns = {
        kind for name in model.__all__
        if isinstance(kind := getattr(model, name), type) and issubclass(kind, model.Noun)
    }  # fmt: skip
    assert nouns - {model.Noun} <= set(_TYPES.values())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
def test_what_is_written_is_read(sample):
    assert same(sample, there_and_back(sample))


@pytest.mark.parametrize("dtype", ["bool", "int8", "int16", "int32", "int64", "uint8", "float32"])
@pytest.mark.parametrize("shape", [(0, 3), (2, 3), (40, 3)])
def test_arrays_keep_their_type_and_shape(dtype, shape):
    array = np.random.default_rng(1).integers(0, 2, shape).astype(dtype)
    finding = model.Finding("f", "kind", "x", {}, arrays={"x": array})
    found = there_and_back(finding).arrays["x"]
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert np.array_equal(found, array)


def test_what_no_file_can_hold_is_a_bug_of_ours():
    for numbers in ({"x": object()}, {"x": np.arange(3)}):
        with pytest.raises(TypeError, match="no file can hold"):
            io.to_json(model.Finding("f", "kind", "x", {}, numbers=numbers))
    with pytest.raises(TypeError, match="complex"):
        io.to_json(model.Finding("f", "kind", "x", {}, arrays={"x": np.ones(3, complex)}))


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"type": "Jobs"}, {"type": ["Case"]}, {"type": "Rename", "path": 3, "name": ""}],
)
def test_what_was_never_written_is_refused(document):
    with pytest.raises(CaseFileError):
        io.from_json(document, lambda *_: pytest.fail("nothing to fetch"))
