"""Compiles the C99 core for Python: ``python -m acoustic.device`` in a checkout, by itself at installation.

Without a C compiler nothing is built, and Python computes the same bytes with NumPy, more slowly. Only the standard
library is imported: this also runs before anything is installed.
"""

import hashlib
import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
#: Each operation rounds once: bytes depend on ``-ffp-contract=off``.
ARITHMETIC_FLAGS = ("-std=c99", "-ffp-contract=off", "-fno-math-errno")
#: How Python's copy differs from firmware: kernels read the weights in the order that Python gives them.
PYTHON_FLAGS = ("-O3", "-shared", "-fPIC", "-DACOUSTIC_NN_PORTABLE")


def sources() -> list[Path]:
    """C files of the core as it leaves for firmware, without what only Python needs."""
    return sorted(HERE.rglob("acoustic_*.c"))


def digest() -> str:
    """SHA-256 (hex) of everything that is compiled."""
    total = hashlib.sha256()
    for path in sorted(HERE.rglob("*.[ch]")):
        total.update(path.read_bytes())
    return total.hexdigest()


def compiler() -> str | None:
    """Path of the C compiler: that of the environment variable ``CC``, or else the first of the usual names."""
    return next(filter(None, map(shutil.which, [os.environ.get("CC", "cc"), "gcc", "clang"])), None)


def variants() -> dict[str, tuple[str, ...]]:
    """Names of the libraries to build, and the flags that tell them apart."""
    libraries: dict[str, tuple[str, ...]] = {"_core": ("-DACOUSTIC_LANES=4",)}
    if sysconfig.get_platform().endswith("x86_64"):
        libraries["_core_avx2"] = ("-DACOUSTIC_LANES=8", "-mavx2")
    return libraries


def build(folder: Path = HERE) -> list[Path]:
    """Compile the libraries into a folder.

    Returns
    -------
    list of Path
        What was built: nothing where there is no compiler, or none that can.
    """
    command = compiler()
    if command is None:
        return []
    built = []
    for name, flags in variants().items():
        with tempfile.TemporaryDirectory() as work:
            made = Path(work) / f"{name}.so"
            options = [*ARITHMETIC_FLAGS, *PYTHON_FLAGS, f'-DACOUSTIC_DIGEST="{digest()}"', *flags]
            files: list[str | Path] = ["-o", made, *sorted(HERE.rglob("_*.c")), *sources()]
            result = subprocess.run([command, *options, *files], capture_output=True)
            if result.returncode == 0:
                built.append(_put(made, folder / made.name))
    return built


def _put(made: Path, place: Path) -> Path:
    """Move a file whole: a running Python may have its predecessor loaded."""
    beside = place.with_suffix(f".{os.getpid()}")
    shutil.copyfile(made, beside)
    return beside.replace(place)
