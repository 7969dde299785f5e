"""Lag and rate of a denoiser: found, and taken out of what it returns."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..side_by_side import as_long, resampled
from .metrics import RATE_HZ, Pcm

#: No denoiser for speech lags by more.
MOST_LAG_S = 0.2
VOICE_S = 4.0


def lag_samples(denoise: Callable[[Pcm], Pcm]) -> int:
    """Find by how many samples what a denoiser returns lags behind what it takes.

    Lags are constant, so they are found once, where cross-correlation is sure: with a voice in as much noise, which
    every denoiser takes for speech.
    """
    probe = np.concatenate([noisy_voice(), np.zeros(round(MOST_LAG_S * RATE_HZ), np.int16)])
    return lag_between(probe, denoise(probe))


def lag_between(before: NDArray[np.int16], after: NDArray[np.int16]) -> int:
    """Lag of ``after`` at the maximum of the cross-correlation, 0 to ``MOST_LAG_S`` in samples."""
    n = 1 << (len(before) + len(after)).bit_length()
    spectra = (np.fft.rfft(pcm.astype(np.float64), n) for pcm in (before, after))
    correlation = np.fft.irfft(np.conj(next(spectra)) * next(spectra), n)
    return int(correlation[: round(MOST_LAG_S * RATE_HZ) + 1].argmax())


def without_lag(denoise: Callable[[Pcm], Pcm], lag: int, pcm: Pcm) -> Pcm:
    """Denoise, and return as many samples as were given, each at its place."""
    padded = np.concatenate([pcm, np.zeros(lag, np.int16)])
    return denoise(padded)[lag : lag + len(pcm)]


def at_rate(rate_hz: int, denoise: Callable[[Pcm], Pcm], pcm: Pcm) -> Pcm:
    """Denoise a recording at another rate than `RATE_HZ`, and return it as it was given."""
    return as_long(resampled(denoise(resampled(pcm, RATE_HZ, rate_hz)), rate_hz, RATE_HZ), len(pcm))


def noisy_voice() -> Pcm:
    """Syllables of a gliding voice and white noise of the same power: no other lag comes near."""
    voice = synthetic_voice().astype(np.float64)
    noise = np.random.default_rng(0).normal(0.0, np.sqrt(np.mean(voice**2)), len(voice))
    return np.asarray(np.rint((voice + noise) / 2), np.int16)


def synthetic_voice() -> Pcm:
    """Syllables of a gliding voice with harmonics of all frequencies."""
    t_s = np.arange(round(VOICE_S * RATE_HZ)) / RATE_HZ
    pitch_hz = 140 + 60 * np.sin(2 * np.pi * 0.7 * t_s) + 20 * np.sin(2 * np.pi * 2.3 * t_s)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    harmonics = sum((np.cos(k * phase) / np.sqrt(k) for k in range(1, 36)), np.zeros(len(t_s)))
    syllables = (0.55 + 0.45 * np.sin(2 * np.pi * 4 * t_s - 1)) ** 2
    voice = harmonics * syllables
    return np.asarray(np.rint(voice * (12_000 / np.abs(voice).max())), np.int16)
