"""Nouns and edits as JSON; their arrays travel beside it, named by their SHA-256.

Only the types in ``_TYPES`` can be written or read, each with its own fields and nothing else, so
that a file can neither run code nor smuggle in a value that no edit would have made.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from types import MappingProxyType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

from surgiplan import model
from surgiplan.derived import once_per_input
from surgiplan.edits import EDITS
from surgiplan.errors import CaseFileError, SurgiplanError
from surgiplan.model import Case, Identity, Noun, Plan, Volume, array_sha256

__all__ = [
    "DTYPES",
    "Arrays",
    "Fetch",
    "ObjectMissing",
    "from_json",
    "identity_object",
    "to_json",
]

Arrays = dict[str, npt.NDArray[Any]]
"""Arrays by the SHA-256 of their bytes, C order, little endian."""
Fetch = Callable[[str, np.dtype[Any], tuple[int, ...]], npt.NDArray[Any]]
"""Gives the array of that SHA-256, type and shape, or raises CaseFileError."""


class ObjectMissing(CaseFileError):
    """An array that a file refers to is not there."""


DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "float32", "float64")
_NOUNS = (
    "Branch", "Case", "Centerline", "Code", "CodedAnatomy", "Finding", "Identity", "Measurement",
    "Patient", "Plan",
    "Recipe", "Resection", "Segment", "Source", "StentDesign", "StentPlacement", "Surface",
    "Volume", "VoxelGrid",
)  # fmt: skip
_TYPES: Mapping[str, type] = MappingProxyType(
    {name: getattr(model, name) for name in _NOUNS} | {edit.__name__: edit for edit in EDITS}
)
_INLINE_NUMBERS = 16
"""Arrays of no more numbers, an affine say, stand readably in the JSON itself."""
_DEEPEST = 40
_LARGEST_ARRAY = 1 << 40
"""Elements."""
_LARGEST = 1 << 63
"""No whole number in a case is larger, and none takes longer to read than to write."""


def to_json(value: Any) -> tuple[dict[str, Any], Arrays]:
    """A noun or an edit as JSON values, and the arrays that it refers to.

    Raises CaseFileError if a number is not finite: a file holds only numbers that mean something.
    """
    writer = _Writer({})
    return writer.instance(type(value), value, type(value).__name__), writer.arrays


def from_json(document: Any, fetch: Fetch) -> Any:
    """The noun or edit that ``to_json`` wrote.  Raises CaseFileError for anything else."""
    name = document.get("type") if isinstance(document, Mapping) else None
    if not isinstance(name, str) or name not in _TYPES:
        raise CaseFileError(f"It holds a {str(name)[:40]!r}, which this version does not know.")
    return _Reader(fetch).instance(_TYPES[name], document, name)


def identity_object(document: Any) -> str:
    """SHA-256 of the array with the patient's identity that a case or edit refers to, or empty."""
    for key in ("identity", "content"):
        document = document.get(key) if isinstance(document, Mapping) else None
    name = document.get("array") if isinstance(document, Mapping) else None
    return name if isinstance(name, str) else ""


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return MappingProxyType({field.name: hints[field.name] for field in fields(kind)})


def _type_of(value: Any) -> Any:
    return type(value)


def _is_array(hint: Any) -> bool:
    return get_origin(hint) is np.ndarray or hint == npt.ArrayLike


def _optional(hint: Any) -> Any:
    """``X`` of a hint ``X | None``; None for any other hint."""
    if get_origin(hint) not in (Union, UnionType):
        return None
    inner = [arg for arg in get_args(hint) if arg is not type(None)]
    return inner[0] if len(inner) == 1 else None


def _item_hints(hint: Any, count: int, where: str) -> Iterator[Any]:
    """The hints of the items of a tuple with ``count`` items."""
    args = get_args(hint)
    if len(args) == 2 and args[1] is Ellipsis:
        args = (args[0],) * count
    if len(args) != count:
        raise CaseFileError(f"{where} should have {len(args)} values, not {count}.")
    return iter(args)


