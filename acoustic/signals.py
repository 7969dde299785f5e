"""Fast filters and envelopes for sounds that are made sample by sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


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
    """Multiply ``x`` [n * hop] in place by an envelope [n + 1] given every hop, linear in between."""
    rows = x.reshape(len(envelope) - 1, -1)
    ramp = np.arange(rows.shape[1], dtype=np.float32) / np.float32(rows.shape[1])
    rows *= envelope[:-1, None] + np.diff(envelope)[:, None] * ramp


def sine(cycles: NDArray[np.float64]) -> FloatArray:
    """Sine of a phase given in cycles, which may run into the millions: float32 holds the fraction alone."""
    return np.asarray(np.sin(np.float32(2 * np.pi) * (cycles - np.floor(cycles)).astype(np.float32)))


def add_at(x: FloatArray, start: int, sound: FloatArray) -> None:
    """Add ``sound`` to ``x`` in place from sample ``start`` on (which may be negative); what lies outside is lost."""
    first, last = max(start, 0), min(start + len(sound), len(x))
    if first < last:
        x[first:last] += sound[first - start : last - start]


def row_energy(rows: FloatArray) -> FloatArray:
    """Sum of squares of each row, float32, without a copy of the squares."""
    return np.asarray(np.einsum("ij,ij->i", rows, rows), dtype=np.float32)
