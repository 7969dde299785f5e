"""What the roast costs on a microcontroller: ``python -m benchmarks.device_roast``.

The whole program, built for emulated boards without its traces and fed hop by hop: flash, static RAM and stack, and
instructions, which the emulator counts exactly. Instructions are no cycles: a Cortex-M4F takes up to about one and a
half cycles for each, so the load that is printed is an estimate.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.firmware import firmware
from acoustic_apps.roast_crack.impulses import NEIGHBOURHOOD_FRAMES
from numpy.typing import NDArray

from acoustic.application import load
from acoustic.export.chains.program import build_on_board, equal_blocks, replay_on_board, write_sources
from acoustic.export.qemu.boards import BOARDS, Board
from acoustic.export.qemu.emulator import missing_tool

CLOCK_HZ = 80e6
CYCLES_PER_INSTRUCTION = 1.5
WORST_S = 10
SECOND = FRONT_END.rate_hz


def worst_pcm() -> NDArray[np.int16]:
    """Clicks in noise, as close together as they can be told apart: the network runs for each."""
    pcm = np.random.default_rng(0).normal(0, 100, WORST_S * SECOND)
    pcm[SECOND :: (NEIGHBOURHOOD_FRAMES + 1) * FRONT_END.hop_samples] = 20_000
    return pcm.astype(np.int16)


def main() -> None:
    """Print one line for each board and sound."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--board", choices=BOARDS, action="append", help="default: cortex-m4")
    boards = parser.parse_args().board or ["cortex-m4"]
    made = firmware(load("roast").typed)
    print(f"load: of {CLOCK_HZ / 1e6:.0f} MHz, estimated at {CYCLES_PER_INSTRUCTION} cycles an instruction")
    print("board       sound      flash B  RAM B stack B M instr/s longest hop   load")
    for name in boards:
        if missing := missing_tool(BOARDS[name]):
            print(f"{name:11} {missing} is missing")
            continue
        with tempfile.TemporaryDirectory() as folder:
            sources = write_sources(made, Path(folder))
            for sound, pcm in (("a roast", made.example_pcm), ("clicks", worst_pcm())):
                print(f"{name:11} {sound:9} {_measured(BOARDS[name], sources, Path(folder), pcm)}")


def _measured(board: Board, sources: list[Path], folder: Path, pcm: NDArray[np.int16]) -> str:
    hop = FRONT_END.hop_samples
    program = build_on_board(board, sources, folder, traced=False, block_samples=hop)
    _, outcome = replay_on_board(program, pcm, equal_blocks(len(pcm), hop), ())
    region = outcome.regions[0]
    per_s = region.instructions / (len(pcm) / SECOND)
    load = per_s * CYCLES_PER_INSTRUCTION / CLOCK_HZ
    memory = f"{program.flash_bytes:8} {program.ram_bytes:6} {outcome.stack_bytes:7}"
    return f"{memory} {per_s / 1e6:9.2f} {region.most_instructions:11} {load:6.1%}"


if __name__ == "__main__":
    main()
