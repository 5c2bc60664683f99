"""A patient who must not be found again, and the search for him."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from series_on_disk import slices, write

FOLDER = "ZZFOLDER_Berta"
"""Stands in the path that the user gives: it may be echoed, never kept."""

PEOPLE: Mapping[str, Mapping[str, str]] = {
    "utf8": {
        "SpecificCharacterSet": "ISO_IR 192",
        "PatientName": "ZZCANARY^Berta=金絲^雀鳥=ｶﾅﾘｱ",
        "PatientID": "ZZ-4711-ID",
    },
    "latin1": {
        "SpecificCharacterSet": "ISO_IR 100",
        "PatientName": "ZZCANÄRY^Zoë",
        "PatientID": "ZZ-4712-ÄÖ",
    },
    "japanese": {
        "SpecificCharacterSet": ["", "ISO 2022 IR 87"],
        "PatientName": "ZZCANARY^Tarou=山田金糸^雀太郎",
        "PatientID": "ZZ-4713-ID",
    },
}
DESCRIPTIONS: Mapping[str, str] = {
    "utf8": "Portal 雀鳥", "latin1": "portal ZOË", "japanese": "ZZ-4713-ID venous"
}  # fmt: skip
"""What somebody typed at the scanner."""
COMMON: Mapping[str, str] = {
    "PatientBirthDate": "19130719",
    "PatientAddress": "ZZADDRESS 7, Canarytown",
    "PatientTelephoneNumbers": "ZZPHONE-555",
    "OtherPatientIDs": "ZZOTHER-9",
    "PatientMotherBirthName": "ZZMOTHER",
    "ReferringPhysicianName": "ZZPHYSICIAN^Carl",
    "OperatorsName": "ZZOPERATOR^Dora",
    "InstitutionName": "ZZHOSPITAL",
    "AccessionNumber": "ZZACC-9",
    "PatientComments": "ZZCOMMENT",
}
SECRETS = (
    "ZZCANARY", "ZZCANÄRY", "Zoë", "金絲", "雀鳥", "ｶﾅﾘｱ", "山田金糸", "ZZ-471",
    "19130719", "1913-07-19", "19.07.1913",
    "ZZADDRESS", "ZZPHONE", "ZZOTHER", "ZZMOTHER", "ZZPHYSICIAN", "ZZOPERATOR", "ZZHOSPITAL",
    "ZZACC", "ZZCOMMENT",
)  # fmt: skip
_ENCODINGS = ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "iso2022_jp")
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\n?endstream", re.DOTALL)


def series(folder: Path, person: str, **tags: object) -> Path:
    """A sound CT of that person, in a folder that is named after him."""
    words = {**COMMON, **PEOPLE[person], "SeriesDescription": DESCRIPTIONS[person], **tags}
    return write(folder / FOLDER / person, slices(), **words)


def found_in(content: bytes, secrets: tuple[str, ...] = SECRETS) -> set[str]:
    """Which secrets are in these bytes, plain or deflated, whatever the encoding."""
    whole = b"\n".join(_unpacked(content))
    return {secret for secret in secrets for coded in _coded(secret) if coded in whole}


def search(root: Path, secrets: tuple[str, ...] = SECRETS) -> dict[Path, set[str]]:
    """The files below ``root`` that hold a secret, in their content or their name."""
    hits = {}
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix().encode()
        content = path.read_bytes() if path.is_file() else b""
        if path.suffix == ".pdf":
            content += _on_paper(path)
        if found := found_in(content, secrets) | found_in(name, secrets):
            hits[path] = found
    return hits


def _coded(secret: str) -> Iterator[bytes]:
    for encoding in _ENCODINGS:
        try:
            coded = secret.encode(encoding)
        except UnicodeEncodeError:
            continue
        # What switches a Japanese text to its signs and back need not be in the middle of one.
        yield coded.removeprefix(b"\x1b$B").removesuffix(b"\x1b(B")
    yield "".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in secret).encode()
    yield secret.encode("utf-8").hex().encode()
    yield secret.encode("utf-16-be").hex().upper().encode()


def _unpacked(content: bytes) -> Iterator[bytes]:
    """The bytes, and what is deflated within a PDF or an archive."""
    yield content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name.encode() + archive.read(name)
    for match in _STREAM.finditer(content):
        for wrapped in (match[1], _ascii85(match[1])):
            try:
                yield zlib.decompressobj().decompress(wrapped)
            except zlib.error:
                continue


def _on_paper(path: Path) -> bytes:
    """What a reader of the PDF sees, and its metadata: the fonts number their letters anew."""
    from pypdf import PdfReader

    reader = PdfReader(path)
    text = "".join(page.extract_text() for page in reader.pages)
    return f"{text}{reader.metadata}".encode()


def _ascii85(content: bytes) -> bytes:
    import base64

    try:
        return base64.a85decode(content.strip().removesuffix(b"~>"), adobe=False)
    except ValueError:
        return b""
