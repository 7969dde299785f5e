"""The proof of an export: the same bytes from Python, the C on this machine, TensorFlow Lite Micro and boards."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acoustic.device import core
from acoustic.errors import ExportError
from acoustic.export.chains import program as chains
from acoustic.export.compilers import SANITIZER_FLAGS, STRICT_FLAGS, host_compiler
from acoustic.export.content import Content
from acoustic.export.firmware import Firmware
from acoustic.export.network import NetworkSource
from acoustic.export.qemu.boards import Board
from acoustic.export.qemu.emulator import missing_tool, run
from acoustic.export.replay import build_for_board, interleaved, run_on_host
from acoustic.model.runtime import Network

HOST, SANITIZED, EXTENSION, MICRO = "host", "host, sanitized", "python extension", "tflite-micro"
BLOCKS = (1, 480, 7, 1600, 333, 4096)
"""Sizes of the blocks that sound is pushed in, over and over: the bytes may not depend on them."""
RANDOM_INPUTS = 200
BOARD_INPUTS = 20


@dataclass(frozen=True, kw_only=True)
class Check:
    """How the bytes of one stage on one target compare with Python's."""

    target: str
    stage: str
    bytes: int
    differing_bytes: int


@dataclass(frozen=True, kw_only=True)
class Unproven:
    """What was not checked, and why."""

    target: str
    reason: str


Finding = Check | Unproven


def compare(target: str, expected: Mapping[str, bytes], got: Mapping[str, bytes]) -> list[Check]:
    """Compare stage by stage.

    Raises
    ------
    ExportError
        At the first byte that differs; the message says where.
    """
    checks = []
    for stage, wanted in expected.items():
        found = got[stage]
        if found != wanted:
            raise ExportError(_difference(target, stage, wanted, found))
        checks.append(Check(target=target, stage=stage, bytes=len(wanted), differing_bytes=0))
    return checks


def _difference(target: str, stage: str, wanted: bytes, found: bytes) -> str:
    shared = min(len(wanted), len(found))
    a, b = np.frombuffer(wanted, np.uint8, shared), np.frombuffer(found, np.uint8, shared)
    places = np.flatnonzero(a != b)
    count = len(places) + abs(len(wanted) - len(found))
    lengths = "" if len(wanted) == len(found) else f", {len(found):,} bytes instead of {len(wanted):,}"
    at = int(places[0]) if len(places) else shared
    return (
        f"{target} does not give Python's bytes: {stage} differs in {count:,} of {len(wanted):,} bytes{lengths}, "
        f"first at byte {at:,} ({wanted[at : at + 4].hex(' ') or 'nothing'} expected, "
        f"{found[at : at + 4].hex(' ') or 'nothing'} found). Nothing was exported; please report this"
    )


def steps(
    content: Content, boards: Sequence[Board], sources: Path, work: Path
) -> list[Callable[[], Iterator[Finding]]]:
    """Return the checks of an export, each to be called for what it finds.

    Parameters
    ----------
    content : Content
    boards : sequence of Board
        Those to prove it on.
    sources : Path
        Folder of the exported C.
    work : Path
        An empty folder for programs; it is left full.
    """
    made: list[Callable[[], Iterator[Finding]]] = []
    if content.firmware:
        chain = _Chain(content.firmware, sources, work / "chain")
        made += [chain.extension, chain.host, *(partial(chain.board, board) for board in boards)]
    for name, source in content.network_sources.items():
        network = _Network(source, content.runtimes[name], content.networks[name], work / name)
        made += [network.micro, network.host, *(partial(network.board, board) for board in boards)]
    return made


