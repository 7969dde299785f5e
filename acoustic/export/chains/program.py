"""Builds the program that replays PCM through an application's C, and reads what its stages gave."""

import subprocess
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ExportError
from acoustic.export.compilers import SANITIZER_FLAGS, STRICT_FLAGS, compile_c, host_compiler
from acoustic.export.network import KERNEL_FOLDER, network_source
from acoustic.export.qemu.boards import Board
from acoustic.export.qemu.emulator import RUNTIME, BoardProgram, BoardRun, build, run
from acoustic.firmware import Firmware
from acoustic.model.runtime import Network
from acoustic.native.build import HERE as NATIVE

HERE = Path(__file__).parent
#: Samples of the longest block that the program takes.
MAX_BLOCK = 16_384
INCLUDE = (HERE, NATIVE, KERNEL_FOLDER)
PROOF_FLAGS = ("-DACOUSTIC_PROOF",)
REPLAY_TIMEOUT_S = 300
Stages = dict[str, bytes]
"""Bytes of each stage by its name."""


def write_sources(firmware: Firmware, folder: Path) -> list[Path]:
    """Write what the program is built of into a folder, and return the C files, those of the core included."""
    for name, text in {**firmware.sources, "application_replay.c": firmware.replay}.items():
        (folder / name).write_text(text, encoding="utf-8")
    written = [folder / name for name in (*firmware.sources, "application_replay.c") if name.endswith(".c")]
    core = [NATIVE / name for name in firmware.core if name.endswith(".c")]
    networks = [
        network_source(Network.from_bytes(data), name).write(folder) for name, data in firmware.networks.items()
    ]
    return list(dict.fromkeys([HERE / "replay.c", *written, *core, *chain(*networks)]))


def build_on_host(sources: Sequence[Path], folder: Path, *, sanitized: bool = False) -> Path:
    """Compile the program for this machine, with every stage traced.

    Raises
    ------
    ExportError
        If there is no compiler, or it refuses.
    """
    compiler = host_compiler()
    if compiler is None:
        raise ExportError("there is no C compiler on this machine: install gcc or clang, or set CC")
    program = folder / ("replay-sanitized" if sanitized else "replay")
    flags = [*STRICT_FLAGS, *PROOF_FLAGS, *(SANITIZER_FLAGS if sanitized else ())]
    compile_c(compiler, [*sources, RUNTIME / "host.c"], program, flags=flags, include=[folder, RUNTIME, *INCLUDE])
    return program


def replay_on_host(program: Path, pcm: NDArray[np.int16], blocks: Iterable[int], stages: Sequence[str]) -> Stages:
    """Push PCM in blocks of the given numbers of samples, and return the bytes of each stage.

    Raises
    ------
    ExportError
        If the program fails; the message holds what it said.
    """
    done = subprocess.run([program], input=as_input(pcm, blocks), capture_output=True, timeout=REPLAY_TIMEOUT_S)
    if done.returncode:
        raise ExportError(f"{program.name} fails: exit code {done.returncode} {done.stderr.decode()[-4000:]}".rstrip())
    return by_stage(done.stdout, stages)


def build_on_board(
    board: Board, sources: Sequence[Path], folder: Path, *, traced: bool = True, block_samples: int = MAX_BLOCK
) -> BoardProgram:
    """Compile the program for a board: with every stage traced to prove it, without to see what it costs.

    Raises
    ------
    ExportError
        If the compiler is missing or refuses.
    """
    flags = [f"-DREPLAY_BLOCK={block_samples}", *(PROOF_FLAGS if traced else ())]
    return build(board, sources, folder, include=[folder, *INCLUDE], flags=flags, name="traced" if traced else "plain")


def replay_on_board(
    program: BoardProgram, pcm: NDArray[np.int16], blocks: Iterable[int], stages: Sequence[str]
) -> tuple[Stages, BoardRun]:
    """As :func:`replay_on_host`, with what it cost: each block counts once into region 0."""
    outcome = run(program, as_input(pcm, blocks))
    return by_stage(outcome.output, stages), outcome


def equal_blocks(n_samples: int, block_samples: int) -> list[int]:
    """Sizes of the blocks that a signal falls into, the last one shorter where it does not fit."""
    whole, rest = divmod(n_samples, block_samples)
    return [block_samples] * whole + [rest] * (rest > 0)


def as_input(pcm: NDArray[np.int16], blocks: Iterable[int]) -> bytes:
    """Input of the program; the blocks make up the signal."""
    pieces, at = [], 0
    for n in blocks:
        pieces += [np.uint32(n).tobytes(), pcm[at : at + n].astype("<i2").tobytes()]
        at += n
    if at != len(pcm):
        raise ValueError(f"blocks of {at} samples in all for a signal of {len(pcm)}")
    return b"".join(pieces)


def by_stage(output: bytes, stages: Sequence[str]) -> Stages:
    """Join what each stage traced, in the order of time."""
    pieces: dict[str, list[bytes]] = {stage: [] for stage in stages}
    at = 0
    while at < len(output):
        stage, n = np.frombuffer(output, "<u4", 2, at).tolist()
        pieces[stages[stage]].append(output[at + 8 : at + 8 + n])
        at += 8 + n
    return {stage: b"".join(found) for stage, found in pieces.items()}
