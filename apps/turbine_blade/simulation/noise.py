"""Gaussian noise whose spectrum changes with time, and slow random processes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acoustic.signals import FloatArray

FRAME_S = 0.016
"""Every so often a spectrum is given: a blade passes the tower within about 300 ms."""
_BATCH = 128


def hop_samples(rate_hz: int) -> int:
    """Return the number of samples from one spectrum to the next."""
    return round(FRAME_S * rate_hz)


def frequencies_hz(rate_hz: int) -> NDArray[np.float64]:
    """Return the frequencies at which spectra are given."""
    return np.asarray(np.fft.rfftfreq(4 * hop_samples(rate_hz), 1 / rate_hz), dtype=np.float64)


def shaped_noise(rng: np.random.Generator, density: FloatArray, rate_hz: int) -> FloatArray:
    """Filter one stream of white noise by spectra that change with time.

    Parameters
    ----------
    rng
        Source of the white noise.
    density
        One-sided power per hertz, shape (n + 1, bins), float32: every hop, at `frequencies_hz`.
    rate_hz
        Sampling rate.

    Returns
    -------
    numpy.ndarray of float32, shape (n * hop,)

    Notes
    -----
    Hann-windowed blocks of the white noise, half overlapping, are each filtered without phase and added. Where the
    spectrum stands still this is a plain filter; where it moves, the outputs of two filters fade into each other. Many
    incoherent Gaussian sources are one source with the sum of their spectra, so one stream is enough for all.
    """
    hop = hop_samples(rate_hz)
    frames = len(density)
    white = rng.standard_normal((frames + 1) * hop, dtype=np.float32)
    blocks = np.lib.stride_tricks.sliding_window_view(white, 2 * hop)[::hop]
    window = np.hanning(2 * hop + 1)[:-1].astype(np.float32)
    rows = np.zeros((frames + 3, hop), dtype=np.float32)
    padded = np.zeros((_BATCH, 4 * hop), dtype=np.float32)
    for first in range(0, frames, _BATCH):
        part = density[first : first + _BATCH]
        count = len(part)
        np.multiply(blocks[first : first + count], window, out=padded[:count, hop : 3 * hop])
        spectra = np.fft.rfft(padded[:count])
        spectra *= np.sqrt(part * np.float32(rate_hz / 2))
        filtered = np.fft.irfft(spectra, 4 * hop)
        for quarter in range(4):
            rows[first + quarter : first + quarter + count] += filtered[:, quarter * hop : (quarter + 1) * hop]
    # Block k is centred on the end of row k + 1.
    return rows[2 : frames + 1].reshape(-1)


def slow_gaussian(rng: np.random.Generator, points: int, step_s: float, time_s: float) -> NDArray[np.float64]:
    """Draw a smooth Gaussian process of variance 1 whose correlation falls to 1/e over ``time_s``; shape (points,)."""
    reach = max(1, round(3 * time_s / step_s))
    t = np.arange(-reach, reach + 1) * step_s
    kernel = np.exp(-2 * (t / time_s) ** 2)
    white = rng.standard_normal(points + 2 * reach)
    size = 1 << (len(white) + len(kernel) - 1).bit_length()
    smooth = np.fft.irfft(np.fft.rfft(white, size) * np.fft.rfft(kernel, size), size)[2 * reach : 2 * reach + points]
    return np.asarray(smooth / np.sqrt(np.sum(kernel**2)))
