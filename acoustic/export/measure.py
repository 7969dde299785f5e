"""What firmware costs on an emulated board: flash, memory, stack and instructions."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from acoustic.export.chains import program as chains
from acoustic.export.content import Content
from acoustic.export.firmware import Firmware
from acoustic.export.footprint import NETWORK, Buffer, FlashPart, footprint
from acoustic.export.network import KERNEL_FOLDER, NetworkSource
from acoustic.export.parity import random_inputs
from acoustic.export.qemu.boards import Board
from acoustic.export.qemu.emulator import Program, build, run
from acoustic.export.replay import RUN_REGION, interleaved, replay_sources
from acoustic.model.runtime import Network

BLOCK_MS = 10
"""Length of the blocks that a microphone gives in the measurement."""
MEASURED_S = 30
NETWORK_RUNS = 5
_DEBUG = ("-g",)  # tells the source file of each symbol and changes no instruction


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a model costs on one board. Instructions are counted, not estimated."""

    target: str
    core: str
    flash_bytes: int
    """Of the whole program, start-up code included."""
    flash: tuple[FlashPart, ...]
    ram_bytes: int
    """Static memory and the stack's high-water mark, a block of samples included."""
    ram: tuple[Buffer, ...]
    stack_bytes: int
    instructions_per_second: int | None
    """Of sound, on average; None for a network alone."""
    instructions_per_block: int | None
    """Of ``BLOCK_MS`` of sound, on average."""
    most_instructions: int | None
    """Of the most expensive block."""
    instructions_per_inference: Mapping[str, int]
    """By network."""


def measure(content: Content, board: Board, sources: Path, work: Path) -> Cost:
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

    Raises
    ------
    ExportError
        If a program cannot be built or does not end.
    """
    inferences, built = {}, []
    for name, network in content.network_sources.items():
        program = _network_program(network, board, work)
        outcome = run(program, _some_inputs(content.runtimes[name]))
        region = outcome.regions[RUN_REGION]
        inferences[name] = region.instructions // region.calls
        built.append((program, outcome.stack_bytes))
    whole = blocks = most = None
    if content.firmware:
        firmware, folder = content.firmware, work / "whole"
        program = _chain_program(firmware, board, sources, folder)
        pcm = firmware.example_pcm[: MEASURED_S * firmware.rate_hz]
        n_block = firmware.rate_hz * BLOCK_MS // 1000
        _, outcome = chains.replay_on_board(program, pcm, chains.equal_blocks(len(pcm), n_block), firmware.stages)
        region = outcome.regions[0]
        whole = round(region.instructions * firmware.rate_hz / len(pcm))
        blocks, most = region.instructions // region.calls, region.most_instructions
        built = [(program, outcome.stack_bytes)]
    program, stack_bytes = built[0]
    found = footprint(program, _parts(content))
    return Cost(
        target=board.name,
        core=board.core,
        flash_bytes=program.flash_bytes,
        flash=found.flash,
        ram_bytes=program.ram_bytes + stack_bytes,
        ram=found.ram,
        stack_bytes=stack_bytes,
        instructions_per_second=whole,
        instructions_per_block=blocks,
        most_instructions=most,
        instructions_per_inference=inferences,
    )


def _chain_program(firmware: Firmware, board: Board, sources: Path, folder: Path) -> Program:
    shutil.copytree(sources, folder)
    (folder / "application_replay.c").write_text(firmware.replay, encoding="utf-8")
    files = [chains.HERE / "replay.c", *sorted(folder.glob("*.c"))]
    flags = [*_DEBUG, f"-DREPLAY_BLOCK={firmware.rate_hz * BLOCK_MS // 1000}"]
    return build(board, files, folder, include=[folder, *chains.INCLUDE], flags=flags, name="plain")


def _network_program(source: NetworkSource, board: Board, work: Path) -> Program:
    folder = work / source.name
    folder.mkdir()
    files = replay_sources(source, folder)
    return build(board, files, folder, include=[folder, KERNEL_FOLDER], flags=_DEBUG, name=source.name)


def _some_inputs(network: Network) -> bytes:
    return interleaved(random_inputs(network, NETWORK_RUNS))


def _parts(content: Content) -> dict[str, str]:
    """Part of the firmware that each source file belongs to."""
    own = set(content.firmware.sources) if content.firmware else set()
    networks = {f"{name}{end}" for name in content.networks for end in (".c", ".h")}
    kernels = {path.name for path in KERNEL_FOLDER.iterdir()}
    return {"application_replay.c": "application"} | {
        name: "application" if name in own else NETWORK if name in networks | kernels else "front end"
        for name in content.sources
    }
