"""Cases that somebody made to do harm, each by a function that spoils a sound one."""

import hashlib
import json
import os
import struct
import warnings
import zipfile
from pathlib import Path

import numpy as np

from surgiplan.io import manifests

HASH = "ab" * 32


def manifest_of(case: Path) -> Path:
    return max((case / "manifests").iterdir())


def content_of(case: Path):
    return json.loads(manifest_of(case).read_text())


def forged(case: Path, content) -> None:
    """Write a manifest as somebody would who knows how to hash it."""
    content.pop("sha256", None)
    manifest_of(case).write_text(json.dumps({**content, "sha256": manifests._hash(content)}))


def with_value(case: Path, keys: str, value) -> None:
    """Put a value into the manifest's case, at a path of keys, and hash it again."""
    content = content_of(case)
    place = content["case"]
    *way, last = keys.split("/")
    for key in way:
        place = place[key]
    assert last in place
    place[last] = value
    forged(case, content)


def with_text(case: Path, old: str, new: str) -> None:
    """Put text into the manifest that JSON of Python would never write, and hash it as it reads."""
    text = json.dumps(content_of(case)).replace(old, new, 1)
    manifest_of(case).write_text(text)


# Folders


def a_linked_object(case, secret):
    for file in (case / "objects").iterdir():
        os.replace(file, secret / file.name)
        file.symlink_to(secret / file.name)


def a_linked_folder_of_objects(case, secret):
    os.rename(case / "objects", secret / "objects")
    (case / "objects").symlink_to(secret / "objects")


def a_linked_folder_of_manifests(case, secret):
    os.rename(case / "manifests", secret / "manifests")
    (case / "manifests").symlink_to(secret / "manifests")


def a_linked_manifest(case, secret):
    file = manifest_of(case)
    os.replace(file, secret / file.name)
    file.symlink_to(secret / file.name)


def a_pipe_for_a_manifest(case, _):
    file = manifest_of(case)
    file.unlink()
    os.mkfifo(file)


def a_pipe_for_an_object(case, _):
    for file in (case / "objects").iterdir():
        file.unlink()
        os.mkfifo(file)


def a_device_for_an_object(case, _):
    for file in (case / "objects").iterdir():
        file.unlink()
        file.symlink_to("/dev/zero")


def a_million_manifests(case, _):
    # A fiftieth of it, so that the test itself is quick; the limit is half of that.
    for n in range(100_000, 120_000):
        os.mknod(case / "manifests" / f"{n:08d}.json")


def a_hollow_object(case, _):
    size = 1 << 39
    (case / "objects" / HASH).touch()
    os.truncate(case / "objects" / HASH, size)
    with_value(case, "volumes/ct/values", {"array": HASH, "dtype": "uint8", "shape": [size]})


# Manifests


def a_path_for_a_hash(case, _):
    with_value(case, "volumes/ct/values/array", "../../../../etc/passwd")


def an_absolute_path(case, _):
    with_value(case, "volumes/ct/values/array", "/etc/passwd")


def a_pickle(case, _):
    pickled = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."
    name = hashlib.sha256(pickled).hexdigest()
    (case / "objects" / name).write_bytes(pickled)
    values = {"array": name, "dtype": "object", "shape": [len(pickled)]}
    with_value(case, "volumes/ct/values", values)


def a_structured_type(case, _):
    with_value(case, "volumes/ct/values/dtype", "i4,O")


def a_type_of_many_bytes(case, _):
    with_value(case, "volumes/ct/values/dtype", "S99999999999")


def a_huge_shape(case, _):
    with_value(case, "volumes/ct/values/shape", [1 << 39, 1 << 39, 1 << 39])


def a_negative_shape(case, _):
    with_value(case, "volumes/ct/values/shape", [-1, -1, 5040])


def many_dimensions(case, _):
    with_value(case, "volumes/ct/values/shape", [1] * 5000)


def no_voxels_at_all(case, _):
    empty = hashlib.sha256(b"").hexdigest()
    (case / "objects" / empty).touch()
    values = {"array": empty, "dtype": "int16", "shape": [0, 1 << 39, 1 << 39]}
    with_value(case, "volumes/ct/values", values)


def a_huge_grid(case, _):
    with_value(case, "volumes/ct/grid/shape", [1 << 39, 1 << 39, 1 << 39])


def a_huge_whole_number(case, _):
    with_value(case, "volumes/ct/source/files", 10**4000)


def a_huge_number_for_a_length(case, _):
    with_value(case, "plan/stents/s1/at_mm", 10**4000)


def a_huge_number_in_a_finding(case, _):
    with_value(case, "findings/f1/numbers/n", 10**4000)


def a_number_of_a_million_digits(case, _):
    with_text(case, '"at_mm": 25.5', f'"at_mm": {"9" * 1_000_000}')


def a_number_that_is_none(case, _):
    with_text(case, '"at_mm": 25.5', '"at_mm": NaN')


def an_infinite_number(case, _):
    with_text(case, '"at_mm": 25.5', '"at_mm": 1e999')


def a_name_that_comes_twice(case, _):
    with_text(case, '"at_mm": 25.5', '"at_mm": 25.5, "at_mm": 26.5')


def text_for_a_number(case, _):
    with_value(case, "plan/stents/s1/at_mm", "25.5")


def a_class_to_run(case, _):
    with_value(case, "volumes/ct/type", "subprocess.Popen")


def endless_nesting(case, _):
    manifest_of(case).write_text("[" * 100_000)


def endless_nesting_that_ends(case, _):
    manifest_of(case).write_text('{"a":' * 100_000 + "1" + "}" * 100_000)


def a_manifest_of_many_values(case, _):
    manifest_of(case).write_text("[" + "{}," * 5_000_000 + "{}]")


def many_long_forged_manifests(case, _):
    content = content_of(case)
    content["case"]["junk"] = ["x" * 30] * 450_000
    for generation in range(2, 7):
        content["generation"] = generation
        manifests.path_of(case / "manifests", generation).touch()
        forged(case, content)
    manifests.path_of(case / "manifests", 1).unlink()


def a_manifest_of_a_gigabyte(case, _):
    os.truncate(manifest_of(case), 1 << 30)


def a_manifest_that_is_no_text(case, _):
    manifest_of(case).write_bytes(np.random.default_rng(3).bytes(1 << 16))


# Archives


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


FOLDERS = [
    a_linked_object, a_linked_folder_of_objects, a_linked_folder_of_manifests, a_linked_manifest,
    a_pipe_for_a_manifest, a_pipe_for_an_object, a_device_for_an_object, a_million_manifests,
    a_hollow_object, a_path_for_a_hash, an_absolute_path, a_pickle, a_structured_type,
    a_type_of_many_bytes, a_huge_shape, a_negative_shape, many_dimensions, no_voxels_at_all,
    a_huge_grid,
    a_huge_whole_number, a_huge_number_for_a_length, a_huge_number_in_a_finding,
    a_number_of_a_million_digits, a_number_that_is_none,
    an_infinite_number, a_name_that_comes_twice, text_for_a_number, a_class_to_run,
    endless_nesting, endless_nesting_that_ends, a_manifest_of_many_values,
    many_long_forged_manifests, a_manifest_of_a_gigabyte, a_manifest_that_is_no_text,
]  # fmt: skip
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
