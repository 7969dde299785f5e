"""C text of constants: what a bundle knows, as it lies in flash."""

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.device_tables import log_mel_fields

_TYPES = {"float32": "float"}
"""Of C, by the name of NumPy's; whole numbers are called alike but for C's ``_t``."""


def number(value: np.number[Any] | int | float) -> str:
    """Literal of a number: NumPy's and Python's whole numbers as they are, others as hexadecimal float32.

    Nothing is lost in it and no compiler's reading of decimals enters.
    """
    if isinstance(value, int | np.integer):
        return str(int(value))
    return f"{float(np.float32(value)).hex()}f"


def array(name: str, values: NDArray[Any]) -> str:
    """Definition of a constant array with internal linkage, flattened in C order."""
    kind = _TYPES.get(values.dtype.name) or f"{values.dtype.name}_t"
    literals = textwrap.fill(
        ", ".join(map(number, values.ravel())), 116, initial_indent="    ", subsequent_indent="    "
    )
    return f"static const {kind} {name}[{values.size}] = {{\n{literals},\n}};\n"


def structure(kind: str, name: str, fields: Mapping[str, Any]) -> str:
    """Definition of a constant structure, with the arrays that it points to.

    Parameters
    ----------
    kind : str
        Type of the structure.
    name : str
        Its name; an array's is ``<name>_<field>``.
    fields : mapping
        Numbers, arrays, and texts, which are taken for C.
    """
    arrays = {field: value for field, value in fields.items() if isinstance(value, np.ndarray)}
    written = [array(f"{name}_{field}", values) for field, values in arrays.items()]
    values = {
        field: f"{name}_{field}" if field in arrays else value if isinstance(value, str) else number(value)
        for field, value in fields.items()
    }
    body = "".join(f"    .{field} = {value},\n" for field, value in values.items())
    return "\n".join([*written, f"const {kind} {name} = {{\n{body}}};\n"])


def log_mel(name: str, fe: FrontEnd) -> str:
    """Definition of the front end ``const acoustic_log_mel <name>``."""
    return structure("acoustic_log_mel", name, log_mel_fields(fe))
