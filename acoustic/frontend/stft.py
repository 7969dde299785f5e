"""Streaming short-time Fourier transform and its synthesis by overlap-add (Allen and Rabiner 1977)."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from acoustic import native
from acoustic.errors import ParameterError
from acoustic.frontend.compiled import StftFrames, SynthesisFrames
from acoustic.frontend.fft import COLUMNS, InverseRealFft, RealFft, unbuffered
from acoustic.frontend.framing import Framer, check_pcm
from acoustic.frontend.tables import F32

#: Full scale of int16 PCM: spectra are those of a signal between -1 and 1.
FULL_SCALE = np.float32(32768.0)


@dataclass(frozen=True, eq=False)
class WindowPair:
    """Windows of an analysis and of the synthesis that undoes it.

    Overlapping frames, multiplied by both windows, must add up to one at every sample: use
    :meth:`reconstructing`, which makes it so, or :meth:`root_hann`.

    Raises
    ------
    ParameterError
        When the windows differ in length, the length is no power of two of at least 16, or no multiple of
        the hop, or the overlapping products do not add up to one.
    """

    analysis: F32
    """Shape (n_fft,); a shorter window is padded with zeros on either side."""
    synthesis: F32
    """Shape (n_fft,)."""
    hop_samples: int
    """Samples from one frame to the next."""

    def __post_init__(self) -> None:
        """Check the sizes and the reconstruction."""
        n = len(self.analysis)
        if self.analysis.shape != self.synthesis.shape or n < 16 or n & (n - 1):
            raise ParameterError("windows: both must have the same length, a power of two of at least 16")
        if not 1 <= self.hop_samples <= n or n % self.hop_samples:
            raise ParameterError(f"windows: a hop of {self.hop_samples} samples does not divide the window's {n}")
        if np.abs(_overlapped(self.analysis, self.synthesis, self.hop_samples) - 1.0).max() > 1e-6:
            raise ParameterError("windows: overlapping products do not add up to one; use WindowPair.reconstructing")

    @classmethod
    def reconstructing(cls, analysis: F32, synthesis: F32, hop_samples: int) -> Self:
        """Scale the synthesis window, sample by sample of the hop, so that an untouched signal comes back."""
        if len(analysis) != len(synthesis) or hop_samples < 1 or len(analysis) % hop_samples:
            raise ParameterError("windows: both must have the same length, a multiple of the hop")
        total = _overlapped(analysis, synthesis, hop_samples)
        if not (np.abs(total) > 1e-3).all():
            raise ParameterError("windows: some samples are under no window; use a smaller hop")
        scaled = synthesis / np.tile(total, len(synthesis) // hop_samples)
        return cls(analysis.astype(np.float32), scaled.astype(np.float32), hop_samples)

    @classmethod
    def root_hann(cls, n_fft: int, hop_samples: int) -> Self:
        """Square root of a periodic Hann window on both sides; a hop of n_fft / 2 or a fraction of it."""
        root = np.sin(np.pi * np.arange(n_fft) / n_fft)
        return cls.reconstructing(root, root, hop_samples)

    @classmethod
    def asymmetric(cls, analysis_samples: int, synthesis_samples: int, hop_samples: int) -> Self:
        """Long analysis for fine bins, short synthesis for a short delay (Mauler and Martin 2007).

        The analysis window is the rising half of a long root-Hann window and the falling half of a short one.
        The synthesis window is what makes their product a short Hann window at the end of the frame; it is zero
        before. From "A low delay, variable resolution, perfect reconstruction spectral analysis-synthesis
        system for speech enhancement", EUSIPCO 2007.

        Parameters
        ----------
        analysis_samples : int
            Length of the frame and of the transform.
        synthesis_samples : int
            Length of the short Hann window, even: all that counts for the delay.
        hop_samples : int
            Half of ``synthesis_samples`` or a fraction of it.
        """
        if not 2 <= synthesis_samples <= analysis_samples or synthesis_samples % 2:
            raise ParameterError(
                f"windows: the synthesis window must be even and at most the analysis window's {analysis_samples} "
                f"samples long, not {synthesis_samples}"
            )
        fall = synthesis_samples // 2
        rise = analysis_samples - fall
        analysis = np.concatenate(
            [np.sin(np.pi / 2 * np.arange(rise) / rise), np.cos(np.pi / 2 * np.arange(fall) / fall)]
        )
        hann = np.zeros(analysis_samples)
        hann[-synthesis_samples:] = np.sin(np.pi * np.arange(synthesis_samples) / synthesis_samples) ** 2
        synthesis = np.divide(hann, analysis, out=np.zeros(analysis_samples), where=hann > 0)
        return cls.reconstructing(analysis, synthesis, hop_samples)

    @property
    def n_fft(self) -> int:
        """Length of the windows and of the transform."""
        return len(self.analysis)

    @property
    def silent_hops(self) -> int:
        """Whole hops at the beginning of the frame that the synthesis window leaves out."""
        return int(np.flatnonzero(self.synthesis)[0]) // self.hop_samples

    @property
    def delay_samples(self) -> int:
        """By how much :class:`Synthesis` lags behind :class:`Stft`'s input: its window, without zeros, less a hop.

        A live stream waits for up to one more hop, until a frame is complete.
        """
        return self.n_fft - (1 + self.silent_hops) * self.hop_samples


def _overlapped(analysis: NDArray[np.floating], synthesis: NDArray[np.floating], hop: int) -> NDArray[np.float64]:
    """Sum of the overlapping products at each sample of a hop."""
    product = analysis.astype(np.float64) * synthesis
    return np.asarray(product.reshape(-1, hop).sum(axis=0))


class Stft:
    """Complex spectra of a stream of int16 PCM, one frame for each ``hop_samples`` samples.

    Silence is assumed before the first sample, so that it too lies under overlapping windows. Blocks of any
    size give the same bytes. Computed by the compiled core where there is one, else by NumPy: the same bytes.
    """

    def __init__(self, windows: WindowPair) -> None:
        self.windows = windows
        window, hop, core = windows.analysis / FULL_SCALE, windows.hop_samples, native.core()
        self._frames = StftFrames(core, window, hop) if core else _NumpyStft(window, hop)
        self._tail = np.zeros(windows.n_fft - hop, np.int16)

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
        check_pcm(pcm)
        pcm = np.concatenate([self._tail, pcm])
        n_fft, hop = self.windows.n_fft, self.windows.hop_samples
        n = max(0, 1 + (len(pcm) - n_fft) // hop)
        out = np.empty((2, n, n_fft // 2 + 1), np.float32)
        self._frames(pcm, out)
        self._tail = pcm[n * hop :].copy()
        return out[0], out[1]


class _NumpyStft:
    """The arithmetic of :class:`Stft`: up to ``COLUMNS`` frames at a time, one a column."""

    def __init__(self, window: F32, hop_samples: int) -> None:
        self._hop = hop_samples
        self._frames = Framer(window, hop_samples=hop_samples, n_fft=len(window))
        self._fft = RealFft(len(window))

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
        n_fft, hop, core = windows.n_fft, windows.hop_samples, native.core()
        window = (windows.synthesis * FULL_SCALE)[windows.silent_hops * hop :]
        self._add = SynthesisFrames(core, window, n_fft, hop) if core else _NumpySynthesis(window, n_fft, hop)

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
    """The arithmetic of :class:`Synthesis`; the window lies at the end of the frame."""

    def __init__(self, window: F32, n_fft: int, hop_samples: int) -> None:
        self._inverse = InverseRealFft(n_fft)
        self._window = window.reshape(-1, hop_samples)
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
