"""Constant tables of the front end, computed in float64 and rounded to float32, once for each definition.

NumPy, the compiled core and firmware take the very same numbers, so no compiler's or libm's opinion of a sine enters
the results.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.frontend.definition import FrontEnd

F32 = NDArray[np.float32]
#: Decibels of power for a factor of two.
DB_PER_OCTAVE = 3.0102999566398120
#: Full scale of int16 PCM: levels and spectra are those of a signal between -1 and 1.
FULL_SCALE = np.float32(32768.0)


@dataclass(frozen=True, eq=False)
class FftTables:
    """Factors exp(-2 pi i k / n) of a Fourier transform of ``n`` points, for k in 0..n-1.

    Every second, fourth, ... of them are those of a shorter transform, to the bit.

    Attributes
    ----------
    cosine, sine : float32 arrays, shape (n,)
        Real and imaginary part: the cosine, and minus the sine, of 2 pi k / n.
    """

    cosine: F32
    sine: F32

    @property
    def n(self) -> int:
        """Points of the transform."""
        return len(self.cosine)


@lru_cache(maxsize=64)
def fft_tables(n: int) -> FftTables:
    """Return the factors of a transform of ``n`` points, a power of two."""
    angle = 2 * np.pi * np.arange(n) / n
    return FftTables(np.cos(angle).astype(np.float32), (-np.sin(angle)).astype(np.float32))


def periodic_hann(n: int) -> F32:
    """Periodic (DFT-even) Hann window of ``n`` samples (Harris 1978)."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)).astype(np.float32)


def hz_to_mel(hz: NDArray[np.float64], scale: str) -> NDArray[np.float64]:
    """Frequency in Hz to mel: ``htk`` (O'Shaughnessy 1987) or ``slaney`` (Auditory Toolbox, 1998)."""
    if scale == "htk":
        return np.asarray(2595.0 * np.log10(1.0 + hz / 700.0))
    # Slaney: linear below 1 kHz (200/3 Hz a mel), then 27 mels for each factor of 6.4.
    return np.where(hz < 1000.0, hz * 3 / 200, 15.0 + 27.0 * np.log(np.maximum(hz, 1e-3) / 1000.0) / np.log(6.4))


def mel_to_hz(mel: NDArray[np.float64], scale: str) -> NDArray[np.float64]:
    """Inverse of :func:`hz_to_mel`."""
    if scale == "htk":
        return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0))
    return np.where(mel < 15.0, mel * 200 / 3, 1000.0 * np.exp((mel - 15.0) * np.log(6.4) / 27.0))


@dataclass(frozen=True)
class MelBank:
    """Triangular mel filters, stored by segment.

    The ``n_mels + 2`` band edges cut the bins into ``n_mels + 1`` segments. A bin of segment ``j`` lies
    on the rising side of triangle ``j`` and on the falling side of triangle ``j - 1``, so each bin costs
    two multiplications however many bands there are.

    Attributes
    ----------
    bounds : int array, shape (n_mels + 2,)
        First bin of each segment, and the end of the last.
    rise, fall : float32 array, shape (n_fft / 2 + 1,)
        Weight of each bin on the rising and on the falling side.
    """

    bounds: NDArray[np.int64]
    rise: F32
    fall: F32

    def empty_bands(self) -> list[int]:
        """Return the bands that hold no bin: they would be silent for ever."""
        edges = zip(self.bounds, self.bounds[1:], self.bounds[2:], strict=False)
        return [band for band, (a, b, c) in enumerate(edges) if not (self.rise[a:b].any() or self.fall[b:c].any())]

    def matrix(self) -> F32:
        """Return the dense filter bank, shape (n_mels, n_fft / 2 + 1), as librosa lays it out."""
        n_mels = len(self.bounds) - 2
        dense = np.zeros((n_mels, len(self.rise)), np.float32)
        for band in range(n_mels):
            a, b, c = self.bounds[band : band + 3]
            dense[band, a:b] = self.rise[a:b]
            dense[band, b:c] = self.fall[b:c]
        return dense


def mel_edges_hz(fe: FrontEnd) -> NDArray[np.float64]:
    """Return the edges of the mel bands, shape (n_mels + 2,): band ``j`` lies between edges ``j`` and ``j + 2``."""
    lowest, highest = hz_to_mel(np.array([fe.fmin_hz, fe.fmax_hz]), fe.mel_scale)
    return mel_to_hz(np.linspace(lowest, highest, fe.n_mels + 2), fe.mel_scale)


def mel_bank(fe: FrontEnd) -> MelBank:
    """Return the mel filters of a front end.

    Raises
    ------
    ParameterError
        When a band would hold no FFT bin: it would be silent for ever.
    """
    edges = mel_edges_hz(fe)
    bins = np.arange(fe.n_fft // 2 + 1) * (fe.rate_hz / fe.n_fft)
    bounds = np.searchsorted(bins, edges)
    rise, fall = np.zeros(len(bins)), np.zeros(len(bins))
    gain = 2.0 / (edges[2:] - edges[:-2]) if fe.mel_norm == "slaney" else np.ones(fe.n_mels)
    for segment in range(fe.n_mels + 1):
        low, high = edges[segment], edges[segment + 1]
        inside = slice(bounds[segment], bounds[segment + 1])
        if segment < fe.n_mels:
            rise[inside] = gain[segment] * (bins[inside] - low) / (high - low)
        if segment > 0:
            fall[inside] = gain[segment - 1] * (high - bins[inside]) / (high - low)
    bank = MelBank(bounds, rise.astype(np.float32), fall.astype(np.float32))
    if empty := bank.empty_bands():
        listed = f"{empty[:8]}{' and more' if len(empty) > 8 else ''}"
        raise ParameterError(
            f"front end: mel bands {listed} hold no FFT bin; use fewer bands, a higher fmin_hz or a larger n_fft"
        )
    return bank


@dataclass(frozen=True, eq=False)
class FrontEndTables:
    """Everything that is computed from a log-mel definition before the first sample comes; made once.

    Attributes
    ----------
    window : float32 array, shape (frame_samples,)
        Hann window, scaled for int16 input.
    fft : FftTables
        Factors of the transform of n_fft points.
    mel : MelBank
    floor : float32
        Smallest value of a band.
    scale_db : float32
        What turns the base-2 logarithm of a band into dB: 10 log10(2), or twice that for magnitudes.
    """

    fe: FrontEnd
    window: F32
    fft: FftTables
    mel: MelBank
    floor: np.float32
    scale_db: np.float32


@lru_cache(maxsize=32)
def front_end_tables(fe: FrontEnd) -> FrontEndTables:
    """Return the tables of a front end.

    Raises
    ------
    ParameterError
        When a mel band would hold no FFT bin.
    """
    return FrontEndTables(
        fe,
        window=periodic_hann(fe.frame_samples) / FULL_SCALE,
        fft=fft_tables(fe.n_fft),
        mel=mel_bank(fe),
        floor=np.float32(fe.floor),
        scale_db=np.float32(DB_PER_OCTAVE * (3 - fe.power)),
    )
