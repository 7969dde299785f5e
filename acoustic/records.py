"""Records: frozen dataclasses whose fields say what they hold, written as JSON, read strictly, described as a schema.

A field is declared once, with its type and an :class:`About`; events, results, options and the settings in a bundle
are all records.

>>> @dataclass(frozen=True, kw_only=True)
... class Crack:
...     t_s: Annotated[float, About("Middle of the crack.", unit="s", digits=4)]
...     score: Annotated[float, About("Probability that it is one.", low=0.0, high=1.0)] = 1.0
>>> plain(Crack(t_s=1.23456))
{'t_s': 1.2346, 'score': 1.0}
>>> read(Crack, {"t_s": 2}, "crack")
Crack(t_s=2.0, score=1.0)
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, MISSING, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from acoustic.errors import ParameterError

T = TypeVar("T")

#: Longest text, longest list, and largest magnitude of a number that a record takes unless its field says otherwise.
LONGEST_TEXT, LONGEST_LIST, LARGEST = 10_000, 100_000, 2.0**53
#: Objects and lists within each other that plain JSON in a record may have, and largest magnitude of its whole numbers.
DEEPEST, LARGEST_INTEGER = 32, 2**63
#: Characters of a message, and of a value that one quotes.
LONGEST_MESSAGE, LONGEST_QUOTE = 300, 60
_AS_THEY_ARE = frozenset({int, str, bool, NoneType})


@dataclass(frozen=True)
class About:
    """What is to be known of a field: a sentence for people, its unit, how it is written, and its bounds."""

    help: str = ""
    _: KW_ONLY
    unit: str = ""
    """As it stands behind a number, such as ``s`` or ``Hz``."""
    digits: int | None = None
    """Decimals that are written."""
    significant: int | None = None
    """Significant digits that are written."""
    low: float | None = None
    high: float | None = None
    longest: int | None = None
    """Characters of a text, or elements of a list."""
    flag: str | None = None
    """Names of the option on the command line, such as ``--output/-o``; None: made of the field's name."""
    argument: bool = False
    """Whether it is an argument of a command, not an option."""
    metavar: str | None = None
    live: bool | None = None
    """As an option: offered by ``listen`` alone (True), by ``score`` alone (False), or by both."""


@dataclass(frozen=True)
class Member:
    """A field of a record: its name, type and description; ``default`` is `dataclasses.MISSING` where it has none."""

    name: str
    type: Any
    about: About
    default: Any


def members(record: type) -> tuple[Member, ...]:
    """Return the fields of a record class, in order."""
    return _members(record)


@cache
def _members(record: Any) -> tuple[Member, ...]:
    hints = get_type_hints(record, include_extras=True)
    found = []
    for one in fields(record):
        kind, about = hints[one.name], About()
        if get_origin(kind) is Annotated:
            kind, *notes = get_args(kind)
            about = next((note for note in notes if isinstance(note, About)), about)
        default = one.default_factory() if one.default_factory is not MISSING else one.default
        found.append(Member(one.name, kind, about, default))
    return tuple(found)


