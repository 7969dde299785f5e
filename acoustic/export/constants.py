"""Constant structures of the C core, with the arrays they point to, for flash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.export import c_text


class Constants:
    """C definitions of structures; equal arrays are written once."""

    def __init__(self) -> None:
        self._arrays: dict[tuple[str, bytes], str] = {}
        self._texts: list[str] = []

    def add(self, kind: str, name: str, fields: Mapping[str, Any]) -> None:
        """Define the constant ``name`` of the structure ``kind``, field by field: arrays, integers and float32.

        Raises
        ------
        ParameterError
            When the name cannot begin a C symbol.
        """
        c_text.check_identifier(name)
        values = {field: self._value(f"{name}_{field}", value) for field, value in fields.items()}
        self._texts.append(f"const {kind} {name} = {c_text.initialiser(values)};\n")

    def source(self) -> str:
        """Return everything that was added, in order."""
        return "\n".join(self._texts)

    def _value(self, name: str, value: Any) -> str:
        if isinstance(value, np.ndarray):
            return self._array(name, value)
        return str(value) if isinstance(value, int) else c_text.hex_float(value)

    def _array(self, name: str, values: NDArray[np.generic]) -> str:
        """Define an array unless its equal is there, and return the name that it has."""
        known = self._arrays.setdefault((values.dtype.name, values.tobytes()), name)
        if known == name:
            self._texts.append(c_text.array(name, values))
        return known
