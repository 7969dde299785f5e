"""C text of structures that hold what a bundle knows."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from acoustic.export import c_text
from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.device_tables import log_mel_fields


def structure(kind: str, name: str, fields: Mapping[str, Any]) -> str:
    """Define a constant structure, with the arrays that it points to.

    Parameters
    ----------
    kind : str
        Type of the structure.
    name : str
        Its name; an array's is ``<name>_<field>``.
    fields : mapping
        Whole numbers, float32, arrays, tuples of whole numbers or of float32 for arrays within the structure, and
        texts, which are taken for C.
    """
    arrays = {field: value for field, value in fields.items() if isinstance(value, np.ndarray)}
    members = {field: f"{name}_{field}" if field in arrays else _expression(value) for field, value in fields.items()}
    written = [c_text.array(f"{name}_{field}", values) for field, values in arrays.items()]
    return "\n".join([*written, f"const {kind} {name} = {c_text.initialiser(members)};\n"])


def _expression(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return f"{{{', '.join(map(_expression, value))}}}"
    return str(int(value)) if isinstance(value, int | np.integer) else c_text.hex_float(value)


def log_mel(name: str, fe: FrontEnd) -> str:
    """Define the front end ``const acoustic_log_mel <name>``."""
    return structure("acoustic_log_mel", name, log_mel_fields(fe))
