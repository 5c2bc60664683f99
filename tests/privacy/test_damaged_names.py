"""A damaged header is complained about without quoting what it says of the patient."""

import logging

import pytest
from canary import found_in, search, series

from surgiplan.cli import main

KINDS = (b"DS", b"IS", b"DA", b"UI", b"AS", b"US", b"FD", b"AT", b"TM", b"UN")
SPOILED = (b"\x10\x00\x10\x00PN", b"\x10\x00\x20\x00LO", b"\x10\x00\x30\x00DA")


def spoil(content: bytes, kind: bytes, found: list) -> bytes:
    """The file, its name, number and birth date said to be of another kind."""
    for start in SPOILED:
        found.append(start in content)
        content = content.replace(start, start[:4] + kind)
    return content


@pytest.mark.parametrize(
    ("person", "kind"),
    [*(("utf8", kind) for kind in KINDS), *(("japanese", kind) for kind in KINDS[:3])],
)
def test_a_name_of_the_wrong_kind_is_not_quoted(tmp_path, capfd, caplog, person, kind):
    folder, found = series(tmp_path / "given", person, SeriesDescription="Portal"), []
    for file in folder.iterdir():
        file.write_bytes(spoil(file.read_bytes(), kind, found))
    assert all(found)
    out = tmp_path / "out"
    out.mkdir()
    with caplog.at_level(logging.DEBUG):
        for arguments in (
            ["scan", folder, "--json"],
            ["import", folder, "-o", out / "a.splan"],
            ["import", folder, "-o", out / "b.splan", "--no-identity"],
            ["deidentify", folder, "-o", out / "nameless", "--json"],
        ):
            assert main([str(a) for a in arguments]) in (0, 2)
    said = capfd.readouterr()
    assert not found_in(f"{said.out}{said.err}{caplog.text}".encode())
    kept = {path.parent.parent.name for path in search(out)}
    assert kept <= {"a.splan"}
