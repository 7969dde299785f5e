"""Constants of the front end as C source, for flash."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ExportError

_C_TYPES = {"float32": "float", "uint16": "uint16_t", "int16": "int16_t"}
_LINE_LENGTH = 120


class CTables:
    """C definitions of structures and of the arrays they point to; equal arrays are written once.

    Floats are written in hexadecimal, so that no compiler's reading of a decimal enters the results.
    """

    def __init__(self) -> None:
        self._arrays: dict[tuple[str, bytes], str] = {}
        self._text: list[str] = []

    def add(self, kind: str, name: str, fields: Mapping[str, NDArray[np.generic] | float | str]) -> None:
        """Define the constant ``name`` of the structure ``kind``.

        Parameters
        ----------
        kind, name : str
        fields : mapping
            Arrays, numbers, and C expressions, by the structure's fields.
        """
        values = [f"    .{field} = {self._value(f'{name}_{field}', value)}," for field, value in fields.items()]
        self._text.append("\n".join([f"const {kind} {name} = {{", *values, "};"]))

    def source(self) -> str:
        """Return everything that was added, in order."""
        return "\n\n".join(self._text) + "\n"

    def _value(self, name: str, value: NDArray[np.generic] | float | str) -> str:
        if isinstance(value, np.ndarray):
            return self._array(name, value)
        return _number(value) if isinstance(value, (int, float)) else value

    def _array(self, name: str, values: NDArray[np.generic]) -> str:
        """Define an array unless its equal is there, and return the name that it has."""
        kind = _C_TYPES.get(str(values.dtype))
        if kind is None:
            raise ExportError(f"{name}: arrays of {values.dtype} cannot be written as C")
        known = self._arrays.setdefault((kind, values.tobytes()), name)
        if known == name:
            numbers = _wrapped([_number(value) for value in values.reshape(-1).tolist()])
            self._text.append(f"static const {kind} {name}[{values.size}] = {{\n{numbers}\n}};")
        return known


def _number(value: float) -> str:
    """Integer as it is, float in hexadecimal without idle zeros."""
    if isinstance(value, int):
        return str(value)
    mantissa, exponent = value.hex().split("p")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}p{exponent}f"


def _wrapped(numbers: list[str]) -> str:
    lines, line = [], "   "
    for number in numbers:
        if len(line) + len(number) + 2 > _LINE_LENGTH:
            lines.append(line)
            line = "   "
        line += f" {number},"
    return "\n".join([*lines, line])
