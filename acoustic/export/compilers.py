"""C compilers: the host's own and those for boards, found on the path and called without a shell."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from acoustic.errors import ExportError

STRICT_FLAGS = (
    "-std=c99",
    "-O2",
    "-fno-math-errno",  # a square root is one instruction, not a function of libm
    "-ffp-contract=off",  # a fused multiply-add rounds once where the definition rounds twice
    *("-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wstrict-prototypes", "-Wmissing-prototypes"),
    "-Werror",
)
"""How every C source of the suite must compile."""
SANITIZER_FLAGS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")
COMPILE_TIMEOUT_S = 300


def host_compiler() -> list[str] | None:
    """Command of this machine's C compiler: ``$CC`` if set, else the first of cc, gcc and clang; None without one."""
    chosen = shlex.split(os.environ.get("CC", ""))
    for command in [chosen] if chosen else [["cc"], ["gcc"], ["clang"]]:
        if shutil.which(command[0]):
            return command
    return None


def compile_c(
    compiler: Sequence[str],
    sources: Sequence[Path],
    output: Path,
    *,
    flags: Sequence[str] = STRICT_FLAGS,
    include: Sequence[Path] = (),
    libraries: Sequence[str] = (),
) -> None:
    """Compile and link C sources into a program, or into a shared library where ``flags`` say so.

    Raises
    ------
    ExportError
        If the compiler refuses; the message holds what it said.
    """
    folders = [argument for folder in include for argument in ("-I", str(folder))]
    command = [*compiler, *flags, *folders, "-o", str(output), *map(str, sources), *libraries]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMPILE_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ExportError(f"{compiler[0]} cannot be run: {error}") from error
    if done.returncode:
        raise ExportError(f"{compiler[0]} refuses {', '.join(p.name for p in sources)}:\n{done.stderr[-4000:]}")
