"""Where a program's flash and memory go, read from its symbols."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from acoustic.errors import ExportError
from acoustic.export.qemu.emulator import BoardProgram
from acoustic.records import About

TIMEOUT_S = 120
NETWORK = "network"
OTHERS = "start-up, C library, driver"
"""Part of all that the firmware does not hold itself."""


@dataclass(frozen=True, kw_only=True)
class FlashPart:
    """What one part of the firmware takes of the flash."""

    part: str
    code_bytes: int
    weight_bytes: Annotated[int, About("Weights, biases and scales of networks.")]
    table_bytes: Annotated[int, About("Other constants, and initial values of variables.")]

    @property
    def total_bytes(self) -> int:
        """All of it."""
        return self.code_bytes + self.weight_bytes + self.table_bytes


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A variable that stays in memory."""

    name: str
    part: Annotated[str, About("Of the firmware, that it belongs to.")]
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """Static memory of a linked program; the stack is measured, not read."""

    flash: tuple[FlashPart, ...]
    ram: tuple[Variable, ...]
    """Largest first."""


def footprint(program: BoardProgram, parts: Mapping[str, str]) -> Footprint:
    """Read the symbols of a program that was built with ``-g``.

    Parameters
    ----------
    program : BoardProgram
    parts : mapping
        Name of a source file to the part that it belongs to; ``network`` holds weights. Files that are not named
        are of the program that drives the firmware here.

    Raises
    ------
    ExportError
        If nm is missing or cannot read the program.
    """
    flash: dict[str, list[int]] = {}
    ram = []
    for symbol in _symbols(program):
        part = parts.get(symbol.file, OTHERS)
        row = flash.setdefault(part, [0, 0, 0])
        if symbol.section in (".data", ".bss"):
            ram.append(Variable(name=symbol.name, part=part, bytes=symbol.bytes))
        if symbol.section != ".bss":
            row[0 if symbol.is_function else 1 if part == NETWORK else 2] += symbol.bytes
    named = sum(map(sum, flash.values()))
    # Vectors, literals without a name, and what alignment leaves empty.
    flash.setdefault(OTHERS, [0, 0, 0])[0] += program.flash_bytes - named
    rows = (
        FlashPart(part=part, code_bytes=code, weight_bytes=weights, table_bytes=tables)
        for part, (code, weights, tables) in flash.items()
        if code or weights or tables
    )
    return Footprint(
        flash=tuple(sorted(rows, key=lambda row: -row.total_bytes)),
        ram=tuple(sorted(ram, key=lambda buffer: (-buffer.bytes, buffer.name))),
    )


@dataclass(frozen=True)
class _Symbol:
    name: str
    bytes: int
    is_function: bool
    section: str
    file: str
    """That it is defined in, without its folder."""


def _symbols(program: BoardProgram) -> list[_Symbol]:
    """Everything with a name that takes room."""
    command = [f"{program.board.prefix}nm", "--format=sysv", "--line-numbers", "--defined-only", str(program.path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise ExportError(f"{program.board.name}: the symbols cannot be read: {error}") from error
    found = []
    for line in done.stdout.splitlines():
        columns = line.split("|")
        if len(columns) == 7 and (size := columns[4].strip()):
            section, _, place = columns[6].partition("\t")
            file = Path(place.rpartition(":")[0]).name
            found.append(_Symbol(columns[0].strip(), int(size, 16), columns[3].strip() == "FUNC", section, file))
    return found
