"""Build a C program for a board, run it in QEMU, and read what it wrote and counted."""

from __future__ import annotations

import shutil
import string
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np

from acoustic.errors import ExportError
from acoustic.export.compilers import STRICT_FLAGS, compile_c
from acoustic.export.qemu.boards import Board
from acoustic.records import About

RUNTIME = Path(__file__).parent / "runtime"
_SECTIONS = ("-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections")
_FAULT_CODE = 125  # as in the start-up code


@dataclass(frozen=True, kw_only=True)
class BoardProgram:
    """A program built for a board."""

    board: Board
    path: Path
    flash_bytes: int
    """Code, constants and initial values, all of the program."""
    ram_bytes: int
    """Static memory, without the stack."""


@dataclass(frozen=True, kw_only=True)
class Region:
    """Instructions that a program spent between the marks of one region."""

    calls: int
    instructions: Annotated[int, About("Of all calls together.")]
    most_instructions: Annotated[int, About("Of the longest call.")]


@dataclass(frozen=True, kw_only=True)
class BoardRun:
    """What a run left."""

    output: bytes
    regions: Mapping[int, Region]
    """By number; only those that were entered."""
    stack_bytes: int
    """High-water mark (0 to 16 KiB), the program's main function included."""


def missing_tool(board: Board) -> str | None:
    """Name of a program that building or running for the board would need and that is not there."""
    for program in (f"{board.prefix}gcc", f"{board.prefix}size", board.emulator):
        if shutil.which(program) is None:
            return program
    return None


def build(
    board: Board,
    sources: Sequence[Path],
    folder: Path,
    *,
    include: Sequence[Path] = (),
    flags: Sequence[str] = (),
    name: str = "program",
) -> BoardProgram:
    """Compile C sources, which define ``program_main`` of ``board.h``, into ``folder``.

    Parameters
    ----------
    board : Board
    sources : sequence of Path
        All C sources of the program but the board's own.
    folder : Path
        Where linker script and program are written.
    include : sequence of Path
        Folders of headers.
    flags : sequence of str
        More flags for the compiler, such as ``-DNAME=1``; they come after ``STRICT_FLAGS``.
    name : str
        Of the program's file.

    Raises
    ------
    ExportError
        If the compiler is missing or refuses the sources.
    """
    missing = missing_tool(board)
    if missing:
        raise ExportError(f"{board.name}: {missing} is not installed")
    script = folder / f"{name}.ld"
    script.write_text(linker_script(board), encoding="utf-8")
    path = folder / f"{name}.elf"
    start = RUNTIME / ("start_riscv.c" if board.is_riscv else "start_arm.c")
    compile_c(
        [f"{board.prefix}gcc"],
        [start, RUNTIME / "board.c", *sources],
        path,
        flags=[*board.flags, *STRICT_FLAGS, *_SECTIONS, *flags, "-T", str(script)],
        include=[*include, RUNTIME, *([RUNTIME / "no_libc"] if board.is_riscv else [])],
        libraries=board.libraries,
    )
    size = subprocess.run([f"{board.prefix}size", path], capture_output=True, text=True, check=True, timeout=60)
    text, data, bss = (int(word) for word in size.stdout.splitlines()[1].split()[:3])
    return BoardProgram(board=board, path=path, flash_bytes=text + data, ram_bytes=data + bss)


def run(program: BoardProgram, input_bytes: bytes, *, timeout_s: float = 300.0) -> BoardRun:
    """Run a program to its end.

    Parameters
    ----------
    program : BoardProgram
    input_bytes : bytes
        What ``board_read`` gives.
    timeout_s : float
        Of real time.

    Raises
    ------
    ExportError
        If the program does not end, faults, or returns anything but 0.
    """
    board = program.board
    with tempfile.TemporaryDirectory(prefix="acoustic-qemu-") as name:
        folder = Path(name)
        (folder / "input.bin").write_bytes(input_bytes)
        bios = ["-bios", "none"] if board.is_riscv else []
        command = [
            *(board.emulator, "-M", board.machine, *bios, "-kernel", str(program.path.absolute())),
            *("-display", "none", "-monitor", "none", "-serial", "none", "-audiodev", "none,id=none"),
            *("-semihosting-config", "enable=on,target=native", "-icount", f"shift={board.icount_shift}"),
        ]
        try:
            done = subprocess.run(
                command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ExportError(f"{board.name}: {board.emulator} does not end: {error}") from error
        if done.returncode:
            reason = "the program faulted" if done.returncode == _FAULT_CODE else f"exit code {done.returncode}"
            raise ExportError(f"{board.name}: {reason} {done.stderr.decode(errors='replace')[-1000:]}".rstrip())
        report = np.frombuffer((folder / "regions.bin").read_bytes(), "<u8")
        return BoardRun(
            output=(folder / "output.bin").read_bytes(),
            regions=_regions(report[1:].reshape(-1, 3), board),
            stack_bytes=int(report[0]),
        )


def _regions(rows: np.ndarray, board: Board) -> dict[int, Region]:
    per_tick = board.tick_ns / 2**board.icount_shift
    return {
        number: Region(
            calls=int(calls),
            instructions=round(int(ticks) * per_tick),
            most_instructions=round(int(most_ticks) * per_tick),
        )
        for number, (calls, ticks, most_ticks) in enumerate(rows)
        if calls
    }


def linker_script(board: Board) -> str:
    """Text of the script that lays a program out in a board's memory."""
    template = string.Template((RUNTIME / "program.ld").read_text(encoding="utf-8"))
    return template.substitute(
        entry="board_entry" if board.is_riscv else "board_reset",
        flash_at=hex(board.flash[0]),
        flash_bytes=hex(board.flash[1]),
        ram_at=hex(board.ram[0]),
        ram_bytes=hex(board.ram[1]),
        # The emulator loads a RISC-V program's initial values in place; on an Arm the start-up code copies them.
        data_load="" if board.is_riscv else "AT > FLASH",
    )
