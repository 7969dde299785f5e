"""Log-mel features from int16 PCM, batch and streaming, with identical bytes."""

import numpy as np
from numpy.typing import NDArray

from acoustic import native
from acoustic.frontend.compiled import LogMelFrames
from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.fft import COLUMNS, RealFft, shaped, unbuffered
from acoustic.frontend.framing import Framer, Overlap
from acoustic.frontend.logarithm import log2
from acoustic.frontend.tables import F32, FrontEndTables, MelBank, front_end_tables


class LogMelStream:
    """Log-mel frames of a stream of int16 PCM.

    >>> fe = FrontEnd(rate_hz=16000, frame_samples=512, hop_samples=256, n_fft=512, n_mels=40, fmin_hz=50, fmax_hz=8000)
    >>> stream = LogMelStream(fe)
    >>> blocks = np.split(np.zeros(16000, np.int16), 10)
    >>> np.concatenate([stream.push(block) for block in blocks]).shape
    (61, 40)

    Blocks of any size give the same bytes as the whole recording at once. Computed by the compiled core where
    there is one, else by NumPy: the same bytes.
    """

    def __init__(self, fe: FrontEnd) -> None:
        self.fe = fe
        tables, core = front_end_tables(fe), native.core()
        self._frames = LogMelFrames(core, tables) if core else _NumpyFrames(tables)
        self._overlap = Overlap(fe.frame_samples, fe.hop_samples)

    def push(self, pcm: NDArray[np.int16]) -> F32:
        """Take samples, return the frames that they complete: arguments and errors as for :func:`log_mel`."""
        pcm, n_frames = self._overlap.push(pcm)
        levels = np.empty((n_frames, self.fe.n_mels), np.float32)
        self._frames(pcm, levels)
        return levels


def log_mel(pcm: NDArray[np.int16], fe: FrontEnd) -> F32:
    """Log-mel of a whole recording.

    The mel spectrogram of Davis and Mermelstein (1980) without their cosine transform; equal to
    ``librosa.feature.melspectrogram`` with :meth:`FrontEnd.to_librosa` and ``10 log10(max(S, floor))`` to float32
    accuracy.

    Parameters
    ----------
    pcm : int16 array, shape (n_samples,)
    fe : FrontEnd

    Returns
    -------
    float32 array, shape (n_frames, n_mels), in dB relative to full scale squared.

    Raises
    ------
    ParameterError
        When the samples are not one-dimensional int16.
    """
    return LogMelStream(fe).push(pcm)


class _NumpyFrames:
    """The arithmetic: up to ``COLUMNS`` frames at a time, one a column."""

    def __init__(self, tables: FrontEndTables) -> None:
        self._tables, self._hop = tables, tables.fe.hop_samples
        self._mel = _MelSums(tables.mel)
        self._frames = Framer(tables.window, hop_samples=self._hop, n_fft=tables.fft.n)
        self._fft = RealFft(tables.fft)

    def __call__(self, pcm: NDArray[np.int16], out: F32) -> None:
        """Fill ``out``, (n_frames, n_mels), with the frames that start at the first hops of ``pcm``."""
        with unbuffered():
            for start in range(0, len(out), COLUMNS):
                count = min(COLUMNS, len(out) - start)
                out[start : start + count] = self._columns(pcm[start * self._hop :], count).T

    def _columns(self, pcm: NDArray[np.int16], count: int) -> F32:
        """Return (n_mels, count) in dB for the ``count`` frames that start at hops of ``pcm``."""
        spectrum = self._fft.power(self._frames(pcm, count))
        if self._tables.fe.power == 1:
            np.sqrt(spectrum, out=spectrum)
        bands = self._mel(spectrum)
        level = log2(np.maximum(bands, self._tables.floor, out=bands))
        level *= self._tables.scale_db
        return level


class _MelSums:
    """Sums of the bins under each triangle: rising side, falling side, then both, each in bin order.

    The segments are kept sorted by size, so that "the next bin of every segment that has one" is a run of
    rows, and a sum over all segments takes as many additions as the largest has bins.
    """

    def __init__(self, bank: MelBank) -> None:
        sizes = np.diff(bank.bounds)
        by_size = np.argsort(-sizes, kind="stable")
        self._place = np.argsort(by_size)
        #: Segments that have an n-th bin.
        self._runs = [int(np.count_nonzero(sizes > n)) for n in range(sizes.max())]
        self._bins = np.concatenate([bank.bounds[by_size[:run]] + n for n, run in enumerate(self._runs)])
        self._weights = np.stack([bank.rise[self._bins], bank.fall[self._bins]])[:, :, None]
        self._buffers = np.empty((2, len(self._bins) * COLUMNS), np.float32)

    def __call__(self, spectrum: F32) -> F32:
        """Return (n_mels, columns) of a spectrum (n_bins, columns)."""
        columns = spectrum.shape[1]
        under, weighted = (shaped(buffer, len(self._bins), columns) for buffer in self._buffers)
        np.take(spectrum, self._bins, axis=0, out=under, mode="clip")  # a mode that needs no buffer
        sums = np.zeros((2, len(self._place), columns), np.float32)
        for weights, total in zip(self._weights, sums, strict=True):
            np.multiply(under, weights, out=weighted)
            start = 0
            for run in self._runs:
                total[:run] += weighted[start : start + run]
                start += run
        rising, falling = sums
        return rising[self._place[:-1]] + falling[self._place[1:]]