def plain(value: Any) -> Any:
    """Return a record, or anything made of records, as plain JSON; numbers are rounded as their fields say."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _written(getattr(value, one.name), one.about) for one in members(type(value))}
    return _written(value, About())


def _written(value: Any, about: About) -> Any:
    # Most values are numbers and texts: first, for rows may hold thousands.
    if isinstance(value, float):
        if about.digits is not None:
            return round(value, about.digits)
        if about.significant is not None:
            return float(f"{value:.{about.significant}g}")
        return value
    if type(value) in _AS_THEY_ARE:
        return value
    if is_dataclass(value):
        return plain(value)
    if isinstance(value, Mapping):
        return {key: _written(part, about) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_written(part, about) for part in value]
    if isinstance(value, Path):
        return str(value)
    return value.value if isinstance(value, Enum) else value


def json_line(record: Mapping[str, object]) -> str:
    """Write plain JSON as one line, without its end.

    Raises
    ------
    ValueError
        The record holds a NaN or an infinity, which JSON does not have.
    """
    return json.dumps(record, separators=(",", ":"), allow_nan=False)


def read(record: type[T], values: Any, where: str) -> T:
    """Make a record from plain JSON, strictly: every field there and of its type, nothing unknown, all within bounds.

    A field with a default may be missing.

    Parameters
    ----------
    record : type
        A record class.
    values
        What the JSON holds.
    where : str
        Named in errors.

    Raises
    ------
    ParameterError
        When it does not fit; the message has at most 300 characters.
    """
    if not isinstance(values, Mapping):
        raise _refused(where, f"must be an object, not {quoted(values)}")
    known = {one.name: one for one in members(record)}
    if unknown := sorted(map(str, values.keys() - known.keys())):
        raise _refused(where, f"has the unknown field {quoted(unknown[0])}")
    if missing := [name for name, one in known.items() if name not in values and one.default is MISSING]:
        raise _refused(where, f"lacks {missing[0]}")
    arguments = {
        name: _value(known[name].type, known[name].about, value, name, where) for name, value in values.items()
    }
    try:
        return record(**arguments)
    except ParameterError as error:
        raise _refused(where, str(error).removeprefix(f"{where}: ")) from None


def check(record: Any, where: str) -> None:
    """Check the fields of a record that a program made as :func:`read` does those of JSON: types, texts and bounds.

    For ``__post_init__``, after which no other code has to check them.

    Raises
    ------
    ParameterError
        When a field does not fit.
    """
    for one in members(type(record)):
        _value(one.type, one.about, getattr(record, one.name), one.name, where)


def require(where: str, rules: Mapping[str, bool]) -> None:
    """Check what the fields of a record have to do with each other: sentences, and whether they hold.

    Raises
    ------
    ParameterError
        With the first sentence that does not hold.
    """
    for sentence, holds in rules.items():
        if not holds:
            raise _refused(where, sentence)


def _refused(where: str, complaint: str) -> ParameterError:
    return ParameterError(shortened(f"{where}: {complaint}"))


def shortened(message: str) -> str:
    """Return a message that may quote hostile input: printable, at most 300 characters."""
    text = "".join(sign if sign.isprintable() else "?" for sign in message[: LONGEST_MESSAGE + 1])
    return text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 3]}..."


def quoted(value: Any) -> str:
    """Return a value as text for a message, cut short and printable."""
    text = repr(value) if not isinstance(value, dict | list | tuple) else f"a {type(value).__name__}"
    text = "".join(sign if sign.isprintable() else "?" for sign in text[: LONGEST_QUOTE + 1])
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 3]}..."


def _value(kind: Any, about: About, value: Any, name: str, where: str) -> Any:
    """Return a value of the type wanted, or refuse."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if value is None and NoneType in parts:
            return None
        (inner,) = [part for part in parts if part is not NoneType]
        return _value(inner, about, value, name, where)
    if origin is Literal:
        if value in parts and type(value) in {type(part) for part in parts}:
            return value
        raise _refused(where, f"{name} must be one of {', '.join(map(repr, parts))}, not {quoted(value)}")
    if origin is tuple:
        return _tuple(parts, about, value, name, where)
    if origin in (dict, Mapping):
        return _mapping(parts[1], about, value, name, where)
    if isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, Enum)) and isinstance(value, kind):
        return value  # of a record that a program made
    if is_dataclass(kind):
        return read(kind, value, f"{where}, {name}")  # type: ignore[arg-type]
    if isinstance(kind, type) and issubclass(kind, Enum):
        if value in [one.value for one in kind]:
            return kind(value)
        raise _refused(where, f"{name} must be one of {', '.join(str(one.value) for one in kind)}")
    if kind is str:
        longest = about.longest or LONGEST_TEXT
        if isinstance(value, str) and len(value) <= longest and _storable(value):
            return value
        raise _refused(where, f"{name} must be a text of at most {longest} characters, not {quoted(value)}")
    if kind is Path:
        return Path(value) if isinstance(value, Path) else Path(_value(str, about, value, name, where))
    if kind is bool:
        if isinstance(value, bool):
            return value
        raise _refused(where, f"{name} must be true or false, not {quoted(value)}")
    if kind in (int, float):
        return _number(kind, about, value, name, where)
    raise TypeError(f"records hold no {kind}")


def _tuple(parts: tuple[Any, ...], about: About, value: Any, name: str, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple) or len(value) > (about.longest or LONGEST_LIST):
        raise _refused(where, f"{name} must be a list, not {quoted(value)}")
    if parts[-1] is Ellipsis:
        return tuple(_value(parts[0], about, one, name, where) for one in value)
    if len(value) != len(parts):
        raise _refused(where, f"{name} must hold {len(parts)} values, not {len(value)}")
    return tuple(_value(part, about, one, name, where) for part, one in zip(parts, value, strict=True))


