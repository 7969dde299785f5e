"""What hearing costs on a microcontroller: ``python -m benchmarks.device_hearing [--board NAME ...]``.

The whole program, built for emulated boards without its traces and fed hop by hop with speech in noise: flash, static
RAM and stack, and instructions, which the emulator counts exactly. Instructions are no cycles: a Cortex-M4F takes up to
about one and a half cycles for each, so the load that is printed is an estimate.
"""

import argparse
import tempfile
from pathlib import Path

from acoustic_apps.hearing_denoise.firmware import firmware

from acoustic.application import load
from acoustic.export.chains.program import build_on_board, equal_blocks, replay_on_board, write_sources
from acoustic.export.qemu.boards import BOARDS
from acoustic.export.qemu.emulator import missing_tool

CLOCK_HZ = 180e6
CYCLES_PER_INSTRUCTION = 1.5


def main() -> None:
    """Print one line for each board."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", default="hearing")
    parser.add_argument("--board", choices=BOARDS, action="append", help="default: cortex-m4")
    parser.add_argument("--seconds", type=int, default=10, help="of sound")
    asked = parser.parse_args()
    model = load(asked.bundle, "hearing").typed
    hop, rate_hz, made = model.front_end.hop_samples, model.front_end.rate_hz, firmware(model)
    pcm = made.example_pcm[: asked.seconds * rate_hz]
    print(f"load: of {CLOCK_HZ / 1e6:.0f} MHz, estimated at {CYCLES_PER_INSTRUCTION} cycles an instruction")
    print("board       flash B  RAM B stack B M instr/s longest hop of its time")
    for name in asked.board or ["cortex-m4"]:
        if missing := missing_tool(BOARDS[name]):
            print(f"{name:11} {missing} is missing")
            continue
        with tempfile.TemporaryDirectory() as folder:
            sources = write_sources(made, Path(folder))
            program = build_on_board(BOARDS[name], sources, Path(folder), traced=False, block_samples=hop)
            _, outcome = replay_on_board(program, pcm, equal_blocks(len(pcm), hop), made.stages)
        region = outcome.regions[0]
        per_s = region.instructions * rate_hz / len(pcm)
        share = region.most_instructions * CYCLES_PER_INSTRUCTION / CLOCK_HZ / (hop / rate_hz)
        memory = f"{program.flash_bytes:7} {program.ram_bytes:6} {outcome.stack_bytes:7}"
        print(f"{name:11} {memory} {per_s / 1e6:9.2f} {region.most_instructions:11} {share:11.1%}")


if __name__ == "__main__":
    main()
