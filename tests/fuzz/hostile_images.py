"""Images made to take a program down: each small, each asking for far more than it is."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

CT = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
UNDEFINED = b"\xff\xff\xff\xff"


def image(number: int = 0, side: int = 64) -> pydicom.Dataset:
    """A slice of a CT."""
    dataset = pydicom.Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = CT
    dataset.SOPInstanceUID = f"1.2.826.0.1.7.{number}"
    dataset.SeriesInstanceUID, dataset.StudyInstanceUID = "1.2.826.0.1.7", "1.2.826.0.1.8"
    dataset.Modality, dataset.InstanceNumber = "CT", number
    dataset.ImagePositionPatient = [0, 0, 2 * number]
    dataset.ImageOrientationPatient, dataset.PixelSpacing = [1, 0, 0, 0, 1, 0], [1, 1]
    dataset.Rows = dataset.Columns = side
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 0
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
    dataset.PixelData = np.random.default_rng(number).bytes(2 * side * side)
    return dataset


def written(dataset: pydicom.Dataset, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"image{dataset.InstanceNumber}"
    dataset.save_as(path, enforce_file_format=True)
    return path


def compressed(folder: Path, syntax: str) -> list[Path]:
    """Three slices in this transfer syntax."""
    paths = []
    for number in range(3):
        dataset = image(number)
        dataset.compress(syntax, generate_instance_uid=False)
        paths.append(written(dataset, folder))
    return paths


def changed(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def huge_header(syntax: str) -> Callable[[Path], None]:
    """Rows and Columns of 65535 over the pixels of 64 x 64; in all slices alike."""

    def make(folder: Path) -> None:
        for path in compressed(folder, syntax):
            for tag in (0x0010, 0x0011):
                element = struct.pack("<HH2sHH", 0x0028, tag, b"US", 2, 64)
                changed(path, element, element[:-2] + b"\xff\xff")

    return make


def huge_native(folder: Path) -> None:
    """The same uncompressed."""
    for number in range(3):
        dataset = image(number)
        dataset.Rows = dataset.Columns = 65535
        written(dataset, folder)


def huge_stream(syntax: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    """A sound header over a code stream that claims to be enormous."""

    def make(folder: Path) -> None:
        for path in compressed(folder, syntax):
            changed(path, old, new)

    return make


def many_frames(folder: Path) -> None:
    """Half a million frames of 512 x 512 in a file of some kilobytes."""
    dataset = image(side=64)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.SOPClassUID, dataset.NumberOfFrames = ENHANCED_CT, 500_000
    dataset.Rows = dataset.Columns = 512
    written(dataset, folder)


def many_native_frames(folder: Path) -> None:
    """As many frames, uncompressed, of which one is there."""
    dataset = image(side=64)
    dataset.SOPClassUID, dataset.NumberOfFrames = ENHANCED_CT, 500_000
    written(dataset, folder)


def deflate_bomb(folder: Path) -> None:
    """260 KB that grow to 272 MiB."""
    dataset = image(side=4)
    dataset.file_meta.TransferSyntaxUID = DEFLATED
    path = written(dataset, folder)
    content = path.read_bytes()
    start = 144 + struct.unpack_from("<I", content, 140)[0]
    header = zlib.decompress(content[start:], -15)
    packing = zlib.compressobj(9, wbits=-15)
    private = struct.pack("<HH2sHI", 0x0009, 0x1010, b"OB", 0, 272 << 20)
    bomb = packing.compress(header[:200] + private)
    bomb += b"".join(packing.compress(bytes(1 << 20)) for _ in range(272)) + packing.flush()
    assert len(bomb) < 300_000
    path.write_bytes(content[:start] + bomb)


def with_private(folder: Path, nested: bytes) -> None:
    """Three slices, each with this in front of its geometry."""
    for number in range(3):
        path = written(image(number), folder)
        content = path.read_bytes()
        at = content.index(b"\x20\x00\x0d\x00UI")
        path.write_bytes(content[:at] + nested + content[at:])


def deep_sequences(*, depth: int, closed: bool) -> Callable[[Path], None]:
    head = b"\x19\x00\x10\x10SQ\0\0" + UNDEFINED + b"\xfe\xff\x00\xe0" + UNDEFINED
    ends = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    return lambda folder: with_private(folder, head * depth + (ends * depth if closed else b""))


def endless_unknown(folder: Path) -> None:
    """A private value of unknown type and undefined length that never ends (CVE-2026-3650)."""
    with_private(
        folder, b"\x19\x00\x10\x10UN\0\0" + UNDEFINED + b"\xfe\xff\x00\xe0\xff\xff\xff\x7f"
    )


def rows_as_long(folder: Path) -> None:
    """Rows as a 32-bit number (CVE-2026-5442)."""
    for number in range(3):
        path = written(image(number), folder)
        old = struct.pack("<HH2sHH", 0x0028, 0x0010, b"US", 2, 64)
        changed(path, old, struct.pack("<HH2sHI", 0x0028, 0x0010, b"UL", 4, 0x10040))


def palette(folder: Path) -> None:
    """Colours by a table that is shorter than it claims (CVE-2026-5443, 5445)."""
    for number in range(3):
        dataset = image(number)
        dataset.PhotometricInterpretation = "PALETTE COLOR"
        for colour in ("Red", "Green", "Blue"):
            setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [0, 65535, 16])
            setattr(dataset, f"{colour}PaletteColorLookupTableData", b"\1\2")
        written(dataset, folder)


_J2K_SIZE = b"\0\0\0\x40\0\0\0\x40\0\0\0\0\0\0\0\0"
_JPEG_LS_SIZE = b"\xff\xf7\0\x0b\x10\0\x40\0\x40"

HOSTILE: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "huge RLE header": (huge_header(RLELossless), {"undecodable"}),
    "huge JPEG 2000 header": (huge_header(JPEG2000Lossless), {"undecodable"}),
    "huge JPEG-LS header": (huge_header(JPEGLSLossless), {"undecodable"}),
    "huge native header": (huge_native, {"truncated"}),
    "huge JPEG 2000 stream": (
        huge_stream(JPEG2000Lossless, _J2K_SIZE, b"\0\0\xff\xff\0\0\xff\xff" + bytes(8)),
        {"cannot be decoded"},
    ),
    "huge JPEG-LS stream": (
        huge_stream(JPEGLSLossless, _JPEG_LS_SIZE, b"\xff\xf7\0\x0b\x10\xff\xff\xff\xff"),
        {"cannot be decoded"},
    ),
    "many frames": (many_frames, {"undecodable", "no_position", "not_a_volume"}),
    "many native frames": (many_native_frames, {"truncated", "no_position", "not_a_volume"}),
    "deflate bomb": (deflate_bomb, {"ignored"}),
    "deep sequences": (deep_sequences(depth=10_000, closed=True), {"ignored"}),
    "endless sequences": (deep_sequences(depth=10_000, closed=False), {"ignored"}),
    "one endless sequence": (deep_sequences(depth=1, closed=False), {"ignored", "truncated"}),
    "endless unknown": (endless_unknown, {"ignored", "truncated"}),
    "rows as long": (rows_as_long, {"ignored"}),
    "palette": (palette, {"not_a_volume"}),
}
"""What is made, and the words of which its refusal holds one."""
