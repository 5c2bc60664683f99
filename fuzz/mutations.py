"""Ways to damage one file; each takes the file and chance, and returns other bytes."""

import struct
from collections.abc import Callable

import numpy as np

from .elements import PIXELS, Element, File, opened

__all__ = ["KINDS", "mutant"]

Random = np.random.Generator
Kind = Callable[[File, Random], bytes]

_VRS = b"AE AS AT CS DA DS DT FL FD IS LO LT OB OD OF OW PN SH SL SQ SS ST TM UC UI UL UN UR US UT"
_SIZES = {
    0x00280002: "SamplesPerPixel", 0x00280006: "PlanarConfiguration", 0x00280010: "Rows",
    0x00280011: "Columns", 0x00280100: "BitsAllocated", 0x00280101: "BitsStored",
    0x00280102: "HighBit", 0x00280103: "PixelRepresentation",
}  # fmt: skip
_SYNTAXES = [
    "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.8.1", "1.2.840.10008.1.2.4.94", "1.2.3", "",
    *(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70, 80, 81, 90, 91, 100, 201, 203)),
]  # fmt: skip
_NUMBERS = [
    "", " ", "0", "-0", "1", "-1", "1e5", "1E-30", "1e400", "nan", "inf", "-inf", "0x10", "1,5",
    "1_0", "99999999999999999999", "1.5.2", "½", "--3", "\0", "1\\2\\3\\4\\5\\6\\7", "\\\\",
]  # fmt: skip
_PLACES = {
    0x00200032, 0x00200037, 0x00280030, 0x00281052, 0x00281053, 0x00200013, 0x00280008,
    0x00189306, 0x00180050, 0x00180088, 0x00280120, 0x00280121,
}  # fmt: skip
"""Position, orientation, spacing, slope: numbers that place voxels or give them their value."""


def mutant(content: bytes, random: Random) -> tuple[bytes, str]:
    """A damaged copy and the names of what was done, one to three things."""
    names = []
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        kind = KINDS[random.integers(len(KINDS))]
        file = opened(content)
        if len(file.content) < 200:
            break
        if not file.elements:
            kind = flip_bytes
        content = file.packed(kind(file, random))
        names.append(kind.__name__)
    return content, "+".join(names)


def flip_bytes(file: File, random: Random) -> bytes:
    """Some bytes anywhere hold something else."""
    changed = bytearray(file.content)
    for at in random.integers(0, len(changed), random.integers(1, 9)):
        changed[at] = random.integers(256)
    return bytes(changed)


def flip_header(file: File, random: Random) -> bytes:
    """One bit of the header is the other one."""
    changed = bytearray(file.content)
    pixels = file.named(PIXELS)
    changed[random.integers(132, max(pixels[0].value if pixels else len(changed), 133))] ^= (
        1 << random.integers(8)
    )
    return bytes(changed)


def truncate(file: File, random: Random) -> bytes:
    """The file ends early."""
    return file.content[: random.integers(1, len(file.content))]


def splice(file: File, random: Random) -> bytes:
    """A stretch of the file stands at another place, too or instead."""
    content = file.content
    start, to = random.integers(0, len(content), 2)
    piece = content[start : start + random.integers(1, 400)]
    end = to + (len(piece) if random.random() < 0.5 else 0)
    return content[:to] + piece + content[end:]


def cut_out(file: File, random: Random) -> bytes:
    """A stretch of the file is gone."""
    start = random.integers(0, len(file.content))
    return file.content[:start] + file.content[start + random.integers(1, 200) :]


def length_field(file: File, random: Random) -> bytes:
    """A value claims another length."""
    at, size = _any(file, random).length_field
    old = int.from_bytes(file.content[at : at + size], "little" if file.order == "<" else "big")
    new = random.choice(
        [0, 1, old + 1, old + 2, max(old - 2, 0), old * 2, 0xFFFF, 0x7FFFFFFF, 1 << 32]
    )
    return _put(file, at, _packed(file, "H" if size == 2 else "I", min(int(new), 256**size - 1)))


def other_vr(file: File, random: Random) -> bytes:
    """A value claims another type."""
    explicit = [element for element in file.elements if element.vr]
    if not explicit:
        return length_field(file, random)
    element = explicit[random.integers(len(explicit))]
    vrs = _VRS.split()
    return _put(file, element.start + 4, vrs[random.integers(len(vrs))])


