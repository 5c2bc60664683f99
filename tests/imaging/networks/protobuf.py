"""A network of three steps as the bytes of an ONNX file, written without the onnx package."""

import struct


def field(number: int, value: int | bytes | str) -> bytes:
    """One field of a protobuf message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def tensor(name: str, *axes: str) -> bytes:
    """ValueInfo of floats with axes by name."""
    shape = b"".join(field(1, field(2, axis)) for axis in axes)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


def node(kind: str, inputs: list[str], output: str, attribute: bytes = b"") -> bytes:
    ends = b"".join(field(1, one) for one in inputs) + field(2, output)
    return ends + field(4, kind) + (field(5, attribute) if attribute else b"")


def constant(name: str, value: float) -> bytes:
    return field(2, 1) + field(8, name) + field(9, struct.pack("<f", value))


def brighter_than(levels: list[float]) -> bytes:
    """Scores (1, labels + 1, k, j, i): label n wins where the input lies above ``levels[n - 1]``.

    score_0 = 0 and score_n = n (x - level_n) grow so that the highest level passed wins.
    """
    nodes, constants, outputs = [], [], ["zero"]
    nodes.append(node("Sub", ["x", "x"], "zero"))
    for n, level in enumerate(levels, 1):
        constants += [constant(f"level{n}", level), constant(f"slope{n}", 10.0**n)]
        nodes.append(node("Sub", ["x", f"level{n}"], f"above{n}"))
        nodes.append(node("Mul", [f"above{n}", f"slope{n}"], f"score{n}"))
        outputs.append(f"score{n}")
    axis = field(1, "axis") + field(3, 1) + field(20, 2)
    nodes.append(node("Concat", outputs, "y", axis))
    graph = b"".join(field(1, one) for one in nodes) + field(2, "levels")
    graph += b"".join(field(5, one) for one in constants)
    graph += field(11, tensor("x", "n", "one", "a", "b", "c"))
    graph += field(12, tensor("y", "n", "labels", "a", "b", "c"))
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))
