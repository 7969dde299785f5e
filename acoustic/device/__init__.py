"""The C99 core: the arithmetic as it leaves for microcontrollers, and the copy of it that Python computes with.

Python's copy is optional. Where it was built (:mod:`acoustic.device.build`), the front end is computed by it, else by
NumPy: the bytes are the same. The environment variable ``ACOUSTIC_NATIVE=0`` switches it off.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from acoustic.device.build import HERE, digest

#: Version of the arithmetic that the C sources implement.
ARITHMETIC_VERSION = 1


def core() -> ctypes.CDLL | None:
    """Return the compiled core, or None where NumPy has to compute."""
    return _search(HERE)[0] if os.environ.get("ACOUSTIC_NATIVE") != "0" else None


@contextmanager
def switched_off() -> Iterator[None]:
    """Within this, whatever is made computes with NumPy alone."""
    before = os.environ.get("ACOUSTIC_NATIVE")
    os.environ["ACOUSTIC_NATIVE"] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ["ACOUSTIC_NATIVE"]
        else:
            os.environ["ACOUSTIC_NATIVE"] = before


def status() -> str:
    """One line about who computes the front end."""
    if os.environ.get("ACOUSTIC_NATIVE") == "0":
        return "NumPy: the compiled core is switched off by ACOUSTIC_NATIVE=0"
    return _search(HERE)[1]


@lru_cache(maxsize=1)
def _search(folder: Path) -> tuple[ctypes.CDLL | None, str]:
    """Find the widest core that fits this processor, and say what was found."""
    library, complaint = load(folder / "_core.so")
    if library is not None and library.acoustic_cpu_has_avx2():
        wider, _ = load(folder / "_core_avx2.so")
        library = wider or library
    if library is None:
        return None, f"NumPy: {complaint}"
    return library, f"compiled core, {library.acoustic_core_lanes()} frames side by side"


def load(path: Path) -> tuple[ctypes.CDLL | None, str]:
    """Load a compiled core, or say why not."""
    if not path.is_file():
        return None, "the compiled core was not built"
    try:
        library = ctypes.CDLL(str(path))
        library.acoustic_core_digest.restype = ctypes.c_char_p
        found = library.acoustic_core_digest().decode()
    except (OSError, AttributeError) as error:
        return None, f"the compiled core cannot be loaded ({error})"
    if found != digest():
        return None, "the compiled core is older than its sources"
    if library.acoustic_core_arithmetic() != ARITHMETIC_VERSION or not library.acoustic_core_rounds_twice():
        return None, "the compiled core computes with another arithmetic"
    return library, ""
