"""Equaliser whose gains may change at any time: one short minimum-phase filter, without delay."""

import numpy as np
from numpy.typing import NDArray

from .audiogram import FREQUENCIES_HZ
from .decay import Steps

#: Gains are integers of this many steps.
STEPS_PER_DB = 256
#: Length of the filter (s).
TAPS_S = 0.004
#: Taps are multiples of this fraction, an error of -100 dB. With gains up to 50 dB every sum of products of taps and
#: int16 samples is then exact in float64, and comes out the same in whatever order a matrix product adds it up.
TAP_STEP = 2.0**-18
#: Likewise the logarithm of the filter's response is exact: gains in steps times multiples of this fraction.
_RESPONSE_STEP = 2.0**-32
#: Hops filtered at once, so that the windows onto the signal stay in the processor's cache.
_HOPS_AT_ONCE = 64


def minimum_phase_responses(rate_hz: int, n_fft: int) -> NDArray[np.float64]:
    """Logarithm of the minimum-phase response to one decibel in one band, for each band.

    The gain is interpolated between the bands' centres on a logarithmic scale of frequency, and stays the same beyond
    the first and the last. As the phase of a minimum-phase filter is linear in the logarithm of its magnitude, the
    response for any gains is the exponential of their weighted sum. Its phase is made from the real cepstrum
    (Oppenheim and Schafer).

    Returns
    -------
    float64 array, shape (n_bands, n_fft / 2 + 1, 2)
        Logarithmic magnitude (natural) and phase at the frequencies of ``rfft``, rounded to exact steps.
    """
    fine = 32 * n_fft
    octaves = np.log2(np.maximum(np.fft.rfftfreq(fine, 1 / rate_hz), 1.0))
    bands = np.eye(len(FREQUENCIES_HZ))
    shapes = np.stack([np.interp(octaves, np.log2(FREQUENCIES_HZ), band) for band in bands])
    cepstra = np.fft.irfft(shapes * (np.log(10.0) / 20.0))
    cepstra[:, 1 : fine // 2] *= 2.0
    cepstra[:, fine // 2 + 1 :] = 0.0
    responses = np.fft.rfft(cepstra)[:, :: fine // n_fft]
    steps = np.rint(np.stack([responses.real, responses.imag], axis=-1) / _RESPONSE_STEP)
    return np.asarray(steps * _RESPONSE_STEP)


class Equaliser:
    """Filters a stream of PCM with gains that are given for each hop, sample for sample without delay.

    Filtering by one filter that is made from all bands' gains, rather than splitting the signal and adding it up
    again, leaves a signal without gain untouched to the last bit (the side-branch structure of Kates and Arehart 2005,
    EURASIP J. Appl. Signal Process. 18:3003-3014). From hop to hop the output fades linearly between two filters.

    Parameters
    ----------
    rate_hz, hop_samples : int
    """

    def __init__(self, rate_hz: int, hop_samples: int) -> None:
        self._hop = hop_samples
        self._n_taps = 1 << round(np.log2(TAPS_S * rate_hz))
        self._n_fft = 2 * self._n_taps
        self._responses = minimum_phase_responses(rate_hz, self._n_fft).reshape(len(FREQUENCIES_HZ), -1)
        self._fade = (np.arange(hop_samples) + 1.0) / hop_samples
        # What the taps of the present hop's first sample reach back to, and the hop's samples so far.
        self._past = np.zeros(self._n_taps - 1)
        self._filters = np.zeros((2, self._n_taps))
        self._filters[:, -1] = 1.0

    def push(self, pcm: NDArray[np.int16], gains: Steps) -> NDArray[np.float64]:
        """Take samples, return as many.

        Parameters
        ----------
        pcm : int16 array, shape (n_samples,)
        gains : int64 array, shape (n_hops, n_bands)
            Steps of 1/256 dB, up to 50 dB, for each hop that these samples complete: what the hop *after* it fades to.

        Returns
        -------
        float64 array, shape (n_samples,), not limited to any range
        """
        hop = self._hop
        n_taps, n_past = self._n_taps, len(self._past)
        first = n_past - (n_taps - 1)
        n_hops = -(-(first + len(pcm)) // hop)
        signal = np.zeros(n_taps - 1 + n_hops * hop)
        signal[:n_past] = self._past
        signal[n_past : n_past + len(pcm)] = pcm
        filters = np.concatenate([self._filters, self._design(gains)]) if len(gains) else self._filters
        # Views, not copies: for each hop, what its samples' taps lie on, and the filters to fade from and to.
        windows = np.ndarray((n_hops, hop, n_taps), np.float64, signal, strides=(8 * hop, 8, 8))
        pairs = np.ndarray((n_hops, n_taps, 2), np.float64, filters, strides=(8 * n_taps, 8, 8 * n_taps))
        out = np.empty((n_hops, hop))
        for start in range(0, n_hops, _HOPS_AT_ONCE):
            part = slice(start, start + _HOPS_AT_ONCE)
            both = windows[part] @ pairs[part]
            out[part] = both[..., 0] + (both[..., 1] - both[..., 0]) * self._fade
        self._filters = filters[len(gains) :]
        self._past = signal[len(gains) * hop : n_past + len(pcm)]
        return out.reshape(-1)[first : first + len(pcm)]

    def _design(self, gains: Steps) -> NDArray[np.float64]:
        """Impulse responses, latest tap first: (n_hops, n_bands) to (n_hops, n_taps)."""
        logarithms = (gains / STEPS_PER_DB) @ self._responses
        responses = np.exp(logarithms.view(np.complex128))
        taps = np.fft.irfft(responses, self._n_fft)[:, self._n_taps - 1 :: -1]
        return np.rint(taps / TAP_STEP) * TAP_STEP
