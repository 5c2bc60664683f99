"""Files to send that somebody made to do harm, each by a function that spoils a sound one."""

import os
import struct
import warnings
import zipfile
from pathlib import Path

from hostile import HASH


def rewritten(sent: Path, change) -> None:
    """Write an archive anew; ``change`` gets the new archive and each member, or keeps it."""
    with zipfile.ZipFile(sent) as old:
        members = {info.filename: old.read(info) for info in old.infolist()}
    with warnings.catch_warnings(), zipfile.ZipFile(sent, "w") as new:
        warnings.simplefilter("ignore")
        change(new, members)


def adding(name, content=b"x", **about):
    def spoil(sent):
        def change(new, members):
            for one, kept in members.items():
                new.writestr(zipfile.ZipInfo(one), kept)
            info = zipfile.ZipInfo("placeholder")
            info.filename = name
            for key, value in about.items():
                setattr(info, key, value)
            new.writestr(info, content)

        rewritten(sent, change)

    return spoil


def a_bomb(sent):
    def change(new, members):
        for one, kept in members.items():
            info = zipfile.ZipInfo(one)
            if one.startswith("objects/"):
                info.compress_type = zipfile.ZIP_DEFLATED
                kept = bytes(200 << 20) if one == max(members) else kept
            new.writestr(info, kept)

    rewritten(sent, change)


def a_long_manifest(sent):
    def change(new, members):
        for one, kept in members.items():
            new.writestr(zipfile.ZipInfo(one), kept if one[:9] != "manifests" else bytes(20 << 20))

    rewritten(sent, change)


def two_of_one_name(sent):
    def change(new, members):
        for one, kept in members.items():
            new.writestr(zipfile.ZipInfo(one), kept)
        new.writestr(zipfile.ZipInfo("view.json"), b"{}")
        new.writestr(zipfile.ZipInfo("view.json"), b"{}")

    rewritten(sent, change)


def overlapping_parts(sent):
    """All entries of the directory point at the first object."""
    whole = bytearray(sent.read_bytes())
    place = whole.find(b"PK\x01\x02")
    first = None
    while place >= 0:
        name_length = struct.unpack_from("<H", whole, place + 28)[0]
        name = whole[place + 46 : place + 46 + name_length]
        if name.startswith(b"objects/"):
            if first is None:
                first = struct.unpack_from("<L", whole, place + 42)[0]
            struct.pack_into("<L", whole, place + 42, first)
        place = whole.find(b"PK\x01\x02", place + 4)
    sent.write_bytes(whole)


def a_million_members(sent):
    entry = struct.pack(
        "<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0
    )
    directory = (entry + b"x") * 1_000_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, len(directory), 0, 0)
    sent.write_bytes(directory + end)


def a_million_members_that_say_they_are_one(sent):
    a_million_members(sent)
    with sent.open("r+b") as file:
        file.seek(-14, os.SEEK_END)
        file.write(struct.pack("<2H", 1, 1))


def a_directory_of_64_bits_that_lies(sent):
    large = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1 << 40, 1 << 40, 1 << 60, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    sent.write_bytes(large + locator + end)


def another_size_than_it_says(sent):
    whole = bytearray(sent.read_bytes())
    place = whole.find(b"PK\x01\x02")
    struct.pack_into("<2L", whole, place + 20, 0xFFFFFFF0, 0xFFFFFFF0)
    sent.write_bytes(whole)


def no_archive_at_all(sent):
    sent.write_bytes(b"MZ" + bytes(1000))


def a_text(sent):
    sent.write_text("no case at all")


ARCHIVES = {
    "traversal": adding("../../evil"),
    "traversal inside": adding("objects/../../evil"),
    "backslashes": adding("objects\\..\\..\\evil"),
    "absolute": adding("/etc/cron.d/evil"),
    "drive": adding("C:\\evil"),
    "device": adding("objects/NUL"),
    "nul": adding(f"objects/{HASH}\0.exe"),
    "300 characters": adding("objects/" + "a" * 300),
    "case clash": adding("JOURNAL.JSONL"),
    "case clash of a hash": adding(f"objects/{HASH.upper()}"),
    "a folder": adding("objects/"),
    "another manifest": adding("manifests/00000009.json"),
    "a lock": adding("lock"),
    "other digits": adding("manifests/0000000\u0663.json"),
    "link": adding(f"objects/{HASH}", b"/etc/passwd", external_attr=0o120777 << 16),
    "unicode name field": adding(f"objects/{HASH}", extra=b"\x75\x70\x06\x00\x01" + bytes(5)),
} | {
    spoil.__name__: spoil
    for spoil in (
        a_bomb, a_long_manifest, two_of_one_name, overlapping_parts, a_million_members,
        a_million_members_that_say_they_are_one, a_directory_of_64_bits_that_lies,
        another_size_than_it_says, no_archive_at_all, a_text,
    )
}  # fmt: skip
