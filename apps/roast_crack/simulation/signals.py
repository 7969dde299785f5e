"""Signal tools of the simulator: fast filters, envelopes, and the contrast of an impulse over its background."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

RATE_HZ = 32_000
"""Everything is rendered at this rate."""
FRAME = RATE_HZ // 100
"""Samples between two points of an envelope."""
MS = RATE_HZ // 1000
CONTRAST_BAND_HZ = (2_500.0, 11_500.0)
"""Where a crack stands out most from a roaster."""


def fft_filter(x: FloatArray, taps: FloatArray) -> FloatArray:
    """Causal convolution, cut to the length of ``x`` [n], by overlap-save in float32."""
    n, m = len(x), len(taps)
    size = max(4096, 1 << (4 * m - 1).bit_length())
    hop = size - m + 1
    spectrum = np.fft.rfft(taps, size)
    blocks = -(-n // hop)
    padded = np.zeros(m - 1 + blocks * hop, dtype=np.float32)
    padded[m - 1 : m - 1 + n] = x
    y = np.empty(blocks * hop, dtype=np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    batch = max(1, (1 << 19) // size)  # about 2 MB: stays in the cache
    for k in range(0, blocks, batch):
        part = np.fft.irfft(np.fft.rfft(windows[k : k + batch]) * spectrum, size)[:, m - 1 :]
        y[k * hop : k * hop + part.size] = part.reshape(-1)
    return y[:n]


def minimum_phase(magnitude: NDArray[np.float64], taps: int) -> FloatArray:
    """Shortest causal filter with this magnitude at rfft frequencies (real-cepstrum method, Oppenheim and Schafer)."""
    n = 2 * (len(magnitude) - 1)
    cepstrum = np.fft.irfft(np.log(np.maximum(magnitude, 1e-6 * magnitude.max())), n)
    cepstrum[1 : n // 2] *= 2.0
    cepstrum[n // 2 + 1 :] = 0.0
    response = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)), n)[:taps]
    fade = taps // 4
    response[-fade:] *= np.linspace(1.0, 0.0, fade)
    return response.astype(np.float32)


def apply_envelope(x: FloatArray, envelope: FloatArray) -> None:
    """Multiply ``x`` [n * FRAME] in place by an envelope [n + 1] given every 10 ms, linear in between."""
    ramp = np.arange(FRAME, dtype=np.float32) / FRAME
    rows = x.reshape(-1, FRAME)
    rows *= envelope[:-1, None] + np.diff(envelope)[:, None] * ramp


def add_at(x: FloatArray, start: int, sound: FloatArray) -> None:
    """Add ``sound`` to ``x`` in place from sample ``start`` on (which may be negative); what lies outside is lost."""
    first, last = max(start, 0), min(start + len(sound), len(x))
    if first < last:
        x[first:last] += sound[first - start : last - start]


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


def row_energy(rows: FloatArray) -> FloatArray:
    """Sum of squares of each row, float32, without a copy of the squares."""
    return np.asarray(np.einsum("ij,ij->i", rows, rows), dtype=np.float32)


def background_energy(energy: FloatArray) -> FloatArray:
    """Median of ``energy`` [n, one per ms] in steps of half a second over one second each, interpolated to every ms."""
    step = 500
    if len(energy) < 2 * step:
        return np.full(len(energy), np.median(energy) + 1e-20, dtype=np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(energy, 2 * step)[::step]
    centres = step * (1 + np.arange(len(windows)))
    medians = np.median(windows, axis=1)
    return (np.interp(np.arange(len(energy)), centres, medians) + 1e-20).astype(np.float32)
