"""Real-time factor of our denoisers on one core, beside RNNoise as its package runs it.

    python -m benchmarks.hearing_speed [--seconds 30]

All hear the same voice in noise, in turns: ours at 16 kHz, live in blocks of 10 ms and as files in blocks of a second;
pyrnnoise at its own 48 kHz, so that it has nothing to resample, and once more its C library alone, frame by frame.
"""

import argparse
from collections.abc import Callable
from functools import partial

from benchmarks.harness import core_seconds

import numpy as np  # isort: skip
from acoustic_apps.hearing_denoise.chain import Denoiser  # noqa: E402
from acoustic_apps.hearing_denoise.evaluation.alignment import noisy_voice  # noqa: E402
from acoustic_apps.hearing_denoise.evaluation.metrics import RATE_HZ  # noqa: E402
from acoustic_apps.hearing_denoise.evaluation.rivals import RNNOISE_FRAME_SAMPLES, RNNOISE_RATE_HZ, framed  # noqa: E402
from acoustic_apps.hearing_denoise.evaluation.systems import Streaming, spectral_gate  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from pyrnnoise import RNNoise  # noqa: E402
from pyrnnoise.rnnoise import create, destroy, process_mono_frame  # noqa: E402

from acoustic.application import load  # noqa: E402
from acoustic.audio import Processor  # noqa: E402

LIVE_BLOCK_S, FILE_BLOCK_S = 0.01, 1.0


def main() -> None:
    """Take turns, print factors and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    pcm = np.resize(noisy_voice(), asked.seconds * RATE_HZ)
    # What RNNoise hears takes its time, not its meaning: three samples for one.
    wide = np.repeat(pcm, RNNOISE_RATE_HZ // RATE_HZ)
    work: dict[str, Callable[[], object]] = {
        "pyrnnoise, denoise_chunk": partial(rnnoise_package, wide),
        "pyrnnoise, C library": partial(rnnoise_library, wide),
    }
    hearing = Streaming("hearing", partial(Denoiser, load("hearing").typed))
    for system in (hearing, spectral_gate()):
        for how, block_s in (("live", LIVE_BLOCK_S), ("file", FILE_BLOCK_S)):
            work[f"{system.name}, {how}"] = partial(stream, system.make, pcm, round(block_s * RATE_HZ))
    turns = core_seconds(list(work.values()), asked.rounds)
    print(f"{asked.seconds} s of a voice in noise, one core, medians of {asked.rounds} rounds")
    print(f"{'':28} real-time factor   times pyrnnoise's speed")
    for name, factor, ratio in zip(
        work, np.median(turns, axis=0) / asked.seconds, np.median(turns[:, :1] / turns, axis=0), strict=True
    ):
        print(f"{name:28} {factor:16.4f}   {ratio:23.2f}")


def stream(make: Callable[[], Processor], pcm: NDArray[np.int16], block_samples: int) -> None:
    """Stream a recording through a new enhancer."""
    enhancer = make()
    for start in range(0, len(pcm), block_samples):
        enhancer.push(pcm[start : start + block_samples])
    enhancer.flush()


def rnnoise_package(wide: NDArray[np.int16]) -> None:
    """Denoise as the package's users do."""
    for _ in RNNoise(RNNOISE_RATE_HZ).denoise_chunk(wide[None], partial=True):
        pass


def rnnoise_library(wide: NDArray[np.int16]) -> None:
    """Denoise with as little Python around it as there can be."""
    state = create()
    for frame in framed(wide, RNNOISE_FRAME_SAMPLES):
        process_mono_frame(state, frame)
    destroy(state)


if __name__ == "__main__":
    main()
