"""Waveforms of single sounds: cracks, bean impacts, and what else goes bang, clicks, beeps or plays around a roaster.

Every function returns float32 at `RATE_HZ` with a peak near 1; levels are set when the sound is placed. The crack model
follows what is known of real ones: attack below 1 ms, 10 dB down after 3-5 ms, a second pulse in half of them, a
spectrum flat to about 5 kHz and falling above.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from acoustic.signals import FloatArray, add_at

from .parameters import RoastParameters
from .signals import RATE_HZ

Rng = np.random.Generator


def _seconds(length_s: float) -> NDArray[np.float64]:
    return np.arange(max(1, round(length_s * RATE_HZ))) / RATE_HZ


def _decay(length_s: float, attack_s: float, tau_s: float) -> NDArray[np.float64]:
    """Raised-cosine attack, exponential decay."""
    t = _seconds(length_s)
    rise = 0.5 - 0.5 * np.cos(np.pi * np.clip(t / max(attack_s, 1 / RATE_HZ), 0, 1))
    return np.asarray(rise * np.exp(-np.maximum(t - attack_s, 0) / tau_s))


def _modes(rng: Rng, length_s: float, hz: NDArray[np.float64], tau_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of decaying sines with random phases and amplitudes falling with their number."""
    t = _seconds(length_s)
    gain = rng.uniform(0.3, 1.0, len(hz)) / np.sqrt(1 + np.arange(len(hz)))
    phase = rng.uniform(0, 2 * np.pi, len(hz))
    waves = np.sin(2 * np.pi * hz[:, None] * t + phase[:, None]) * np.exp(-t / tau_s[:, None])
    return np.asarray(gain @ waves)


def _unit(x: NDArray[np.float64]) -> FloatArray:
    return (x / max(float(np.abs(x).max()), 1e-9)).astype(np.float32)


def _band_noise(rng: Rng, n: int, low_hz: float, high_hz: float) -> NDArray[np.float64]:
    f = np.fft.rfftfreq(n, 1 / RATE_HZ)
    spectrum = np.fft.rfft(rng.standard_normal(n))
    spectrum *= 1 / np.sqrt((1 + (low_hz / np.maximum(f, 1)) ** 4) * (1 + (f / high_hz) ** 4))
    noise = np.fft.irfft(spectrum, n)
    return np.asarray(noise / max(float(noise.std()), 1e-9))


def _falling(x: NDArray[np.float64], knee_hz: float, db_per_khz: float) -> NDArray[np.float64]:
    """Lower the spectrum by ``db_per_khz`` above ``knee_hz``."""
    f = np.fft.rfftfreq(len(x), 1 / RATE_HZ)
    return np.asarray(np.fft.irfft(np.fft.rfft(x) * 10 ** (-np.maximum(f - knee_hz, 0) * db_per_khz / 20_000), len(x)))


def crack(rng: Rng, p: RoastParameters) -> FloatArray:
    """One crack of a bean, 32 ms."""
    length_s = 0.032
    attack_s = 1e-3 * p.crack_attack_ms * rng.uniform(0.5, 1.3)
    fast_s = 1e-3 * p.crack_decay_ms / 2.3 * 2 * rng.uniform(0.6, 1.5)  # amplitude: -10 dB is 1.15 time constants
    envelope = 0.85 * _decay(length_s, attack_s, 0.6 * fast_s) + 0.15 * _decay(length_s, attack_s, 2.5 * fast_s)
    n = len(envelope)
    count = int(rng.integers(1, 4))
    hz = np.exp(rng.uniform(np.log(p.crack_mode_low_hz), np.log(p.crack_mode_high_hz), count))
    modes = _modes(rng, length_s, hz, fast_s * rng.uniform(0.5, 2.0, count)) * np.minimum(
        1, _seconds(length_s) / attack_s
    )
    tone = np.clip(p.crack_tone * rng.uniform(0.5, 1.5), 0, 0.9)
    burst = 0.4 * rng.standard_normal(n) * envelope
    pulse = _decay(length_s, attack_s, 0.15e-3) - 0.5 * _decay(length_s, 2 * attack_s, 0.3e-3)
    x = (1 - tone) * (burst + rng.uniform(0, 1.5) * pulse) + tone * modes
    if rng.random() < p.crack_double:
        delay = round(rng.uniform(1.5e-3, 5e-3) * RATE_HZ)
        x[delay:] += 10 ** (-rng.uniform(1, 10) / 20) * x[:-delay]
    x[-64:] *= np.linspace(1, 0, 64)
    return _unit(_falling(x, p.crack_knee_hz * rng.uniform(0.9, 1.1), p.crack_tilt_db_per_khz * rng.uniform(0.8, 1.2)))


