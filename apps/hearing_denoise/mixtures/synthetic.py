"""Noises made by the computer: coloured noise, wind, hum, whistles and throbbing machines."""

from __future__ import annotations

import numpy as np

from acoustic.signals import FloatArray, fft_filter, minimum_phase

_TAPS = 512


def draw_synthetic(rng: np.random.Generator, n_samples: int, rate_hz: int) -> FloatArray:
    """Draw a noise of a random kind."""
    kind = int(rng.integers(4))
    if kind == 0:
        return coloured(rng, n_samples, rate_hz, slope_db=float(rng.uniform(-9, 2)))
    if kind == 1:
        return wind(rng, n_samples, rate_hz)
    if kind == 2:
        hum = tones(rng, n_samples, rate_hz)
        hum += coloured(rng, n_samples, rate_hz, slope_db=-4) * np.float32(rng.uniform(0.02, 0.5))
        return hum
    throb = 1 + rng.uniform(0.3, 0.95) * np.sin(2 * np.pi * rng.uniform(0.5, 25) * np.arange(n_samples) / rate_hz)
    return np.asarray(coloured(rng, n_samples, rate_hz, slope_db=float(rng.uniform(-6, 0))) * throb.astype(np.float32))


def coloured(rng: np.random.Generator, n_samples: int, rate_hz: int, *, slope_db: float) -> FloatArray:
    """Noise whose power changes by ``slope_db`` an octave above 60 Hz: 0 is white, -3 pink, -6 brown; RMS about 1."""
    f_hz = np.fft.rfftfreq(4 * _TAPS, 1 / rate_hz)
    shape = (np.maximum(f_hz, 60.0) / 60.0) ** (slope_db / 6.02)
    x = fft_filter(rng.standard_normal(n_samples, dtype=np.float32), minimum_phase(shape, _TAPS))
    return np.asarray(x / np.float32(np.sqrt(np.mean(x * x))))


def wind(rng: np.random.Generator, n_samples: int, rate_hz: int) -> FloatArray:
    """Gusts of low noise: a steep spectrum below a few hundred Hz whose strength wanders."""
    low = coloured(rng, n_samples, rate_hz, slope_db=float(rng.uniform(-12, -7)))
    gusts: FloatArray = low * slow_random(rng, n_samples, rate_hz, per_s=float(rng.uniform(0.5, 4)), spread_db=8.0)
    return gusts


def tones(rng: np.random.Generator, n_samples: int, rate_hz: int) -> FloatArray:
    """Harmonics of mains or of a motor whose speed wanders, or a chord; RMS about 1."""
    base_hz = float(np.exp(rng.uniform(np.log(45), np.log(900))))
    drift = 1 + np.cumsum(rng.standard_normal(n_samples)) * rng.uniform(0, 3e-5)
    phase = 2 * np.pi * np.cumsum(base_hz * np.clip(drift, 0.5, 2.0)) / rate_hz
    x = np.zeros(n_samples)
    decay = rng.uniform(0.3, 1.5)
    for harmonic in range(1, int(min(24, 7500 / base_hz)) + 1):
        if rng.random() < 0.7 or harmonic == 1:
            x += harmonic**-decay * np.sin(harmonic * phase + rng.uniform(0, 2 * np.pi))
    return np.asarray(x / np.sqrt(np.mean(x * x)), np.float32)


def slow_random(
    rng: np.random.Generator, n_samples: int, rate_hz: int, *, per_s: float, spread_db: float
) -> FloatArray:
    """Factor that wanders around one: a new level ``per_s`` times a second, straight lines (in dB) between."""
    n = int(n_samples / rate_hz * per_s) + 2
    level_db = rng.standard_normal(n) * spread_db
    at = np.arange(n_samples) * ((n - 1) / n_samples)
    return np.asarray(10 ** (np.interp(at, np.arange(n), level_db) / 20), np.float32)
