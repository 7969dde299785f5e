"""The proof of an export: the same bytes from Python, the C on this machine, TensorFlow Lite Micro and boards."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ExportError
from acoustic.export import proof
from acoustic.export.chains import program as chains
from acoustic.export.compilers import host_compiler
from acoustic.export.content import Content
from acoustic.export.proof import Comparison, compare, not_proven
from acoustic.export.qemu.boards import Board
from acoustic.export.qemu.emulator import missing_tool
from acoustic.firmware import Firmware
from acoustic.model.runtime import Network
from acoustic.native import computing_with, core

BLOCKS = (1, 480, 7, 1600, 333, 4096)
"""Sizes of the blocks that sound is pushed in, over and over: the bytes may not depend on them."""
RANDOM_INPUTS = 1000
APPLICATION = "application_replay.c"
"""File that drives the application in the proof."""
CHAIN = "chain"
"""Stage of what could not be proven of a whole application."""

NetworkCosts = dict[str, dict[str, proof.Cost]]
"""By name of the network, and of the board."""


def n_steps(content: Content, boards: Sequence[Board]) -> int:
    """How often :func:`prove` advances."""
    return (2 + len(boards) if content.firmware else 0) + len(content.networks)


def prove(
    content: Content, boards: Sequence[Board], sources: Path, work: Path, advance: Callable[[float], None]
) -> tuple[list[Comparison], NetworkCosts]:
    """Replay sound and random inputs through everything that is installed.

    Parameters
    ----------
    content : Content
    boards : sequence of Board
        Those to prove it on.
    sources : Path
        Folder of the exported C.
    work : Path
        An empty folder for programs; it is left full.
    advance : callable
        Called with 1 for each step done.

    Raises
    ------
    ExportError
        If a byte differs, or a program does not compile or end.
    """
    found: list[Comparison] = []
    costs: NetworkCosts = {}
    if content.firmware:
        chain = _Chain(content.firmware, sources, work / CHAIN)
        steps: list[Callable[[], list[Comparison]]] = [chain.extension, chain.host]
        steps += [partial(chain.board, board) for board in boards]
        for step in steps:
            found += equal(step())
            advance(1)
    for name, network in content.runtimes.items():
        folder = work / name
        folder.mkdir()
        inputs, source = random_inputs(network, RANDOM_INPUTS), content.network_sources[name]
        with computing_with("numpy"):
            compared, measured = proof.prove_network(
                network, content.networks[name], source, inputs, folder, boards=boards
            )
        found += equal([replace(comparison, stage=name) for comparison in compared])
        costs[name] = {cost.target: cost for cost in measured}
        advance(1)
    return found, costs


def equal(comparisons: list[Comparison]) -> list[Comparison]:
    """Give comparisons back if no byte differs.

    Raises
    ------
    ExportError
        At the first one of which some do; the message says where.
    """
    for comparison in comparisons:
        if comparison.differing_bytes:
            raise ExportError(
                f"{comparison.target} does not give Python's bytes: {comparison.differing_bytes:,} of "
                f"{comparison.bytes:,} differ in {comparison.stage}, {comparison.note}. Nothing was exported; "
                "please report this"
            )
    return comparisons


class _Chain:
    """The whole application: from PCM to events."""

    def __init__(self, firmware: Firmware, sources: Path, folder: Path) -> None:
        self.firmware, self.folder = firmware, folder
        shutil.copytree(sources, folder)
        (folder / APPLICATION).write_text(firmware.replay, encoding="utf-8")
        self.sources = [chains.HERE / "replay.c", *sorted(folder.glob("*.c"))]
        self.pcm = firmware.example_pcm
        self.blocks = varied_blocks(len(self.pcm))
        with computing_with("numpy"):
            self.expected = firmware.expected(self.pcm)

    def extension(self) -> list[Comparison]:
        if core() is None:
            return [not_proven("python-extension", CHAIN, "it was not built, Python computes with NumPy")]
        return self._compare("python-extension", self.firmware.expected(self.pcm))

    def host(self) -> list[Comparison]:
        if host_compiler() is None:
            return [not_proven("host-c", CHAIN, "there is no C compiler: install gcc or clang, or set CC")]
        made = []
        for target, sanitized in (("host-c", False), ("host-c-sanitized", True)):
            program = chains.build_on_host(self.sources, self.folder, sanitized=sanitized)
            got = chains.replay_on_host(program, self.pcm, self.blocks, self.firmware.stages)
            made += self._compare(target, got)
        return made

    def board(self, board: Board) -> list[Comparison]:
        if missing := missing_tool(board):
            return [not_proven(board.name, CHAIN, f"{missing} is not installed")]
        folder = self.folder / board.name
        folder.mkdir()
        program = chains.build_on_board(board, self.sources, folder)
        got, _ = chains.replay_on_board(program, self.pcm, self.blocks, self.firmware.stages)
        return self._compare(board.name, got)

    def _compare(self, target: str, got: Mapping[str, bytes]) -> list[Comparison]:
        return [compare(target, stage, wanted, got[stage]) for stage, wanted in self.expected.items()]


def varied_blocks(n_samples: int) -> list[int]:
    """Sizes of blocks, from one sample to many, that make up a signal."""
    blocks: list[int] = []
    rest = n_samples
    for size in cycle(BLOCKS):
        if rest <= size:
            return [*blocks, rest] if rest else blocks
        blocks.append(size)
        rest -= size
    raise AssertionError("a cycle does not end")


def random_inputs(network: Network, count: int) -> list[NDArray[np.int8]]:
    """Make inputs over the whole range, the first two at its ends."""
    rng = np.random.default_rng(0)
    made = []
    for spec in network.inputs:
        values = rng.integers(-128, 127, (count, *spec.shape), dtype=np.int8, endpoint=True)
        values[0], values[1] = -128, 127
        made.append(values)
    return made
