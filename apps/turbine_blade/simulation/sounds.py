"""Waveforms of what else a microphone at a tower hears: rain, gusts, birds, aircraft, voices, thunder, overload.

Every function fills ``n`` samples with float32 of RMS 1 (where it sounds) and fades in and out at its ends.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from acoustic.signals import FloatArray, add_at, fft_filter, minimum_phase, sine

Rng = np.random.Generator
Curve = NDArray[np.float64]
Density = Callable[[Curve], Curve]

_TAPS = 1024
_FADE_S = 0.1


def rain(rng: Rng, n: int, rate_hz: int) -> FloatArray:
    """Let drops fall on the housing, each a short knock of one of its plates, over a hiss from the ground."""
    t = np.arange(round(0.03 * rate_hz)) / rate_hz
    x = np.zeros(n, dtype=np.float32)
    drops_per_s = np.exp(rng.uniform(np.log(20), np.log(200)))
    for _ in range(6):
        ring = np.sin(2 * np.pi * rng.uniform(400, 3500) * t) * np.exp(-t / rng.uniform(0.5e-3, 3e-3))
        splash = rng.standard_normal(len(t)) * np.exp(-t / 0.5e-3)
        count = int(drops_per_s / 6 * n / rate_hz) + 1
        hits = np.bincount(rng.integers(0, n, count), weights=rng.lognormal(0, 0.8, count), minlength=n)
        x += fft_filter(hits.astype(np.float32), (ring + splash).astype(np.float32))
    hiss = _noise(rng, n, rate_hz, lambda hz: (hz / 3000) ** 2 / (1 + (hz / 3000) ** 2))
    return _whole(_unit(x) + np.float32(rng.uniform(0.3, 0.8)) * hiss, rate_hz)


def gust(rng: Rng, n: int, rate_hz: int) -> FloatArray:
    """Wind on the microphone that rises and falls: f^-2.6, rough."""
    swell = _bell(n) * np.exp(0.4 * _rough(rng, n, 0.15 * rate_hz))
    return _whole(_noise(rng, n, rate_hz, lambda hz: (hz / 20) ** -2.6) * swell.astype(np.float32), rate_hz)


def birds(rng: Rng, n: int, rate_hz: int) -> FloatArray:
    """One bird that repeats a motif of gliding whistles between 2 and 7 kHz."""
    notes = []
    for _ in range(int(rng.integers(1, 5))):
        length = round(rng.uniform(0.04, 0.2) * rate_hz)
        first_hz, last_hz = rng.uniform(2000, min(7000, 0.45 * rate_hz), 2)
        trill = rng.uniform(0, 0.04) * np.sin(2 * np.pi * rng.uniform(20, 60) * np.arange(length) / rate_hz)
        hz = np.linspace(first_hz, last_hz, length) * (1 + trill)
        notes.append((np.sin(2 * np.pi * np.cumsum(hz) / rate_hz) * np.hanning(length)).astype(np.float32))
    pause_s = rng.uniform(0.03, 0.12)
    rest_s = rng.uniform(0.2, 1.0)
    x = np.zeros(n, dtype=np.float32)
    at = 0
    while at < n:
        for note in notes:
            add_at(x, at, note)
            at += len(note) + round(pause_s * rate_hz)
        at += round(rest_s * rng.uniform(0.7, 1.3) * rate_hz)
    return _whole(x, rate_hz)


def aircraft(rng: Rng, n: int, rate_hz: int) -> FloatArray:
    """Pass overhead: a swell of broadband noise, combed by the ground, and tones that fall as it goes away."""
    passing = np.linspace(-1, 1, n)
    noise = _noise(rng, n, rate_hz, lambda hz: 1 / (1 + (hz / 300) ** 3))
    delay = rate_hz * rng.uniform(1e-3, 4e-3) * (1 - 0.8 * passing**2)
    at = np.arange(n)
    comb = noise + np.float32(0.6) * np.interp(at - delay, at, noise).astype(np.float32)
    factor = 1 - rng.uniform(0.08, 0.2) * np.tanh(3 * passing)
    cycles = np.cumsum(rng.uniform(70, 140) * factor) / rate_hz
    tones = np.zeros(n, dtype=np.float32)
    for harmonic in range(1, 7):
        tones += np.float32(rng.uniform(0.2, 1) / harmonic) * sine(harmonic * cycles)
    x = comb + np.float32(rng.uniform(0.2, 0.8)) * tones
    return _whole(x * _bell(n).astype(np.float32), rate_hz)


def voice(rng: Rng, n: int, rate_hz: int) -> FloatArray:
    """Distant talk without words: syllables of a buzzing source behind three formants."""
    pitch_hz = rng.uniform(90, 220)
    x = np.zeros(n, dtype=np.float32)
    at = 0
    while at < n:
        for _ in range(int(rng.integers(2, 8))):
            length = round(rng.uniform(0.12, 0.3) * rate_hz)
            glide = np.linspace(rng.uniform(0.9, 1.2), rng.uniform(0.85, 1.1), length)
            cycles = np.cumsum(pitch_hz * glide) / rate_hz
            source = np.diff(np.floor(cycles), prepend=0.0) + 0.02 * rng.standard_normal(length)
            syllable = _formants(rng, source.astype(np.float32), rate_hz) * np.hanning(length).astype(np.float32)
            add_at(x, at, syllable)
            at += round(length * rng.uniform(0.9, 1.3))
        at += round(rng.uniform(0.2, 0.7) * rate_hz)
    return _whole(x, rate_hz)


def thunder(rng: Rng, n: int, rate_hz: int) -> FloatArray:
    """Rumble of several claps that die away."""
    t = np.arange(n) / rate_hz
    swell = np.zeros(n)
    for start_s in np.concatenate([[0.0], rng.uniform(0, 0.5 * n / rate_hz, 4)]):
        since_s = t - start_s
        swell += rng.uniform(0.3, 1) * (since_s > 0) * np.minimum(since_s / 0.05, 1) * np.exp(-since_s.clip(0) / 1.5)
    rumble = _noise(rng, n, rate_hz, lambda hz: 1 / (1 + (hz / 90) ** 3))
    return _whole(rumble * (swell + 0.05).astype(np.float32), rate_hz)


def overload(rng: Rng, n: int, rate_hz: int) -> FloatArray:
    """Blows against the microphone: noise of 60-300 Hz."""
    return _whole(_noise(rng, n, rate_hz, lambda hz: 1 / ((1 + (60 / hz) ** 4) * (1 + (hz / 300) ** 4))), rate_hz)


def _formants(rng: Rng, source: FloatArray, rate_hz: int) -> FloatArray:
    """Filter a source by three resonances of a vocal tract of random shape."""
    hz = np.fft.rfftfreq(1024, 1 / rate_hz)
    gain = np.full(len(hz), 0.003)
    for centre_hz, weight in zip(rng.uniform((300, 900, 2200), (800, 2200, 3000)), (1.0, 0.5, 0.25), strict=True):
        gain += weight / (1 + ((hz - centre_hz) / 80) ** 2)
    return fft_filter(source, minimum_phase(gain, 256))


def _noise(rng: Rng, n: int, rate_hz: int, density: Density) -> FloatArray:
    """Gaussian noise of RMS 1 with a power density given as a function of frequency."""
    hz = np.fft.rfftfreq(4 * _TAPS, 1 / rate_hz)
    hz[0] = hz[1]
    magnitude = np.sqrt(density(np.maximum(hz, 15.0)))
    return _unit(fft_filter(rng.standard_normal(n, dtype=np.float32), minimum_phase(magnitude, _TAPS)))


def _rough(rng: Rng, n: int, samples: float) -> Curve:
    """Random curve of variance about 1 that changes within a number of samples."""
    knots = int(n / samples) + 2
    return np.interp(np.arange(n) / samples, np.arange(knots), rng.standard_normal(knots))


def _bell(n: int) -> Curve:
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n))


def _unit(x: FloatArray) -> FloatArray:
    return x / np.float32(np.sqrt(np.mean(np.square(x))) + 1e-12)


def _whole(x: FloatArray, rate_hz: int) -> FloatArray:
    """Bring to RMS 1 and fade both ends."""
    x = _unit(x)
    fade = min(round(_FADE_S * rate_hz), len(x) // 2)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    x[:fade] *= ramp
    x[len(x) - fade :] *= ramp[::-1]
    return x