def impact(rng: Rng, p: RoastParameters) -> FloatArray:
    """One bean against the drum or another bean."""
    tau_s = 1e-3 * p.clatter_decay_ms * rng.uniform(0.6, 1.5)
    length_s = 5 * tau_s
    count = int(rng.integers(1, 4))
    hz = np.exp(rng.uniform(np.log(p.clatter_low_hz), np.log(p.clatter_high_hz), count))
    modes = _modes(rng, length_s, hz, tau_s * rng.uniform(0.5, 1.2, count))
    thud = rng.uniform(0, 0.5) * rng.standard_normal(len(modes)) * _decay(length_s, 1e-4, 0.3 * tau_s)
    return _unit(_falling(modes + thud, p.clatter_high_hz, 2.0))


def _hits(rng: Rng, single: Callable[[], FloatArray], offsets_s: NDArray[np.float64]) -> FloatArray:
    sounds = [single() * np.float32(rng.uniform(0.4, 1)) for _ in offsets_s]
    starts = np.round((offsets_s - offsets_s.min()) * RATE_HZ).astype(int)
    x = np.zeros(max(start + len(sound) for start, sound in zip(starts, sounds, strict=True)), dtype=np.float32)
    for start, sound in zip(starts, sounds, strict=True):
        add_at(x, int(start), sound)
    return x


def _knock(rng: Rng) -> FloatArray:
    hz = np.exp(rng.uniform(np.log(150), np.log(2500), int(rng.integers(2, 6))))
    tau_s = rng.uniform(0.004, 0.02)
    tap = rng.uniform(0.02, 0.3)

    def single() -> FloatArray:
        x = _modes(rng, 0.08, hz, np.full(len(hz), tau_s))
        return _unit(x + tap * rng.standard_normal(len(x)) * _decay(0.08, 2e-4, 1e-3))

    return _hits(rng, single, np.cumsum(rng.uniform(0.1, 0.4, int(rng.integers(1, 5)))))


def _click(rng: Rng) -> FloatArray:
    hz = rng.uniform(2000, 9000, int(rng.integers(1, 4)))
    tau_s = rng.uniform(2e-4, 1.5e-3)

    def single() -> FloatArray:
        x = _modes(rng, 0.01, hz, np.full(len(hz), tau_s))
        return _unit(x + 0.5 * rng.standard_normal(len(x)) * _decay(0.01, 5e-5, 0.5 * tau_s))

    return _hits(rng, single, np.cumsum(rng.uniform(0.02, 0.25, int(rng.integers(1, 5)))))


def _clank(rng: Rng) -> FloatArray:
    hz = np.exp(rng.uniform(np.log(700), np.log(10000), int(rng.integers(4, 11))))
    tau_s = rng.uniform(0.01, 0.2) * (1000 / hz) ** rng.uniform(0.2, 0.8)

    def single() -> FloatArray:
        x = _modes(rng, 0.4, hz, tau_s)
        return _unit(x + rng.uniform(0, 1) * rng.standard_normal(len(x)) * _decay(0.4, 1e-4, 1.5e-3))

    return _hits(rng, single, np.cumsum(rng.exponential(0.15, int(rng.integers(1, 6)))))


def _door(rng: Rng) -> FloatArray:
    thump = _band_noise(rng, round(0.3 * RATE_HZ), 50, 500) * _decay(0.3, 3e-3, 0.05)
    rattle = _hits(rng, lambda: _click(rng), np.cumsum(rng.exponential(0.05, int(rng.integers(2, 7)))))
    x = 0.6 * rattle
    x = np.concatenate([x, np.zeros(max(0, len(thump) - len(x)), dtype=np.float32)])
    x[: len(thump)] += _unit(thump)
    return x


