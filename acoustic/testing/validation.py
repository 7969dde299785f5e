"""Validation of plain JSON against the schemas that :mod:`acoustic.records` makes: those parts of JSON Schema alone."""

import math
from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any

_TYPES: dict[str, Any] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": NoneType,
    "number": (int, float),
    "object": Mapping,
    "string": str,
}


def complaints(value: Any, shape: Mapping[str, Any], where: str) -> Iterator[str]:
    """Yield what is wrong with a value, in sentences that begin with where it is."""
    if "anyOf" in shape and all(any(complaints(value, one, where)) for one in shape["anyOf"]):
        yield f"{where}: {value!r:.60} is none of {[one.get('type', 'others') for one in shape['anyOf']]}"
    if value not in shape.get("enum", [value]) or ("const" in shape and value != shape["const"]):
        yield f"{where}: {value!r:.60} is none of the values declared"
    if "type" in shape and not is_of(value, shape["type"]):
        yield f"{where}: {value!r:.60} is no {shape['type']}"
    elif is_of(value, "number") and not shape.get("minimum", -math.inf) <= value <= shape.get("maximum", math.inf):
        yield f"{where}: {value} is out of its bounds"
    elif isinstance(value, list):
        for one in value:
            yield from complaints(one, shape.get("items", {}), f"{where}[]")
    elif isinstance(value, Mapping):
        yield from (f"{where} lacks {name}" for name in shape.get("required", ()) if name not in value)
        for name, inner in shape.get("properties", {}).items():
            if name in value:
                yield from complaints(value[name], inner, f"{where}.{name}")


def is_of(value: Any, kind: str) -> bool:
    """Whether a value is of a type of JSON; numbers are finite, and true is none."""
    if isinstance(value, bool) or isinstance(value, float) and not math.isfinite(value):
        return kind == "boolean" and value in (True, False)
    return isinstance(value, _TYPES[kind])


def is_declared(shape: Mapping[str, Any], path: str) -> bool:
    """Whether objects of a schema have a field at a path such as ``rotor.rpm``."""
    name, _, rest = path.partition(".")
    for one in (shape, *shape.get("anyOf", ())):
        if name in one.get("properties", {}):
            return not rest or is_declared(one["properties"][name], rest)
    return False
