"""What applications cost on microcontrollers: ``python -m benchmarks.device [BUNDLE ...] [--board NAME]``.

The whole program, built for emulated boards without its traces and fed hop by hop: flash, static RAM and stack, and
instructions, which the emulator counts exactly. Instructions are no cycles: a Cortex-M4F takes up to about one and a
half cycles for each, so loads are estimates. Besides the application's own example there may be clicks in noise, so
many hops apart: at 13 hops the roast's network runs for each.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acoustic.application import load
from acoustic.export.chains.program import build_on_board, equal_blocks, replay_on_board, write_sources
from acoustic.export.qemu.boards import BOARDS
from acoustic.export.qemu.emulator import missing_tool
from acoustic.model.bundle import shipped_bundles

CYCLES_PER_INSTRUCTION = 1.5
CLICKS_S = 10


def main() -> None:
    """Print one line for each bundle, board and sound."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundles", nargs="*", metavar="BUNDLE", help="default: those that ship")
    parser.add_argument("--board", choices=BOARDS, action="append", help="default: cortex-m4")
    parser.add_argument("--seconds", type=int, default=60, help="of the example")
    parser.add_argument("--clicks", type=int, help="hops from one click to the next")
    parser.add_argument("--clock-mhz", type=float, default=80.0)
    options = parser.parse_args()
    print(f"loads: of {options.clock_mhz:g} MHz, estimated at {CYCLES_PER_INSTRUCTION} cycles per instruction")
    print("bundle   board       sound    flash B  RAM B stack B M instr/s   load longest hop of its time")
    for bundle in options.bundles or shipped_bundles():
        for row in _rows(bundle, options):
            print(row)


def _rows(bundle: str, options: argparse.Namespace) -> Iterator[str]:
    loaded = load(bundle)
    firmware, hop, rate_hz = (
        loaded.application.firmware(loaded.typed),
        loaded.bundle.frontend.hop_samples,
        loaded.rate_hz,
    )
    sounds = {"example": firmware.example_pcm[: options.seconds * rate_hz]}
    if options.clicks:
        sounds["clicks"] = _clicks(rate_hz, options.clicks * hop)
    per_s = 1e-6 * CYCLES_PER_INSTRUCTION / options.clock_mhz
    for name in options.board or ["cortex-m4"]:
        if missing := missing_tool(BOARDS[name]):
            yield f"{bundle:8} {name:11} {missing} is missing"
            continue
        with tempfile.TemporaryDirectory() as folder:
            sources = write_sources(firmware, Path(folder))
            program = build_on_board(BOARDS[name], sources, Path(folder), traced=False, block_samples=hop)
            for sound, pcm in sounds.items():
                _, run = replay_on_board(program, pcm, equal_blocks(len(pcm), hop), firmware.stages)
                region = run.regions[0]
                rate, longest = region.instructions * rate_hz / len(pcm), region.most_instructions
                memory = f"{program.flash_bytes:7} {program.ram_bytes:6} {run.stack_bytes:7}"
                speed = f"{rate / 1e6:9.2f} {rate * per_s:6.1%} {longest:11} {longest * per_s * rate_hz / hop:11.1%}"
                yield f"{bundle:8} {name:11} {sound:8} {memory} {speed}"


def _clicks(rate_hz: int, distance: int) -> NDArray[np.int16]:
    """Clicks in noise, some samples apart."""
    pcm = np.random.default_rng(0).normal(0, 100, CLICKS_S * rate_hz)
    pcm[rate_hz::distance] = 20_000
    return pcm.astype(np.int16)


if __name__ == "__main__":
    main()
