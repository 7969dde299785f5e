"""Streaming short-time Fourier transform and its synthesis by overlap-add (Allen and Rabiner 1977)."""

import numpy as np
from numpy.typing import NDArray

from acoustic import native
from acoustic.errors import ParameterError
from acoustic.frontend.compiled import StftFrames, SynthesisFrames
from acoustic.frontend.fft import COLUMNS, InverseRealFft, RealFft, unbuffered
from acoustic.frontend.framing import Framer, Overlap
from acoustic.frontend.tables import F32, fft_tables
from acoustic.frontend.windows import WindowPair


class Stft:
    """Complex spectra of a stream of int16 PCM, one frame for each ``hop_samples`` samples.

    Silence is assumed before the first sample, so that it too lies under overlapping windows. Blocks of any
    size give the same bytes. Computed by the compiled core where there is one, else by NumPy: the same bytes.
    """

    def __init__(self, windows: WindowPair) -> None:
        self.windows = windows
        core = native.core()
        self._frames = StftFrames(core, windows) if core else _NumpyStft(windows)
        self._overlap = Overlap(windows.n_fft, windows.hop_samples, after_silence=True)

    def push(self, pcm: NDArray[np.int16]) -> tuple[F32, F32]:
        """Take samples, return the spectra of the frames that they complete.

        Parameters
        ----------
        pcm : int16 array, shape (n_samples,)

        Returns
        -------
        re, im : float32 arrays, shape (n_frames, n_fft / 2 + 1)

        Raises
        ------
        ParameterError
            When the samples are not one-dimensional int16.
        """
        pcm, n_frames = self._overlap.push(pcm)
        spectra = np.empty((2, n_frames, self.windows.n_fft // 2 + 1), np.float32)
        self._frames(pcm, spectra)
        return spectra[0], spectra[1]


class _NumpyStft:
    """The arithmetic of :class:`Stft`: up to ``COLUMNS`` frames at a time, one a column."""

    def __init__(self, windows: WindowPair) -> None:
        self._hop = windows.hop_samples
        self._frames = Framer(windows.pcm_analysis, hop_samples=self._hop, n_fft=windows.n_fft)
        self._fft = RealFft(fft_tables(windows.n_fft))

    def __call__(self, pcm: NDArray[np.int16], out: F32) -> None:
        """Fill ``out``, (2, n_frames, n_fft / 2 + 1), with the spectra from the first hops of ``pcm`` on."""
        n = out.shape[1]
        with unbuffered():
            for start in range(0, n, COLUMNS):
                count = min(COLUMNS, n - start)
                spectra = self._fft(self._frames(pcm[start * self._hop :], count))
                out[:, start : start + count] = spectra.transpose(0, 2, 1)


class Synthesis:
    """Int16 PCM from a stream of spectra: inverse transform, window, overlap-add.

    The sample that :class:`Stft` took at position ``i`` leaves at ``i + windows.delay_samples``. Computed by the
    compiled core where there is one, else by NumPy: the same bytes.
    """

    def __init__(self, windows: WindowPair) -> None:
        self.windows = windows
        core = native.core()
        self._add = SynthesisFrames(core, windows) if core else _NumpySynthesis(windows)

    def push(self, re: F32, im: F32) -> NDArray[np.int16]:
        """Take spectra, return the samples that no later frame can change.

        Parameters
        ----------
        re, im : float32 arrays, shape (n_frames, n_fft / 2 + 1)
            The imaginary parts of the first and the last bin count as zero.

        Returns
        -------
        int16 array, shape (n_frames * hop_samples,)
            Halves are rounded to even; what exceeds full scale is limited to it.

        Raises
        ------
        ParameterError
            When the shapes do not fit the windows.
        """
        n_bins = self.windows.n_fft // 2 + 1
        if re.shape != im.shape or re.ndim != 2 or re.shape[1] != n_bins:
            raise ParameterError(f"spectra must be two arrays (n_frames, {n_bins}), not {re.shape} and {im.shape}")
        re, im = re.astype(np.float32, copy=False), im.astype(np.float32, copy=False)
        samples = np.empty((len(re), self.windows.hop_samples), np.int16)
        self._add(re, im, samples)
        return samples.reshape(-1)


class _NumpySynthesis:
    """The arithmetic of :class:`Synthesis`."""

    def __init__(self, windows: WindowPair) -> None:
        self._inverse = InverseRealFft(fft_tables(windows.n_fft))
        self._window = windows.pcm_synthesis.reshape(-1, windows.hop_samples)
        # Windowed frames whose later hops are still to come, oldest first.
        self._open = np.zeros((len(self._window) - 1, *self._window.shape), np.float32)

    def __call__(self, re: F32, im: F32, out: NDArray[np.int16]) -> None:
        """Fill ``out``, (n_frames, hop_samples), from spectra (n_frames, n_fft / 2 + 1)."""
        for start in range(0, len(out), COLUMNS):
            stop = min(len(out), start + COLUMNS)
            out[start:stop] = self._add(np.stack([re[start:stop].T, im[start:stop].T]))

    def _add(self, spectra: F32) -> NDArray[np.int16]:
        """Overlap-add of a few frames: (2, bins, n_frames) to (n_frames, hop_samples)."""
        count, (overlapping, hop) = spectra.shape[2], self._window.shape
        with unbuffered():
            frames = self._inverse(spectra).T.reshape(count, -1, hop)[:, -overlapping:] * self._window
        frames = np.concatenate([self._open, frames])
        total = np.zeros((count, hop), np.float32)
        for age in range(overlapping - 1, -1, -1):  # the oldest frame first
            first = overlapping - 1 - age
            total += frames[first : first + count, age]
        self._open = frames[count:].copy()
        return np.clip(np.rint(total), -32768.0, 32767.0).astype(np.int16)