class _Chain:
    """The whole application: from PCM to events."""

    def __init__(self, firmware: Firmware, sources: Path, folder: Path) -> None:
        self.firmware, self.folder = firmware, folder
        shutil.copytree(sources, folder)
        (folder / "application_replay.c").write_text(firmware.replay, encoding="utf-8")
        self.sources = [chains.HERE / "replay.c", *sorted(folder.glob("*.c"))]
        self.pcm = firmware.example_pcm
        with numpy_only():
            self.expected = firmware.expected(self.pcm)

    def extension(self) -> Iterator[Finding]:
        if core() is None:
            yield Unproven(target=EXTENSION, reason="it was not built: Python computes with NumPy")
        else:
            yield from compare(EXTENSION, self.expected, self.firmware.expected(self.pcm))

    def host(self) -> Iterator[Finding]:
        if host_compiler() is None:
            yield _no_compiler()
            return
        for target, sanitized in ((HOST, False), (SANITIZED, True)):
            program = chains.build_on_host(self.sources, self.folder, sanitized=sanitized)
            got = chains.replay_on_host(program, self.pcm, varied_blocks(len(self.pcm)), self.firmware.stages)
            yield from compare(target, self.expected, got)

    def board(self, board: Board) -> Iterator[Finding]:
        if missing := missing_tool(board):
            yield _not_installed(board, missing)
            return
        folder = self.folder / board.name
        folder.mkdir()
        program = chains.build_on_board(board, self.sources, folder)
        got, _ = chains.replay_on_board(program, self.pcm, varied_blocks(len(self.pcm)), self.firmware.stages)
        yield from compare(board.name, self.expected, got)


class _Network:
    """A network by itself, on random inputs."""

    def __init__(self, source: NetworkSource, network: Network, data: bytes, folder: Path) -> None:
        self.source, self.data, self.folder = source, data, folder
        folder.mkdir()
        self.inputs = random_inputs(network, RANDOM_INPUTS)
        with numpy_only():
            self.outputs = network.run(*self.inputs)

    def micro(self) -> Iterator[Finding]:
        try:
            from tflite_micro import runtime
        except ImportError:
            yield Unproven(target=MICRO, reason="the package tflite-micro is not installed")
            return
        interpreter = runtime.Interpreter.from_bytes(self.data)
        results = [np.empty_like(output) for output in self.outputs]
        for row in range(RANDOM_INPUTS):
            for number, values in enumerate(self.inputs):
                interpreter.set_input(values[row : row + 1], number)
            interpreter.invoke()
            for number, result in enumerate(results):
                result[row] = interpreter.get_output(number).reshape(result.shape[1:])
        yield from self._compare(MICRO, interleaved(results), RANDOM_INPUTS)

    def host(self) -> Iterator[Finding]:
        if host_compiler() is None:
            yield _no_compiler()
            return
        inputs = interleaved(self.inputs)
        yield from self._compare(HOST, run_on_host(self.source, self.folder, inputs), RANDOM_INPUTS)
        flags = (*STRICT_FLAGS, *SANITIZER_FLAGS)
        yield from self._compare(SANITIZED, run_on_host(self.source, self.folder, inputs, flags), RANDOM_INPUTS)

    def board(self, board: Board) -> Iterator[Finding]:
        if missing := missing_tool(board):
            yield _not_installed(board, missing)
            return
        program = build_for_board(self.source, board, self.folder)
        inputs = interleaved([values[:BOARD_INPUTS] for values in self.inputs])
        yield from self._compare(board.name, run(program, inputs).output, BOARD_INPUTS)

    def _compare(self, target: str, found: bytes, count: int) -> list[Check]:
        wanted = interleaved([output[:count] for output in self.outputs])
        return compare(target, {self.source.name: wanted}, {self.source.name: found})


def _no_compiler() -> Unproven:
    return Unproven(target=HOST, reason="there is no C compiler: install gcc or clang, or set CC")


def _not_installed(board: Board, program: str) -> Unproven:
    return Unproven(target=board.name, reason=f"{program} is not installed")


@contextmanager
def numpy_only() -> Iterator[None]:
    """Let NumPy, the definition, compute while the block runs, and not the extension."""
    before = os.environ.get("ACOUSTIC_NATIVE")
    os.environ["ACOUSTIC_NATIVE"] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ["ACOUSTIC_NATIVE"]
        else:
            os.environ["ACOUSTIC_NATIVE"] = before


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
