"""The C99 core: the arithmetic as it leaves for microcontrollers, and the copy of it that Python computes with.

Python's copy is optional. Where it was built (:mod:`acoustic.native.build`), the front end is computed by it, else by
NumPy: the bytes are the same. An application may have a library of its own, the core with the application's C. The
environment variable ``ACOUSTIC_NATIVE=0`` switches all of them off.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Literal

from acoustic.native.build import HERE, applications, digest

Backend = Literal["numpy", "compiled"]
_chosen: ContextVar[Backend | None] = ContextVar("backend", default=None)

#: Version of the arithmetic that the C sources implement.
ARITHMETIC_VERSION = 1


def core(home: Path | None = None) -> ctypes.CDLL | None:
    """Return the compiled core, or that of an application's folder ``csrc``; None where NumPy has to compute."""
    return _search(home or HERE)[0] if backend() == "compiled" else None


def homes() -> list[Path]:
    """Folders that have libraries: the core's, then those of the installed applications."""
    packages = {entry.module.rpartition(".")[0] for entry in entry_points(group="acoustic.applications")}
    roots = set()
    for package in packages:
        with suppress(ImportError, ValueError):  # one that is broken has none
            roots.add(Path(str(files(package))).parent)
    return [HERE, *(home for root in sorted(roots) for home in applications(root))]


def backend() -> Backend:
    """Return what computes whatever is made now: as :func:`computing_with` or the environment says."""
    return _chosen.get() or ("numpy" if os.environ.get("ACOUSTIC_NATIVE") == "0" else "compiled")


@contextmanager
def computing_with(backend: Backend) -> Iterator[None]:
    """Choose the backend of whatever is made within this, in this thread; the bytes are the same."""
    token = _chosen.set(backend)
    try:
        yield
    finally:
        _chosen.reset(token)


def status(home: Path | None = None) -> str:
    """Return one line about who computes the front end, or an application."""
    if backend() == "numpy":
        return "NumPy: the compiled core is switched off by ACOUSTIC_NATIVE=0"
    return _search(home or HERE)[1]


@lru_cache
def _search(folder: Path) -> tuple[ctypes.CDLL | None, str]:
    """Find the widest core that fits this processor, and say what was found."""
    library, complaint = load(folder / "_core.so")
    if library is not None and library.acoustic_cpu_has_avx2():
        wider, _ = load(folder / "_core_avx2.so")
        library = wider or library
    if library is None:
        return None, f"NumPy: {complaint}"
    lanes = library.acoustic_core_lanes()
    return library, f"compiled core, {lanes} frames side by side" if lanes > 1 else "compiled core, frame by frame"


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
    if found != digest(path.parent):
        return None, "the compiled core is older than its sources"
    if library.acoustic_core_arithmetic() != ARITHMETIC_VERSION or not library.acoustic_core_rounds_twice():
        return None, "the compiled core computes with another arithmetic"
    return library, ""
