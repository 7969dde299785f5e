"""Readable C constants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError

LINE_LENGTH = 110
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,60}")
_TYPES = {
    "int8": "int8_t",
    "int16": "int16_t",
    "int32": "int32_t",
    "uint16": "uint16_t",
    "uint32": "uint32_t",
    "float32": "float",
}


def check_identifier(name: str) -> str:
    """Give the name back if C symbols can begin with it.

    Raises
    ------
    ParameterError
        If it holds anything but lower-case letters, digits and underscores, or does not begin with a letter.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise ParameterError(f"{name!r} cannot begin a C symbol: use lower-case letters, digits and underscores")
    return name


def array(name: str, values: NDArray[Any]) -> str:
    """Define a constant array; words and floats come in hexadecimal."""
    kind = values.dtype.name
    text_of = {"uint32": "0x{:08x}".format, "float32": hex_float}.get(kind, str)
    texts = [text_of(value) for value in values.reshape(-1).tolist()]
    return f"static const {_TYPES[kind]} {name}[{values.size}] = {{\n{_wrapped(texts)}\n}};\n"


def initialiser(fields: Mapping[str, str | Mapping[str, Any]], indent: int = 1) -> str:
    """Write a structure with named members; values are C expressions, or structures themselves."""
    pad = "    " * indent
    lines = [
        f"{pad}.{name} = {value if isinstance(value, str) else initialiser(value, indent + 1)},"
        for name, value in fields.items()
    ]
    return "\n".join(["{", *lines, "    " * (indent - 1) + "}"])


def comment(lines: Iterable[str]) -> str:
    """Write a block comment; what would end it early is taken out."""
    cleaned = (re.sub(r"[^\x20-\x7e]", "?", line).replace("*/", "* /").replace("/*", "/ *") for line in lines)
    return "\n".join(["/*", *(f" * {line}".rstrip() for line in cleaned), " */\n"])


def float32(value: float) -> str:
    """Write a float32 so that reading gives the same bits."""
    text = f"{np.float32(value):.9g}"
    return f"{text}f" if any(c in text for c in ".e") else f"{text}.0f"


def hex_float(value: float) -> str:
    """Write a float32 in hexadecimal, so that no reading of a decimal enters the results."""
    mantissa, exponent = float(np.float32(value)).hex().split("p")
    return f"{mantissa.rstrip('0').rstrip('.')}p{exponent}f"


def _wrapped(texts: list[str]) -> str:
    lines, line = [], ""
    for text in texts:
        if len(line) + len(text) + 2 > LINE_LENGTH:
            lines.append(line)
            line = ""
        line += f"{' ' if line else '    '}{text},"
    return "\n".join([*lines, line])
