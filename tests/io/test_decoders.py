"""A codec that dies, hangs, grows or panics costs one image, never the program."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from series_on_disk import body, slices, write

from surgiplan import io
from surgiplan.errors import DicomError
from surgiplan.io.dicom import decoders, encoded
from surgiplan.io.dicom.encoded import decoded

BAD = [sys.executable, str(Path(__file__).with_name("bad_decoder.py"))]
RLE = "1.2.840.10008.1.2.5"


@pytest.fixture
def packed(tmp_path):
    """Headers of a series in RLE, in the order of the slices, and their true stored values."""
    folder = write(tmp_path / "scan", slices())
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.compress(RLE, generate_instance_uid=False)
        dataset.save_as(path)
    return io.scan(folder).series[0]


def name(header, deed):
    """The header of the same file, whose patient is now called after a misdeed."""
    dataset = pydicom.dcmread(header.path)
    dataset.PatientName = deed
    dataset.save_as(header.path)
    return header


@pytest.fixture
def pool(monkeypatch):
    monkeypatch.setattr(decoders, "_program", lambda: BAD)
    monkeypatch.setattr(encoded, "_SECONDS", 2.0)
    pool = decoders.Decoders(1)
    yield pool
    pool.close()


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("abort", "brought its decoder down"),
        ("segmentation fault", "brought its decoder down"),
        ("hang", "not done after 2 s"),
        ("grow", "more memory"),
        ("panic", "undecodable or truncated"),
    ],
)
def test_a_bad_image_is_named_and_the_next_one_is_decoded(packed, pool, deed, said):
    bad, good = name(packed.headers[3], deed), packed.headers[4]
    with pytest.raises(
        DicomError, match=f"{bad.name} cannot be decoded .undecodable.*{said}|{said}"
    ):
        decoded(bad, pool)
    assert np.array_equal(decoded(good, pool), body()[4] + 1024)


def test_what_a_codec_prints_is_no_answer(packed, pool):
    header = name(packed.headers[3], "print")
    assert np.array_equal(decoded(header, pool), body()[3] + 1024)


def test_one_process_serves_many_images(packed, pool):
    header = packed.headers[0]
    decoded(header, pool)
    (process,) = [decoder._process.pid for decoder in pool._idle]
    for other in packed.headers:
        decoded(other, pool)
    assert [decoder._process.pid for decoder in pool._idle] == [process]
    os.kill(process, signal.SIGKILL)
    pool._idle[0]._process.wait()
    assert np.array_equal(decoded(header, pool), body()[0] + 1024)


def test_a_compressed_series_is_the_same_volume_as_an_uncompressed_one(packed, tmp_path):
    plain, _ = io.load_series(io.scan(write(tmp_path / "plain", slices())).series[0])
    volume, _ = io.load_series(packed)
    assert volume.sha256 == plain.sha256
    assert np.array_equal(volume.grid.affine, plain.grid.affine)


def test_a_bad_slice_stops_the_import_with_its_name(packed):
    bad = packed.headers[5]
    bad.path.write_bytes(bad.path.read_bytes()[:-60])
    with pytest.raises(DicomError, match=bad.name):
        io.load_series(packed)


def test_a_header_that_claims_too_much_is_refused_before_a_decoder_hears_of_it(packed, monkeypatch):
    monkeypatch.setattr(encoded, "program_decoders", None)
    bomb = replace(packed.headers[0], rows=20000, columns=20000)
    with pytest.raises(DicomError, match="claims more pixels than it can hold"):
        io.stored_values(bomb)
    with pytest.raises(DicomError, match="claims 60000 x 60000 pixels"):
        io.stored_values(replace(bomb, rows=60000, columns=60000))


def test_a_file_that_became_another_is_refused(packed):
    one, other = packed.headers[:2]
    one.path.write_bytes(other.path.read_bytes())
    with pytest.raises(DicomError, match="has changed since it was found"):
        io.stored_values(one)


KILLED = """
import sys
from surgiplan import io
from surgiplan.io.dicom import decoders
from surgiplan.io.dicom import encoded
from surgiplan.io.dicom.encoded import decoded
decoders._program = lambda: sys.argv[2:]
pool = decoders.Decoders(1)
header = io.scan(sys.argv[1]).series[0].headers[3]
with pool._lent() as decoder:
    print(decoder._process.pid, flush=True)
encoded.decoded(header, pool)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
def test_no_decoder_outlives_a_program_that_was_killed(packed):
    header = name(packed.headers[3], "hang")
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(header.path.parent), *BAD], stdout=subprocess.PIPE
    ) as program:
        decoder = Path(f"/proc/{int(program.stdout.readline())}/stat")
        time.sleep(0.3)
        assert decoder.exists()
        program.kill()
        program.wait()
        deadline = time.monotonic() + 20
        while decoder.exists() and decoder.read_text().split()[2] != "Z":
            assert time.monotonic() < deadline, "an orphan"
            time.sleep(0.02)
