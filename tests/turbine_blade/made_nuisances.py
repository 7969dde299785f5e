"""Nuisances as plain synthesis makes them, and turbines that they are put over."""

from collections.abc import Callable

import numpy as np

RATE_HZ = 16_000
Sound = np.ndarray


def shaped(rng: np.random.Generator, n: int, gain: Callable[[np.ndarray], np.ndarray]) -> Sound:
    """Gaussian noise with a spectrum given as amplitude over frequency in Hz, RMS 1."""
    spectrum = np.fft.rfft(rng.standard_normal(n)) * gain(np.fft.rfftfreq(n, 1 / RATE_HZ))
    x = np.fft.irfft(spectrum, n)
    return np.asarray(x / x.std())


def over(sound: Sound, nuisance: Sound, snr_db: float, start_s: float = 3.0) -> Sound:
    """Add a nuisance from ``start_s`` on, at a level relative to that of the sound."""
    start = round(start_s * RATE_HZ)
    mixed = sound.copy()
    part = mixed[start : start + len(nuisance)]
    part += nuisance[: len(part)] / nuisance.std() * sound.std() * 10 ** (snr_db / 20)
    return mixed


def drops(rng: np.random.Generator, n: int) -> Sound:
    """Forty drops a second on a roof: short bright bursts of all sizes."""
    x = np.zeros(n)
    for at in rng.integers(0, n - 200, round(40 * n / RATE_HZ)):
        x[at : at + 200] += rng.lognormal(0, 0.8) * rng.standard_normal(200) * np.exp(-np.arange(200) / 40)
    return x


def chirps(rng: np.random.Generator, n: int) -> Sound:
    """Four to eight calls a second that sweep a few hundred hertz."""
    x, at = np.zeros(n), 0
    while at < n - 3000:
        length = int(rng.integers(800, 2400))
        hz = np.linspace(*rng.uniform(3000, 5500, 2), length)
        x[at : at + length] = np.sin(2 * np.pi * np.cumsum(hz) / RATE_HZ) * np.hanning(length)
        at += length + int(rng.integers(800, 2400))
    return x


def gust(rng: np.random.Generator, n: int) -> Sound:
    return shaped(rng, n, lambda hz: np.maximum(hz, 20.0) ** -1.3) * np.hanning(n)


def voice(rng: np.random.Generator, n: int) -> Sound:
    """Syllables of a gliding voice with formants that change, and pauses."""
    x, at = np.zeros(n), 0
    while at < n - 6000:
        length = int(rng.integers(2000, 5000))
        hz = np.linspace(*rng.uniform(110, 220, 2), length)
        phase = 2 * np.pi * np.cumsum(hz) / RATE_HZ
        formants = rng.uniform([300, 900, 2200], [800, 2000, 2800])
        for k in range(1, 20):
            weight = sum(np.exp(-(((k * hz.mean() - f) / 150) ** 2)) for f in formants) + 0.03
            x[at : at + length] += weight * np.sin(k * phase)
        x[at : at + length] *= np.hanning(length)
        at += length + int(rng.integers(500, 3000))
    return x
