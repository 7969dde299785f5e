"""Proof that a network written as C gives the runtime's bytes: on this machine, in TensorFlow Lite Micro, on boards."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from acoustic.export.compilers import host_compiler
from acoustic.export.network import NetworkSource
from acoustic.export.qemu.boards import BOARDS, Board
from acoustic.export.qemu.emulator import BoardProgram, BoardRun, missing_tool, run
from acoustic.export.replay import RUN_REGION, build_for_board, interleaved, run_on_host
from acoustic.model.runtime import Network
from acoustic.records import About, plain

BOARD_MACS = 400_000_000
"""Multiply-accumulates that each emulated board replays, in whole inferences: some seconds."""
_STAGE = "network"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What one target gave, beside what the runtime gives."""

    target: str
    stage: str
    bytes: int
    differing_bytes: Annotated[int | None, About("None where it was not proven.")]
    note: Annotated[str, About("Why it was not proven, or where the first difference is.")] = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON, with a note only where there is something to say."""
        return {name: value for name, value in plain(self).items() if name != "note" or value}


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a network takes on a board, counted and not estimated."""

    target: str
    flash_bytes: int
    """Of a whole program that replays inputs: start-up code, kernels, weights."""
    ram_bytes: int
    """Static memory of that program."""
    stack_bytes: int
    instructions: int
    """Of one inference, the mean of those replayed."""


def compare(target: str, stage: str, expected: bytes, got: bytes) -> Comparison:
    """Count the bytes that differ; those that are missing or too many differ."""
    length = min(len(expected), len(got))
    different = np.frombuffer(expected, np.uint8, length) != np.frombuffer(got, np.uint8, length)
    count = int(np.count_nonzero(different)) + max(len(expected), len(got)) - length
    note = ""
    if count:
        at = int(np.argmax(different)) if different.any() else length
        values = " and ".join(str(side[at]) if at < len(side) else "nothing" for side in (expected, got))
        note = f"first difference at byte {at}: {values} (unsigned)"
    return Comparison(target=target, stage=stage, bytes=len(expected), differing_bytes=count, note=note)


def not_proven(target: str, stage: str, reason: str) -> Comparison:
    """Tell why a target could not be compared."""
    return Comparison(target=target, stage=stage, bytes=0, differing_bytes=None, note=f"not proven: {reason}")


def prove_network(
    network: Network,
    tflite: bytes,
    source: NetworkSource,
    inputs: Sequence[NDArray[Any]],
    folder: Path,
    *,
    boards: Iterable[Board] = tuple(BOARDS.values()),
) -> tuple[list[Comparison], list[Cost]]:
    """Replay inputs through the runtime and through everything that must give the same bytes.

    Parameters
    ----------
    network : Network
        The reference.
    tflite : bytes
        The same network as TensorFlow Lite Micro reads it.
    source : NetworkSource
        The same network as C, without feedback.
    inputs : sequence of array int8 [N, *shape]
        One for each input of the network. Boards replay as many as ``BOARD_MACS`` allow, and at least one.
    folder : Path
        For what is compiled.
    boards : iterable of Board

    Returns
    -------
    comparisons : list of Comparison
        One for each target; where a compiler, emulator or package is absent it says so.
    costs : list of Cost
        One for each board that the network ran on.

    Raises
    ------
    ExportError
        If the C code does not compile or a program fails.
    """
    wanted = network.run(*inputs)
    expected = interleaved(wanted)
    comparisons = [_on_host(source, folder, interleaved(inputs), expected), _in_tflite_micro(tflite, inputs, wanted)]
    costs = []
    runs = max(1, BOARD_MACS // max(1, network.macs))
    few, few_expected = (interleaved([array[:runs] for array in arrays]) for arrays in (inputs, wanted))
    for board in boards:
        missing = missing_tool(board)
        if missing:
            comparisons.append(not_proven(board.name, _STAGE, f"{missing} is not installed"))
            continue
        program = build_for_board(source, board, folder)
        outcome = run(program, few)
        comparisons.append(compare(board.name, _STAGE, few_expected, outcome.output))
        costs.append(_cost(program, outcome))
    return comparisons, costs


def _cost(program: BoardProgram, outcome: BoardRun) -> Cost:
    region = outcome.regions[RUN_REGION]
    return Cost(
        target=program.board.name,
        flash_bytes=program.flash_bytes,
        ram_bytes=program.ram_bytes,
        stack_bytes=outcome.stack_bytes,
        instructions=round(region.instructions / region.calls),
    )


def _on_host(source: NetworkSource, folder: Path, inputs: bytes, expected: bytes) -> Comparison:
    if host_compiler() is None:
        return not_proven("host-c", _STAGE, "there is no C compiler on this machine")
    return compare("host-c", _STAGE, expected, run_on_host(source, folder, inputs))


def _in_tflite_micro(tflite: bytes, inputs: Sequence[NDArray[Any]], wanted: Sequence[NDArray[Any]]) -> Comparison:
    if importlib.util.find_spec("tflite_micro") is None:
        return not_proven("tflite-micro", _STAGE, "the package tflite-micro is not installed")
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(tflite)
    results = [np.empty_like(output) for output in wanted]
    for row in range(len(inputs[0])):
        for number, array in enumerate(inputs):
            interpreter.set_input(array[row : row + 1], number)
        interpreter.invoke()
        for number, result in enumerate(results):
            result[row] = interpreter.get_output(number).reshape(result.shape[1:])
    return compare("tflite-micro", _STAGE, interleaved(wanted), interleaved(results))
