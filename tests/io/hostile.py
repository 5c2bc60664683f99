"""Cases that somebody made to do harm, each by a function that spoils a sound one."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np

from surgiplan.io.case import manifests

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


# Journals and logs; the plan itself may be opened, but nobody is kept busy


def a_journal_of_nothing_but_undo(case, _):
    (case / "journal.jsonl").write_text('{"type": "Undo"}\n' * 3_000_000)


def a_journal_in_one_line(case, _):
    (case / "journal.jsonl").write_text("[" * (40 << 20))


def a_journal_of_empty_lines(case, _):
    (case / "journal.jsonl").write_bytes(b"\n" * (64 << 20))


def a_log_of_empty_lines(case, _):
    (case / "audit.jsonl").write_bytes(b"\n" * (60 << 20))


def a_log_in_one_line(case, _):
    (case / "audit.jsonl").write_bytes(b"{" * (60 << 20))


def a_head_of_a_gigabyte(case, _):
    os.truncate(case / "audit.head", 1 << 30)


def a_view_of_many_values(case, _):
    (case / "view.json").write_text("[" + "[]," * 300_000 + "[]]")


def a_view_nested_without_end(case, _):
    (case / "view.json").write_text('{"view":' * 100_000)


JOURNALS = [
    a_journal_of_nothing_but_undo, a_journal_in_one_line, a_journal_of_empty_lines,
    a_log_of_empty_lines, a_log_in_one_line, a_head_of_a_gigabyte, a_view_of_many_values,
    a_view_nested_without_end,
]  # fmt: skip


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
