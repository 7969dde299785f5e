"""Signals for which every implementation has to give the same bytes."""

import numpy as np
from numpy.typing import NDArray


def signals(n: int) -> dict[str, NDArray[np.int16]]:
    """What a microphone may deliver, and what it may not: int16 (n,) each."""
    rng = np.random.default_rng(n)
    noise = rng.integers(-32768, 32768, n).astype(np.int16)
    return {
        "noise": noise,
        "silence": np.zeros(n, np.int16),
        "full scale": np.full(n, -32768, np.int16),
        "square": np.where(np.arange(n) // 7 % 2, 32767, -32768).astype(np.int16),
        "quiet": rng.integers(-1, 2, n).astype(np.int16),
        "bursts": np.where(np.arange(n) // 900 % 2, noise, 0).astype(np.int16),
    }