def sizes_as_long(file: File, random: Random) -> bytes:
    """Rows or Columns are 32-bit numbers, as in CVE-2026-5442."""
    found = [e for e in file.elements if e.tag in (0x00280010, 0x00280011) and e.length == 2]
    if not found:
        return sizes(file, random)
    element = found[random.integers(len(found))]
    many = int(random.choice([0x10001, 0x7FFFFFFF, 0xFFFFFFFF, 65536, 100]))
    tag = file.content[element.start : element.start + 4]
    if element.vr:
        new = tag + b"UL" + _packed(file, "H", 4) + _packed(file, "I", many)
    else:
        new = tag + _packed(file, "I", 4) + _packed(file, "I", many)
    return file.content[: element.start] + new + file.content[element.end :]


def sizes(file: File, random: Random) -> bytes:
    """A count of rows, columns, bits or samples is another."""
    found = [e for e in file.elements if e.tag in _SIZES and e.length == 2]
    if not found:
        return flip_header(file, random)
    element = found[random.integers(len(found))]
    values = [0, 1, 2, 3, 7, 8, 11, 12, 15, 16, 17, 31, 32, 64, 63, 128, 512, 4096, 65535]
    return _put(file, element.value, _packed(file, "H", int(random.choice(values))))


def number_text(file: File, random: Random) -> bytes:
    """A number written as text says something else, of the same length or another."""
    found = [e for e in file.elements if e.tag in _PLACES and e.length]
    if not found:
        return flip_header(file, random)
    element = found[random.integers(len(found))]
    old = file.content[element.value : element.end].decode("latin-1")
    parts = old.split("\\")
    n = int(random.integers(len(parts)))
    what = random.integers(5)
    if what == 0:
        parts[n] = _NUMBERS[random.integers(len(_NUMBERS))]
    elif what == 1 and any(c.isdigit() for c in parts[n]):
        at = [k for k, c in enumerate(parts[n]) if c.isdigit()]
        k = at[random.integers(len(at))]
        parts[n] = parts[n][:k] + str(random.integers(10)) + parts[n][k + 1 :]
    elif what == 2:
        parts = [parts[k] for k in random.permutation(len(parts))]
    elif what == 3:
        parts[n] = parts[n].strip()[1:] if parts[n].startswith("-") else "-" + parts[n].strip()
    else:
        parts = parts[:n] + parts[n + 1 :]
    return _valued(file, element, "\\".join(parts).encode("latin-1", "replace"))


def duplicate_element(file: File, random: Random) -> bytes:
    """An element stands there twice, or once more at another place."""
    element, other = _any(file, random), _any(file, random)
    piece = file.content[element.start : min(element.end, element.start + 4096)]
    return file.content[: other.start] + piece + file.content[other.start :]


def delete_element(file: File, random: Random) -> bytes:
    """An element is gone; a place or a size as likely as anything else."""
    known = [e for e in file.elements if e.tag in _PLACES or e.tag in _SIZES]
    some = known if known and random.random() < 0.5 else list(file.elements)
    element = some[random.integers(len(some))]
    return file.content[: element.start] + file.content[element.end :]


def other_syntax(file: File, random: Random) -> bytes:
    """The file claims to be encoded otherwise."""
    found = file.named(0x00020010)
    if not found:
        return flip_header(file, random)
    uid = _SYNTAXES[random.integers(len(_SYNTAXES))].encode()
    return _valued(file, found[0], uid + b"\0" * (len(uid) % 2))


def other_class(file: File, random: Random) -> bytes:
    """The image claims other colours, another kind of scan or another order of bits."""
    texts = {
        0x00280004: [b"PALETTE COLOR ", b"MONOCHROME1 ", b"RGB ", b"YBR_FULL_422", b"", b"X "],
        0x00080016: [b"1.2.840.10008.5.1.4.1.1.7\0", b"1.2.840.10008.5.1.4.1.1.2.1\0", b"1.2.3\0"],
        0x00080060: [b"CT", b"MR", b"PT", b"", b"\xff\xfe"],
        0x00080005: [b"ISO 2022 IR 87", b"ISO_IR 192", b"nonsense", b"\\ISO 2022 IR 149 "],
        0x00080008: [b"ORIGINAL\\PRIMARY\\LOCALIZER ", b"", b"\\\\\\"],
    }  # fmt: skip
    found = [element for element in file.elements if element.tag in texts]
    if not found:
        return flip_header(file, random)
    element = found[random.integers(len(found))]
    choices = texts[element.tag]
    return _valued(file, element, choices[random.integers(len(choices))])


