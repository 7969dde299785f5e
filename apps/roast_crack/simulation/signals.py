"""Rate of the simulator, and the contrast of an impulse over its background."""

from __future__ import annotations

import functools

import numpy as np

from acoustic.signals import FloatArray, fft_filter, row_energy

RATE_HZ = 32_000
"""Everything is rendered at this rate."""
FRAME = RATE_HZ // 100
"""Samples between two points of an envelope."""
MS = RATE_HZ // 1000
CONTRAST_BAND_HZ = (2_500.0, 11_500.0)
"""Where a crack stands out most from a roaster."""


def resampled(x: FloatArray, rate_hz: int) -> FloatArray:
    """Resample ``x`` from `RATE_HZ`, at which it stays as it is."""
    if rate_hz == RATE_HZ:
        return x
    import soxr

    return np.asarray(soxr.resample(x, RATE_HZ, rate_hz), dtype=np.float32)


@functools.cache
def contrast_band_taps() -> FloatArray:
    """Linear-phase band-pass of 255 taps over `CONTRAST_BAND_HZ`."""
    t = np.arange(-127, 128) / RATE_HZ
    low, high = CONTRAST_BAND_HZ
    ideal = (2 * high * np.sinc(2 * high * t) - 2 * low * np.sinc(2 * low * t)) / RATE_HZ
    return (ideal * np.hamming(255)).astype(np.float32)


def band_energy(x: FloatArray) -> FloatArray:
    """Energy of every whole millisecond of ``x`` in the contrast band; float32 [n // MS]."""
    padded = np.concatenate([x, np.zeros(127, dtype=np.float32)])
    y = fft_filter(padded, contrast_band_taps())[127:]
    return row_energy(y[: len(y) // MS * MS].reshape(-1, MS))


def background_energy(energy: FloatArray) -> FloatArray:
    """Median of ``energy`` [n, one per ms] in steps of half a second over one second each, interpolated to every ms."""
    step = 500
    if len(energy) < 2 * step:
        return np.full(len(energy), np.median(energy) + 1e-20, dtype=np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(energy, 2 * step)[::step]
    centres = step * (1 + np.arange(len(windows)))
    medians = np.median(windows, axis=1)
    return (np.interp(np.arange(len(energy)), centres, medians) + 1e-20).astype(np.float32)
