"""Compiles the C99 core for Python: ``python -m acoustic.native`` in a checkout, by itself at installation.

An application that Python runs in C has its own library in its folder ``csrc``: the core with the C of that folder
and, from ``csrc/python``, with what Python asks of it. Without a C compiler nothing is built, and Python computes the
same bytes with NumPy, more slowly. Only the standard library is imported: this also runs before anything is installed.
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


def digest(folder: Path = HERE) -> str:
    """SHA-256 (hex) of everything that is compiled into the libraries of a folder."""
    total = hashlib.sha256()
    for home in _homes(folder):
        for path in sorted(home.rglob("*.[ch]")):
            total.update(path.read_bytes())
    return total.hexdigest()


def _homes(folder: Path) -> list[Path]:
    """Folders whose C is compiled into the libraries of a folder."""
    return [HERE] if folder == HERE else [HERE, folder]


def applications(root: Path) -> list[Path]:
    """Folders ``csrc`` of the applications under a folder whose C Python runs."""
    return sorted(path.parent for path in root.glob("*/csrc/python"))


def compiler() -> str | None:
    """Path of the C compiler: that of the environment variable ``CC``, or else the first of the usual names."""
    return next(filter(None, map(shutil.which, [os.environ.get("CC", "cc"), "gcc", "clang"])), None)


def variants(*, live: bool = False) -> dict[str, tuple[str, ...]]:
    """Names of the libraries to build, and the flags that tell them apart; one that is live takes frame by frame."""
    libraries: dict[str, tuple[str, ...]] = {"_core": (f"-DACOUSTIC_LANES={1 if live else 4}",)}
    if sysconfig.get_platform().endswith("x86_64"):
        libraries["_core_avx2"] = (f"-DACOUSTIC_LANES={1 if live else 8}", "-mavx2")
    return libraries


def build(folder: Path = HERE) -> list[Path]:
    """Compile the libraries into a folder, with the C that lies there.

    Returns
    -------
    list of Path
        What was built: nothing where there is no compiler, or none that can.
    """
    command = compiler()
    if command is None:
        return []
    built = []
    homes = _homes(folder)
    includes = [f"-I{place}" for place in (HERE, HERE / "nn", folder, folder / "python")]
    files = [path for home in homes for pattern in ("_*.c", "acoustic_*.c") for path in sorted(home.rglob(pattern))]
    for name, flags in variants(live=(folder / "python").is_dir()).items():
        with tempfile.TemporaryDirectory() as work:
            made = Path(work) / f"{name}.so"
            options = [*ARITHMETIC_FLAGS, *PYTHON_FLAGS, *includes, f'-DACOUSTIC_DIGEST="{digest(folder)}"', *flags]
            result = subprocess.run([command, *options, "-o", made, *files], capture_output=True)
            if result.returncode == 0:
                built.append(_put(made, folder / made.name))
    return built


def _put(made: Path, place: Path) -> Path:
    """Move a file whole: a running Python may have its predecessor loaded."""
    beside = place.with_suffix(f".{os.getpid()}")
    shutil.copyfile(made, beside)
    return beside.replace(place)