def nested_sequences(file: File, random: Random) -> bytes:
    """A private sequence in a sequence in a sequence, which may never end."""
    depth = int(random.choice([1, 5, 60, 70, 1000, 10_000]))
    implicit = not any(element.vr for element in file.elements if element.tag > 0x00080000)
    tag = _packed(file, "H", 0x0009) + _packed(file, "H", 0x1010)
    head = tag + (b"" if implicit else b"SQ\0\0") + b"\xff" * 4
    item = _packed(file, "H", 0xFFFE) + _packed(file, "H", 0xE000) + b"\xff" * 4
    end = b"".join(
        _packed(file, "H", 0xFFFE) + _packed(file, "H", n) + bytes(4) for n in (0xE00D, 0xE0DD)
    )
    closed = end * depth if random.random() < 0.5 else b""
    later = [e for e in file.elements if e.depth == 0 and e.tag > 0x00091010]
    at = later[0].start if later else len(file.content)
    return file.content[:at] + (head + item) * depth + closed + file.content[at:]


def pixel_bytes(file: File, random: Random) -> bytes:
    """The pixels, or the code stream that holds them, are damaged."""
    found = file.named(PIXELS)
    if not found or found[0].length < 2:
        return flip_bytes(file, random)
    changed = bytearray(file.content)
    # The start holds tables and sizes, the rest the picture.
    reach = found[0].length if random.random() < 0.3 else min(found[0].length, 120)
    for _ in range(random.integers(1, 5)):
        changed[found[0].value + random.integers(reach)] = random.integers(256)
    return bytes(changed)


def fragments(file: File, random: Random) -> bytes:
    """The table of fragments is wrong, or one is gone, empty, doubled, joined or without end."""
    found = file.named(PIXELS)
    if not found or file.content[found[0].value - 4 : found[0].value] != b"\xff" * 4:
        return pixel_bytes(file, random)
    table, *items, end = _items(file.content, found[0].value)
    if not items:
        return pixel_bytes(file, random)
    n = int(random.integers(len(items)))
    half = len(items[n]) // 4 * 2
    changes: list[Callable[[], tuple[bytes, list[bytes], bytes]]] = [
        lambda: (random.bytes(4 * random.integers(1, 9)), items, end),
        lambda: (b"", items[:n] + items[n + 1 :], end),
        lambda: (table, items[:n] + [b""] + items[n:], end),
        lambda: (table, items[:n] + [items[n]] + items[n:], end),
        lambda: (table, items, b""),
        lambda: (b"", [*items[:n], items[n][:half], items[n][half:], *items[n + 1 :]], end),
        lambda: (table, [*items[:n], items[n][:half], *items[n + 1 :]], end),
        lambda: (b"", [b"".join(items)], end),
    ]
    table, items, end = changes[random.integers(len(changes))]()
    body = b"".join(
        b"\xfe\xff\x00\xe0" + struct.pack("<I", len(item)) + item for item in (table, *items)
    )
    return file.content[: found[0].value] + body + end


def _items(content: bytes, at: int) -> list[bytes]:
    """Offset table, fragments, and what follows them."""
    found = []
    while content[at : at + 4] == b"\xfe\xff\x00\xe0":
        (length,) = struct.unpack_from("<I", content, at + 4)
        found.append(content[at + 8 : at + 8 + length])
        at += 8 + length
    return [*(found or [b""]), content[at:]]


def _any(file: File, random: Random) -> Element:
    return file.elements[random.integers(len(file.elements))]


def _put(file: File, at: int, new: bytes) -> bytes:
    return file.content[:at] + new + file.content[at + len(new) :]


def _packed(file: File, kind: str, number: int) -> bytes:
    return struct.pack(file.order + kind, number)


def _valued(file: File, element: Element, value: bytes) -> bytes:
    """The file with another value of an element, its length field adapted."""
    value += b" " * (len(value) % 2)
    at, size = element.length_field
    length = _packed(file, "H" if size == 2 else "I", len(value))
    if element.tag >> 16 == 2:
        length = length if file.order == "<" else length[::-1]
    return file.content[:at] + length + value + file.content[element.end :]


KINDS: tuple[Kind, ...] = (
    flip_bytes, flip_header, truncate, splice, cut_out, length_field, other_vr, sizes_as_long,
    sizes, sizes, number_text, number_text, number_text, duplicate_element, delete_element,
    delete_element, other_syntax, other_class, nested_sequences, pixel_bytes, pixel_bytes,
    fragments, fragments,
)  # fmt: skip
"""Some come twice: what they touch goes wrong silently most easily."""