def _mapping(kind: Any, about: About, value: Any, name: str, where: str) -> dict[str, Any]:
    """Return an object whose values are of a type, or any plain JSON."""
    if not isinstance(value, dict) or len(value) > LONGEST_LIST:
        raise _refused(where, f"{name} must be an object, not {quoted(value)}")
    if kind is Any:
        _check_plain(value, name, where, DEEPEST)
        return value
    return {key: _value(kind, about, one, f"{name}[{quoted(key)}]", where) for key, one in value.items()}


def _check_plain(value: Any, name: str, where: str, depth: int) -> None:
    """Refuse anything that is no plain JSON, or too deep or too large."""
    if depth == 0:
        raise _refused(where, f"{name} is nested more than {DEEPEST} deep")
    if isinstance(value, Mapping):
        for key, one in value.items():
            if not isinstance(key, str):
                raise _refused(where, f"{name} holds a key that is no text: {quoted(key)}")
            _check_plain(key, name, where, depth)
            _check_plain(one, name, where, depth - 1)
    elif isinstance(value, list | tuple):
        for one in value:
            _check_plain(one, name, where, depth - 1)
    elif isinstance(value, str):
        if len(value) > LONGEST_TEXT or not _storable(value):
            raise _refused(where, f"{name} holds a text that is too long, or that no file can hold")
    elif not (value is None or _finite(value)):
        raise _refused(where, f"{name} holds {quoted(value)}, which is no finite number")


def _finite(value: Any) -> bool:
    return (
        abs(value) <= LARGEST_INTEGER if isinstance(value, int) else isinstance(value, float) and math.isfinite(value)
    )


def _storable(text: str) -> bool:
    """Whether a text can be written to any file: without NUL, and without halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _number(kind: type, about: About, value: Any, name: str, where: str) -> Any:
    low = -LARGEST if about.low is None else about.low
    high = LARGEST if about.high is None else about.high
    fits = isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
    if fits and low <= value <= high:  # which neither NaN nor an infinity is
        return kind(value)
    what = "a whole number" if kind is int else "a number"
    bounds = "" if about.low is about.high is None else f" from {low:g} to {high:g}"
    raise _refused(where, f"{name} must be {what}{bounds}, not {quoted(value)}")


def json_schema(record: type, name: str | None = None) -> dict[str, Any]:
    """Describe a record class as JSON Schema (draft 2020-12); ``name`` is the value of its field ``event``."""
    properties: dict[str, Any] = {} if name is None else {"event": {"const": name}}
    required = list(properties)
    for one in members(record):
        properties[one.name] = _schema(one.type, one.about)
        required.append(one.name)
    return {
        "type": "object",
        "description": _summary(record),
        "properties": properties,
        "required": required,
    }


def field_schema(annotation: Any) -> dict[str, Any]:
    """Describe a field by its annotation, such as ``Annotated[str, About(...)]``, as JSON Schema."""
    kind, about = get_args(annotation)
    return _schema(kind, about)


def _summary(record: type) -> str:
    return (record.__doc__ or "").split("\n\n")[0].replace("\n    ", " ").strip()


def _schema(kind: Any, about: About) -> dict[str, Any]:
    told: dict[str, Any] = {"description": about.help} if about.help else {}
    if about.unit:
        told["unit"] = about.unit
    if about.low is not None:
        told["minimum"] = about.low
    if about.high is not None:
        told["maximum"] = about.high
    return {**_shape(kind), **told}


def _shape(kind: Any) -> dict[str, Any]:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _shape(parts[0])
    if origin in (Union, UnionType):
        shapes = [_shape(part) for part in parts if part is not NoneType]
        return {"anyOf": [*shapes, {"type": "null"}]} if NoneType in parts else {"anyOf": shapes}
    if origin is Literal:
        return {"enum": list(parts)}
    if origin is tuple:
        return {"type": "array", "items": _shape(parts[0])}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": {} if parts[1] is Any else _shape(parts[1])}
    if is_dataclass(kind):
        return json_schema(kind)  # type: ignore[arg-type]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [one.value for one in kind]}
    names = {int: "integer", float: "number", str: "string", Path: "string", bool: "boolean"}
    return {"type": names[kind]} if kind in names else {}


def leaves(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of a nested record, named by their path: ``frontend.rate_hz``."""
    for key, value in record.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def at(record: Mapping[str, Any], path: str) -> Any:
    """Return what lies at a path such as ``rotor.rpm``; None where the way there ends."""
    value: Any = record
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value
