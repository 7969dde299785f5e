"""Speed of the front end beside librosa's: ``python -m benchmarks.frontend``.

Both run on one thread, in turns, over the same noise; ours includes the logarithm, librosa's does not. With
ACOUSTIC_NATIVE=0 it is the speed of NumPy instead of the compiled core's.
"""

from benchmarks.harness import core_seconds, librosa_mel  # isort: skip - it sets the threads

import numpy as np

from acoustic import native
from acoustic.frontend import FrontEnd, log_mel

SECONDS = 60
ROUNDS = 25
FRONT_ENDS = [
    FrontEnd(rate_hz=16000, frame_samples=512, hop_samples=160, n_fft=512, n_mels=40, fmin_hz=20, fmax_hz=8000),
    FrontEnd(rate_hz=16000, frame_samples=400, hop_samples=160, n_fft=512, n_mels=40, fmin_hz=20, fmax_hz=8000),
    FrontEnd(rate_hz=32000, frame_samples=256, hop_samples=128, n_fft=256, n_mels=20, fmin_hz=500, fmax_hz=14000),
    FrontEnd(rate_hz=16000, frame_samples=1024, hop_samples=512, n_fft=1024, n_mels=128, fmin_hz=0, fmax_hz=8000),
]


def main() -> None:
    """Print one line for each front end."""
    print("Ours:", native.status())
    print("Hours of audio per second of one core, the median of", ROUNDS, "turns")
    print(f"{'rate/frame/hop/FFT/mels':>26} {'acoustic':>9} {'librosa':>9} {'ratio':>6}")
    for fe in FRONT_ENDS:
        ours_s, librosa_s = measure(fe)
        hours = SECONDS / 3600
        name = f"{fe.rate_hz}/{fe.frame_samples}/{fe.hop_samples}/{fe.n_fft}/{fe.n_mels}"
        ratio = np.median(librosa_s / ours_s)
        print(f"{name:>26} {hours / np.median(ours_s):9.2f} {hours / np.median(librosa_s):9.2f} {ratio:6.2f}")


def measure(fe: FrontEnd) -> tuple[np.ndarray, np.ndarray]:
    """CPU seconds of each turn, ours and librosa's."""
    pcm = np.random.default_rng(0).normal(0, 3000, SECONDS * fe.rate_hz).astype(np.int16)
    y = pcm.astype(np.float32) / 32768
    ours_s, librosa_s = core_seconds([lambda: log_mel(pcm, fe), lambda: librosa_mel(y, fe)], ROUNDS).T
    return ours_s, librosa_s


if __name__ == "__main__":
    main()