def _number(value: float, where: str) -> float:
    if not (abs(value) <= _LARGEST if isinstance(value, int) else math.isfinite(value)):
        raise CaseFileError(f"{where} is not a number; compute it again or remove it.")
    return value


@dataclass(frozen=True)
class _Writer:
    arrays: Arrays

    def instance(self, kind: type, value: Any, where: str) -> dict[str, Any]:
        if type(value) is not kind or _TYPES.get(kind.__name__) is not kind:
            raise TypeError(f"{where} is a {type(value).__name__}, which no file can hold")
        if isinstance(value, Noun) and kind not in (Case, Plan):
            document, arrays = _written_once(value)
            self.arrays.update(arrays)
            return document
        return self.fields(value, where)

    def fields(self, value: Any, where: str) -> dict[str, Any]:
        document: dict[str, Any] = {"type": type(value).__name__}
        for name, hint in _hints(_type_of(value)).items():
            if isinstance(value, Volume) and name == "values":
                # A volume knows the hash of its voxels; hashing 600 MiB again takes a second.
                document[name] = self.array(value.values, value.sha256)
            else:
                document[name] = self.value(hint, getattr(value, name), f"{where}.{name}")
        return document

    def value(self, hint: Any, value: Any, where: str) -> Any:
        if hint is Any:
            return self.plain(value, where)
        if _is_array(hint):
            return self.array(np.asarray(value))
        if (inner := _optional(hint)) is not None:
            return None if value is None else self.value(inner, value, where)
        if get_origin(hint) is tuple:
            hints = _item_hints(hint, len(value), where)
            return [self.value(next(hints), item, where) for item in value]
        if get_origin(hint) is not None:
            inner = get_args(hint)[1]
            return {str(k): self.value(inner, item, f"{where}.{k}") for k, item in value.items()}
        if is_dataclass(hint) and isinstance(hint, type):
            return self.instance(hint, value, where)
        return self.plain(value, where)

    def plain(self, value: Any, where: str) -> Any:
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            return _number(float(value), where)
        if isinstance(value, Mapping):
            return {str(k): self.plain(item, f"{where}.{k}") for k, item in value.items()}
        if isinstance(value, tuple | list):
            return [self.plain(item, where) for item in value]
        raise TypeError(f"{where} holds a {type(value).__name__}, which no file can hold")

    def array(self, array: npt.NDArray[Any], sha256: str = "") -> dict[str, Any]:
        dtype = array.dtype.name
        if dtype not in DTYPES:
            raise TypeError(f"an array of {dtype}, which no file can hold")
        about = {"dtype": dtype, "shape": list(array.shape)}
        if array.size <= _INLINE_NUMBERS and dtype != "bool" and np.isfinite(array).all():
            return {"values": array.ravel().tolist(), **about}
        sha256 = sha256 or array_sha256(array)
        self.arrays[sha256] = array
        return {"array": sha256, **about}


@once_per_input
def _written_once(noun: Noun) -> tuple[dict[str, Any], Arrays]:
    """A noun never changes, so neither does its JSON: a second save writes only what is new."""
    writer = _Writer({})
    return writer.fields(noun, type(noun).__name__), writer.arrays


