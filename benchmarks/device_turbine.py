"""What the turbine application costs on a microcontroller: ``python -m benchmarks.device_turbine [--board NAME]``.

Instructions are counted exactly in QEMU over a minute of simulated sound, pushed hop by hop; instructions are not
cycles. Memory is that of the whole program, less the harness's own buffers.
"""

import argparse
import tempfile
from pathlib import Path

from acoustic_apps.turbine_blade.firmware import firmware
from acoustic_apps.turbine_blade.scorer.features import FRONT_END

from acoustic.export.chains.program import build_on_board, equal_blocks, replay_on_board, write_sources
from acoustic.export.qemu.boards import BOARDS
from acoustic.export.qemu.emulator import missing_tool
from acoustic.model.bundle import Bundle

SECONDS = 60
CLOCK_HZ = 80_000_000


def main() -> None:
    """Print flash, memory and instructions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", default="turbine")
    parser.add_argument("--board", default="cortex-m4", choices=sorted(BOARDS))
    asked = parser.parse_args()
    board = BOARDS[asked.board]
    if missing := missing_tool(board):
        raise SystemExit(f"{missing} is not installed")
    made = firmware(Bundle.load(asked.bundle))
    pcm = made.example_pcm[: SECONDS * FRONT_END.rate_hz]
    with tempfile.TemporaryDirectory() as folder:
        sources = write_sources(made, Path(folder))
        hop = FRONT_END.hop_samples
        program = build_on_board(board, sources, Path(folder), traced=False, block_samples=hop)
        _, outcome = replay_on_board(program, pcm, equal_blocks(len(pcm), hop), made.stages)
    region = outcome.regions[0]
    a_second = region.instructions * FRONT_END.rate_hz / len(pcm)
    share = f"{100 * a_second / CLOCK_HZ:.1f} % of {CLOCK_HZ / 1e6:g} MHz"
    print(f"{board.core}, {asked.bundle}, {len(pcm) / FRONT_END.rate_hz:g} s of simulated sound, QEMU")
    print(f"flash, whole program          {program.flash_bytes:>10,} B")
    print(f"static RAM, whole program     {program.ram_bytes:>10,} B, of which a block of samples is {2 * hop:,} B")
    print(f"stack                         {outcome.stack_bytes:>10,} B")
    print(f"instructions a second         {a_second:>10,.0f}, {share}")
    print(f"instructions, longest hop     {region.most_instructions:>10,}")


if __name__ == "__main__":
    main()
