"""What firmware costs on an emulated board: flash, memory, stack and instructions."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from acoustic.export.chains import program as chains
from acoustic.export.content import Content
from acoustic.export.footprint import NETWORK, FlashPart, Variable, footprint
from acoustic.export.network import KERNEL_FOLDER
from acoustic.export.parity import APPLICATION, random_inputs
from acoustic.export.qemu.boards import Board
from acoustic.export.qemu.emulator import BoardProgram, BoardRun, build, run
from acoustic.export.replay import interleaved, replay_sources
from acoustic.firmware import Firmware
from acoustic.records import About

BLOCK_MS = 10
"""Length of the blocks that a microphone gives in the measurement."""
MEASURED_S = 30
NETWORK_RUNS = 2
_DEBUG = ("-g",)  # tells the source file of each symbol and changes no instruction


@dataclass(frozen=True, kw_only=True)
class BoardCost:
    """What a model costs on one board. Instructions are counted, not estimated."""

    target: str
    processor: str
    flash_bytes: Annotated[int, About("Of the whole program, start-up code included.")]
    flash: tuple[FlashPart, ...]
    ram_bytes: Annotated[int, About("Static memory and the stack's high-water mark, a block of samples included.")]
    ram: tuple[Variable, ...]
    stack_bytes: int
    instructions_per_second: Annotated[int | None, About("Of sound, on average; None for a network alone.")]
    instructions_per_block: Annotated[int | None, About("Of BLOCK_MS of sound, on average.")]
    most_instructions: Annotated[int | None, About("Of the most expensive block.")]
    instructions_per_inference: Annotated[Mapping[str, int], About("By network.")]


def measure(
    content: Content, board: Board, sources: Path, work: Path, inferences: Mapping[str, int] | None = None
) -> BoardCost:
    """Build a model for a board, run it, and read what it took.

    Parameters
    ----------
    content : Content
    board : Board
        Whose compiler and emulator are installed.
    sources : Path
        Folder of the exported C.
    work : Path
        An empty folder for programs; it is left full.
    inferences : mapping, optional
        Instructions of an inference by network, where they are known.

    Raises
    ------
    ExportError
        If a program cannot be built or does not end.
    """
    seconds = None
    if content.firmware:
        program, outcome, seconds = _run_chain(content.firmware, board, sources, work / "chain")
    else:
        program, outcome = _run_network(content, board, work)
    region = outcome.regions[0]
    found = footprint(program, _parts(content))
    return BoardCost(
        target=board.name,
        processor=board.processor,
        flash_bytes=program.flash_bytes,
        flash=found.flash,
        ram_bytes=program.ram_bytes + outcome.stack_bytes,
        ram=found.ram,
        stack_bytes=outcome.stack_bytes,
        instructions_per_second=round(region.instructions / seconds) if seconds else None,
        instructions_per_block=region.instructions // region.calls if seconds else None,
        most_instructions=region.most_instructions if seconds else None,
        instructions_per_inference=dict(inferences or {}),
    )


def _run_chain(firmware: Firmware, board: Board, sources: Path, folder: Path) -> tuple[BoardProgram, BoardRun, float]:
    """Push sound as a microphone would; also returns how many seconds of it."""
    shutil.copytree(sources, folder)
    (folder / APPLICATION).write_text(firmware.replay, encoding="utf-8")
    files = [chains.HERE / "replay.c", *sorted(folder.glob("*.c"))]
    n_block = firmware.rate_hz * BLOCK_MS // 1000
    flags = [*_DEBUG, f"-DREPLAY_BLOCK={n_block}"]
    program = build(board, files, folder, include=[folder, *chains.INCLUDE], flags=flags, name="plain")
    pcm = firmware.example_pcm[: MEASURED_S * firmware.rate_hz]
    blocks = chains.equal_blocks(len(pcm), n_block)
    _, outcome = chains.replay_on_board(program, pcm, blocks, firmware.stages)
    return program, outcome, len(pcm) / firmware.rate_hz


def _run_network(content: Content, board: Board, work: Path) -> tuple[BoardProgram, BoardRun]:
    ((name, source),) = content.network_sources.items()
    files = replay_sources(source, work)
    program = build(board, files, work, include=[work, KERNEL_FOLDER], flags=_DEBUG, name=name)
    return program, run(program, interleaved(random_inputs(content.runtimes[name], NETWORK_RUNS)))


def _parts(content: Content) -> dict[str, str]:
    """Part of the firmware that each source file belongs to."""
    own = set(content.firmware.sources) if content.firmware else set()
    networks = {f"{name}{end}" for name in content.networks for end in (".c", ".h")}
    kernels = {path.name for path in KERNEL_FOLDER.iterdir()}
    return {APPLICATION: "application"} | {
        name: "application" if name in own else NETWORK if name in networks | kernels else "front end"
        for name in content.sources
    }
