"""Builds fuzz targets under the sanitizers, and feeds them inputs that their numbers determine."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from acoustic.export.compilers import SANITIZER_FLAGS, STRICT_FLAGS, compile_c, host_compiler
from acoustic.export.content import Content

HERE = Path(__file__).parent / "fuzzing"
INPUTS = int(os.environ.get("ACOUSTIC_FUZZ_INPUTS", "100"))
"""Fed to each target; a long search sets many more."""
INPUTS_A_RUN = 20_000
RUN_TIMEOUT_S = 3000


def build_target(target: Path, sources: Sequence[Path], folder: Path, *, include: Sequence[Path] = ()) -> Path:
    """Compile a target, which defines ``fuzz_drive``, with all that it calls."""
    compiler = host_compiler()
    if compiler is None:
        pytest.skip("needs a C compiler: apt-get install gcc libc6-dev")
    program = folder / f"fuzz-{target.stem}"
    compile_c(
        compiler,
        [target, HERE / "fuzz.c", HERE / "main.c", *sources],
        program,
        flags=[*STRICT_FLAGS, *SANITIZER_FLAGS, "-O1"],
        include=[folder, HERE, *include],
    )
    return program


def write_content(content: Content, folder: Path) -> list[Path]:
    """Write the C of an export as it leaves, and return the sources."""
    for name, text in content.sources.items():
        (folder / name).write_text(text, encoding="utf-8")
    return sorted(folder.glob("*.c"))


def feed(program: Path, n_inputs: int = INPUTS) -> int:
    """Feed inputs from number 0 on, and return how much the target told. Fails with the input that stops it."""
    told = 0
    for first in range(0, n_inputs, INPUTS_A_RUN):
        count = min(INPUTS_A_RUN, n_inputs - first)
        done = subprocess.run(
            [program, str(first), str(count)], capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False
        )
        assert done.returncode == 0, f"{program.name}: {done.stderr[-4000:]}"
        told += int(done.stdout)
    return told