def _scrape(rng: Rng) -> FloatArray:
    length_s = rng.uniform(0.2, 1.5)
    n = len(_seconds(length_s))
    rough = np.interp(np.arange(n), np.arange(0, n + 400, 400), rng.lognormal(0, 0.6, len(np.arange(0, n + 400, 400))))
    return _unit(_band_noise(rng, n, rng.uniform(300, 2500), rng.uniform(3000, 9000)) * rough * np.hanning(n))


def _crackle(rng: Rng) -> FloatArray:
    return _hits(rng, lambda: _click(rng), np.cumsum(rng.exponential(rng.uniform(0.1, 0.6), int(rng.integers(5, 20)))))


def _baffle(rng: Rng) -> FloatArray:
    hz = rng.uniform(900, 6000, 4)
    return _unit(_modes(rng, 0.04, hz, rng.uniform(0.001, 0.006, 4)))


def _pour(rng: Rng, p: RoastParameters) -> FloatArray:
    """Beans poured: hundreds of impacts a second."""
    length_s = rng.uniform(1.0, 4.0)
    beans = [impact(rng, p) for _ in range(32)]
    x = np.zeros(round((length_s + 0.1) * RATE_HZ), dtype=np.float32)
    count = int(length_s * rng.uniform(150, 600))
    at = (np.sort(rng.beta(2, 3, count)) * length_s * RATE_HZ).astype(int)
    for start, which, gain in zip(at, rng.integers(0, 32, count), rng.lognormal(0, 0.5, count), strict=True):
        add_at(x, int(start), beans[which] * np.float32(gain))
    return _unit(x.astype(np.float64))


def impulsive(rng: Rng, kind: str, p: RoastParameters) -> FloatArray:
    """Render a short noise of a kind: knock, click, clank, door, scrape, crackle, baffle or pour."""
    if kind == "pour":
        return _pour(rng, p)
    makers = {"knock": _knock, "click": _click, "clank": _clank, "door": _door}
    makers |= {"scrape": _scrape, "crackle": _crackle, "baffle": _baffle}
    return makers[kind](rng)


def beep(rng: Rng) -> FloatArray:
    """Render a timer: tones of 1-4 kHz, on and off."""
    hz, on_s, count = rng.uniform(900, 4200), rng.uniform(0.05, 0.4), int(rng.integers(1, 9))
    t = _seconds(on_s)
    tone = np.sin(2 * np.pi * hz * t) + 0.3 * np.sin(6 * np.pi * hz * t) * (3 * hz < 15000)
    tone *= np.minimum(1, np.minimum(t, t[::-1]) / rng.uniform(5e-4, 5e-3))
    pause = np.zeros(round(rng.uniform(0.05, 0.5) * RATE_HZ))
    return _unit(np.tile(np.concatenate([tone, pause]), count))


def music(rng: Rng) -> FloatArray:
    """Play chords and drums from a radio, 8-30 s."""
    beat_s = 60 / rng.uniform(70, 150)
    beats = round(rng.uniform(8, 30) / beat_s)
    x = np.zeros(round((beats + 2) * beat_s * RATE_HZ), dtype=np.float32)
    root_hz = rng.uniform(90, 220)
    partials = np.arange(1, 9)
    decay_s, drums = rng.uniform(0.1, 0.8), rng.uniform(0, 1.2)
    for k in range(beats):
        if rng.random() < 0.7:
            hz = root_hz * 2 ** (rng.choice([0, 2, 3, 4, 5, 7, 9, 12, 16]) / 12) * partials
            hz = hz[hz < 12000]
            note = _modes(rng, 2 * beat_s, hz, np.full(len(hz), decay_s))
            add_at(x, round(k * beat_s * RATE_HZ), _unit(note * np.minimum(1, _seconds(2 * beat_s) / 0.01)))
        for half in (0.0, 0.5):
            hat = _band_noise(rng, 2048, 5000, 12000) * np.exp(-np.arange(2048) / rng.uniform(200, 900))
            add_at(x, round((k + half) * beat_s * RATE_HZ), _unit(hat) * np.float32(drums * rng.uniform(0, 0.5)))
        drum = _band_noise(rng, 4096, 60, 3000 if k % 2 else 200) * np.exp(-np.arange(4096) / 900)
        add_at(x, round(k * beat_s * RATE_HZ), _unit(drum) * np.float32(drums))
    return x
