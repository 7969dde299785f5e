"""Programs that replay inputs through a generated network, on the PC and on emulated boards alike."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ExportError
from acoustic.export.compilers import STRICT_FLAGS, compile_c, host_compiler
from acoustic.export.network import KERNEL_FOLDER, NetworkSource
from acoustic.export.qemu.boards import Board
from acoustic.export.qemu.emulator import RUNTIME, BoardProgram, build

RUN_REGION = 0
"""Of the instructions that a run takes."""


def replay_sources(source: NetworkSource, folder: Path) -> list[Path]:
    """Write a network and a program that reads all inputs of a run, runs, and writes all outputs, to the end."""
    name, upper = source.name, source.name.upper()
    reads = [
        f"        if (board_read({name}_input_{n}(), {upper}_INPUT_{n}_BYTES) != {upper}_INPUT_{n}_BYTES) {{\n"
        f"            return 0;\n        }}"
        for n in source.loop.inputs
    ]
    writes = [f"        board_write({name}_output_{n}(), {upper}_OUTPUT_{n}_BYTES);" for n in source.loop.outputs]
    main = "\n".join(
        [
            f'#include "board.h"\n#include "{name}.h"\n\nint program_main(void)\n{{',
            *([f"    {name}_reset();"] if source.loop.states else []),
            "    for (;;) {",
            *reads,
            f"        board_region_start();\n        {name}_run();\n        board_region_stop({RUN_REGION});",
            *writes,
            "    }\n}\n",
        ]
    )
    path = folder / f"{name}_replay.c"
    path.write_text(main, encoding="utf-8")
    return [path, *source.write(folder)]


def build_for_board(source: NetworkSource, board: Board, folder: Path) -> BoardProgram:
    """Compile the replay for a board."""
    sources = replay_sources(source, folder)
    return build(board, sources, folder, include=[folder, KERNEL_FOLDER], name=f"{source.name}_{board.name}")


def run_on_host(source: NetworkSource, folder: Path, inputs: bytes, flags: Sequence[str] = STRICT_FLAGS) -> bytes:
    """Compile the replay with this machine's compiler and run it.

    Raises
    ------
    ExportError
        If there is no compiler, it refuses the sources, or the program fails.
    """
    compiler = host_compiler()
    if compiler is None:
        raise ExportError("there is no C compiler on this machine")
    sources = [*replay_sources(source, folder), RUNTIME / "host.c"]
    program = folder / f"{source.name}_host"
    compile_c(compiler, sources, program, flags=flags, include=[folder, KERNEL_FOLDER, RUNTIME])
    done = subprocess.run([program.absolute()], input=inputs, capture_output=True, check=False, timeout=600)
    if done.returncode:
        message = done.stderr.decode(errors="replace")[-2000:]
        raise ExportError(f"{program.name} fails with exit code {done.returncode}: {message}")
    return done.stdout


def interleaved(arrays: Sequence[NDArray[np.int8]]) -> bytes:
    """Bytes of one run after the other: of each run all its arrays."""
    return np.concatenate([array.reshape(len(array), -1) for array in arrays], axis=1).tobytes()
