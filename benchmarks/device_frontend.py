"""The front end on emulated microcontrollers: ``python -m benchmarks.device_frontend [BOARD ...] [--seconds 60]``.

Counts the instructions of each frame exactly and compares every byte with NumPy's, over noise in bursts. Programs are
compiled by arm-none-eabi-gcc or riscv64-unknown-elf-gcc and run in QEMU; both are needed.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acoustic.export.front_end import REGIONS, FrontEndReplay
from acoustic.export.qemu.boards import BOARDS, Board
from acoustic.export.qemu.emulator import BoardRun, build, missing_tool, run
from acoustic.frontend import FrontEnd
from acoustic.frontend.windows import WindowPair

FRONT_ENDS = [
    FrontEnd(rate_hz=16000, frame_samples=512, hop_samples=160, n_fft=512, n_mels=40, fmin_hz=20, fmax_hz=8000),
    FrontEnd(rate_hz=32000, frame_samples=256, hop_samples=128, n_fft=256, n_mels=20, fmin_hz=500, fmax_hz=14000),
    FrontEnd(rate_hz=16000, frame_samples=1024, hop_samples=512, n_fft=1024, n_mels=128, fmin_hz=0, fmax_hz=8000),
]
WINDOWS = WindowPair.asymmetric(256, 128, 64)


def main() -> None:
    """Print one line for each board and front end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("boards", nargs="*", metavar="BOARD", help=f"of {', '.join(BOARDS)}; all, if none is given")
    parser.add_argument("--seconds", type=float, default=60.0, help="of sound at each rate")
    options = parser.parse_args()
    print(f"Instructions a frame, the mean over {options.seconds:g} s; spectrum and synthesis: 256 points, hop 64")
    columns = [f"{region:>12}" for region in REGIONS]
    print(f"{'board':>12} {'rate/frame/hop/FFT/mels':>26}", *columns, "  bytes differing")
    for name in options.boards or BOARDS:
        if missing_tool(BOARDS[name]):
            print(f"{name:>12} {missing_tool(BOARDS[name])} is not installed")
            continue
        for fe in FRONT_ENDS:
            replay = FrontEndReplay(fe=fe, windows=WINDOWS, block_samples=fe.hop_samples)
            pcm = _bursts(round(options.seconds * fe.rate_hz))
            outcome, expected = _outcome(BOARDS[name], replay, pcm), replay.expected(pcm)
            regions = [outcome.regions[number] for number in REGIONS.values()]
            frame = f"{fe.rate_hz}/{fe.frame_samples}/{fe.hop_samples}/{fe.n_fft}/{fe.n_mels}"
            counts = [f"{region.instructions / region.calls:12.0f}" for region in regions]
            print(f"{name:>12} {frame:>26}", *counts, f"  {_differing(outcome.output, expected)} of {len(expected)}")


def _bursts(n_samples: int) -> NDArray[np.int16]:
    """Loud and quiet noise in turns, a little clipped."""
    loudness = np.where(np.arange(n_samples) // 4000 % 2, 14000, 200)
    noise = np.random.default_rng(0).normal(0, loudness)
    return np.asarray(np.clip(noise, -32768, 32767).astype(np.int16))


def _outcome(board: Board, replay: FrontEndReplay, pcm: NDArray[np.int16]) -> BoardRun:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = build(board, replay.write(folder), folder, include=[*replay.include, folder])
        return run(program, pcm.tobytes(), timeout_s=3600)


def _differing(written: bytes, expected: bytes) -> int:
    shorter = min(len(written), len(expected))
    pair = (np.frombuffer(data[:shorter], np.uint8) for data in (written, expected))
    return int(np.count_nonzero(np.not_equal(*pair))) + abs(len(written) - len(expected))


if __name__ == "__main__":
    main()