@dataclass(frozen=True)
class _Reader:
    fetch: Fetch

    def instance(self, kind: type, document: Any, where: str, depth: int = 0) -> Any:
        if not isinstance(document, Mapping) or document.get("type") != kind.__name__:
            raise CaseFileError(f"{where} is no {kind.__name__}.")
        hints = _hints(kind)
        if unknown := document.keys() - hints.keys() - {"type"}:
            name = min(str(n) for n in unknown)[:40]
            raise CaseFileError(f"{where} has a field {name!r} that this version does not know.")
        if depth > _DEEPEST:
            raise CaseFileError(f"{where} is nested too deeply.")
        values = {
            name: self.value(hint, document[name], f"{where}.{name}", depth + 1)
            for name, hint in hints.items()
            if name in document
        }
        for field in fields(kind):
            optional = field.default is not MISSING or field.default_factory is not MISSING
            if field.name not in values and not optional:
                raise CaseFileError(f"{where} lacks its {field.name}.")
        try:
            made = kind(**values)
        except (SurgiplanError, ValueError, TypeError, AttributeError) as error:
            raise CaseFileError(f"{where} holds values that do not fit: {error}") from error
        _remember_hash(made, document)
        return made

    def value(self, hint: Any, document: Any, where: str, depth: int) -> Any:
        if hint is Any:
            return self.plain(document, where, depth)
        if _is_array(hint):
            return self.array(document, where)
        if _optional(hint) is Identity:
            return self.identity(document, where, depth)
        if (inner := _optional(hint)) is not None:
            return None if document is None else self.value(inner, document, where, depth)
        if get_origin(hint) is tuple:
            items = _expect(list, document, where)
            hints = _item_hints(hint, len(items), where)
            return tuple(self.value(next(hints), item, where, depth) for item in items)
        if get_origin(hint) is not None:
            inner = get_args(hint)[1]
            items = _expect(dict, document, where)
            return {k: self.value(inner, v, f"{where}.{k}", depth) for k, v in items.items()}
        if is_dataclass(hint) and isinstance(hint, type):
            return self.instance(hint, document, where, depth)
        if hint is float or hint is int:
            return _number(_expect((float, int) if hint is float else int, document, where), where)
        return _expect(hint, document, where)

    def identity(self, document: Any, where: str, depth: int) -> Identity | None:
        """None also where it was dropped: older states and the journal still say that it was."""
        try:
            return None if document is None else self.instance(Identity, document, where, depth)
        except ObjectMissing:
            return None

    def plain(self, document: Any, where: str, depth: int) -> Any:
        if depth > _DEEPEST:
            raise CaseFileError(f"{where} is nested too deeply.")
        if isinstance(document, list):
            return [self.plain(item, where, depth + 1) for item in document]
        if isinstance(document, dict):
            return {k: self.plain(item, f"{where}.{k}", depth + 1) for k, item in document.items()}
        if isinstance(document, float | int):
            return _number(document, where)
        return document

    def array(self, document: Any, where: str) -> npt.NDArray[Any]:
        about = _expect(dict, document, where)
        shape = about.get("shape")
        known = about.get("dtype") in DTYPES and isinstance(shape, list) and len(shape) < 9
        if not known or not all(type(n) is int and 0 <= n < _LARGEST_ARRAY for n in shape):
            raise CaseFileError(f"{where} is no array that this version knows.")
        if math.prod(max(n, 1) for n in shape) >= _LARGEST_ARRAY:
            raise CaseFileError(f"{where} is no array that this version knows.")
        dtype = np.dtype(about["dtype"])
        if "values" not in about:
            sha256 = _expect(str, about.get("array"), where)
            return self.fetch(sha256, dtype, tuple(shape))
        numbers = _expect(list, about["values"], where)
        if len(numbers) > _INLINE_NUMBERS or math.prod(shape) != len(numbers):
            raise CaseFileError(f"{where} has another size than it says.")
        values = [_number(_expect((float, int), n, where), where) for n in numbers]
        try:
            return np.array(values, dtype).reshape(shape)
        except (OverflowError, ValueError) as error:
            raise CaseFileError(f"{where} holds numbers that do not fit.") from error


def _expect(kind: Any, document: Any, where: str) -> Any:
    if not isinstance(document, kind) or (kind is not bool and isinstance(document, bool)):
        raise CaseFileError(f"{where} has a value of the wrong kind.")
    return document


def _remember_hash(made: Any, document: Mapping[str, Any]) -> None:
    """Spare a volume the hashing of its voxels: ``fetch`` has just checked them."""
    if isinstance(made, Volume) and isinstance(document["values"].get("array"), str):
        made.__dict__["sha256"] = document["values"]["array"]
