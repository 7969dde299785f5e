"""Sound on which the firmware shows that it denoises as Python does: voice-like tones in noises, all made here."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

SEED = 5
PART_S = 8.0
#: Level of the noise in each part, from clean to loud, full scale being one; the last part is limited.
NOISE_LEVELS = (0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
PITCHES_HZ = (90.0, 240.0)
SYLLABLES_HZ = 4.0
#: Digital silence at the beginning and in the middle.
SILENCE_S = 2.0


@cache
def example_pcm(rate_hz: int) -> NDArray[np.int16]:
    """Return a minute of syllables in white noise and noise of low frequencies in turn, int16."""
    rng = np.random.default_rng(SEED)
    silence = np.zeros(round(SILENCE_S * rate_hz))
    parts = [
        _syllables(rng, rate_hz) + level * _noise(rng, rate_hz, low=number % 2 == 1)
        for number, level in enumerate(NOISE_LEVELS)
    ]
    middle = len(parts) // 2
    x = np.concatenate([silence, *parts[:middle], silence, *parts[middle:]])
    return np.asarray(np.clip(np.rint(x * 32767), -32768, 32767), np.int16)


def _syllables(rng: np.random.Generator, rate_hz: int) -> NDArray[np.float64]:
    """Harmonics of a gliding pitch that come and go."""
    t_s = np.arange(round(PART_S * rate_hz)) / rate_hz
    pitch_hz = rng.uniform(*PITCHES_HZ) * (1 + 0.1 * np.sin(2 * np.pi * 0.7 * t_s))
    turns = np.cumsum(pitch_hz) / rate_hz
    voice = sum(np.sin(2 * np.pi * (k * turns + rng.random())) / k for k in range(1, 20))
    return np.asarray(0.15 * voice * np.clip(np.sin(2 * np.pi * SYLLABLES_HZ * t_s), 0, 1))


def _noise(rng: np.random.Generator, rate_hz: int, *, low: bool) -> NDArray[np.float64]:
    """White noise, or its running mean over a millisecond at the same power."""
    white = rng.standard_normal(round(PART_S * rate_hz))
    n = rate_hz // 1000
    return np.convolve(white, np.full(n, n**-0.5), "same") if low else white
