"""What is no slice of a CT, MR or PET is refused, and called what a person calls it."""

import pytest
from series_on_disk import slices, write

from surgiplan import io
from surgiplan.errors import DicomError

NO_SLICES = [
    ("3.1", {"NumberOfFrames": 30}, "an ultrasound clip of 30 frames"),
    ("6.1", {}, "an ultrasound picture"),
    ("7", {"PhotometricInterpretation": "PALETTE COLOR"}, "a palette-colour picture"),
    ("7.2", {"NumberOfFrames": 4}, "a secondary capture of 4 frames"),
    ("20", {"NumberOfFrames": 64}, "a nuclear medicine picture of 64 frames"),
    ("2", {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "a scout"),
    ("2", {"ImageType": ["DERIVED", "SECONDARY", "DOSE_INFO"]}, "a dose report"),
    ("88.67", {}, "a dose report"),
    ("88.33", {}, "a written report (structured report)"),
    ("66.4", {"NumberOfFrames": 9}, "a segmentation of 9 frames (import it with segments import"),
    ("481.3", {}, "a set of contours (RTSTRUCT) (import it with segments import"),
    ("481.2", {}, "a radiotherapy dose"),
    ("9.1.1", {}, "a curve (waveform)"),
    ("2", {"NumberOfFrames": 3}, "a multi-frame file (3)"),
    ("2", {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, "a colour picture (RGB)"),
]  # fmt: skip
"""The end of a class, what else the header says, and what the file is called."""


@pytest.mark.parametrize(("kind", "tags", "name"), NO_SLICES)
def test_what_cannot_be_a_volume_is_called_by_its_name(tmp_path, kind, tags, name):
    write(tmp_path, slices()[:1], SOPClassUID=f"1.2.840.10008.5.1.4.1.1.{kind}", **tags)
    (found,) = io.scan(tmp_path).series
    assert not found.is_volume
    assert found.problems[0].kind == "not_a_volume"
    assert found.problems[0].detail.startswith(f"This is {name}")
    with pytest.raises(DicomError, match="choose another series"):
        io.load_series(found)
