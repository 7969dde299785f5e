"""From the roaster to the microphone's output: room, housing, capsule and codec as two filters."""

from __future__ import annotations

import numpy as np

from acoustic.signals import FloatArray, minimum_phase

from .parameters import RoastParameters
from .signals import RATE_HZ


def impulse_response(
    rng: np.random.Generator, p: RoastParameters, direct_db: float, metal_db: float | None
) -> FloatArray:
    """Room and housing; the direct sound is sample 0, so that nothing is delayed.

    Early reflections and a diffuse tail whose high frequencies decay faster; with ``metal_db``, ringing modes of the
    housing.
    """
    n = round(min(p.t60_s, 0.45) * RATE_HZ)
    t = np.arange(n) / RATE_HZ
    tail = rng.standard_normal(n) * 10 ** (-3 * t / p.t60_s)
    dark = rng.standard_normal(n) * 10 ** (-3 * t / (0.4 * p.t60_s))
    smooth = np.convolve(tail, np.ones(6) / np.sqrt(6))[:n]
    diffuse = smooth + dark
    diffuse[: round(rng.uniform(0.5e-3, 4e-3) * RATE_HZ)] = 0.0
    diffuse *= 10 ** (-direct_db / 20) / np.sqrt(np.sum(diffuse**2))
    response = diffuse
    response[0] = 1.0
    reflections = rng.exponential(0.0025, int(rng.integers(2, 8))) + 0.0003
    for delay_s in reflections[reflections < t[-1]]:
        response[round(delay_s * RATE_HZ)] += rng.choice([-1, 1]) * 10 ** (-(direct_db + rng.uniform(2, 10)) / 20)
    if metal_db is not None:
        for _ in range(int(rng.integers(2, 9))):
            hz, tau_s = np.exp(rng.uniform(np.log(300), np.log(7000))), rng.uniform(0.002, 0.03)
            ring = np.exp(-t / tau_s) * np.sin(2 * np.pi * hz * t)
            response += 10 ** ((metal_db + rng.uniform(-6, 3)) / 20) * ring / np.sqrt(np.sum(ring**2)) * 0.5
    return response.astype(np.float32)


def microphone(p: RoastParameters) -> FloatArray:
    """Minimum-phase filter of 2048 taps: high-pass, low-pass, tilt, resonance, and the low-pass of a codec."""
    f = np.fft.rfftfreq(8192, 1 / RATE_HZ)
    f[0] = f[1] / 2
    level_db = -10 * np.log10(1 + (p.mic_highpass_hz / f) ** 4)
    level_db -= 10 * np.log10(1 + (f / p.mic_lowpass_hz) ** (2 * round(p.mic_lowpass_order)))
    level_db += p.mic_tilt_db * np.clip(np.log10(f / 1000), -1, 1) / 2
    level_db += p.mic_peak_db * np.exp(-((np.log2(f / p.mic_peak_hz) / 0.35) ** 2))
    if p.codec_hz:
        level_db -= np.clip((f / p.codec_hz - 1) * 800, 0, 70)
    return minimum_phase(10 ** (np.maximum(level_db, -100) / 20), 2048)
