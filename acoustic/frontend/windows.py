"""Pairs of windows: of a short-time Fourier transform, and of the synthesis that undoes it."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.frontend.tables import F32, FULL_SCALE


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
        """By how much the synthesis lags behind the analysis' input: its window, without zeros, less a hop.

        A live stream waits for up to one more hop, until a frame is complete.
        """
        return self.n_fft - (1 + self.silent_hops) * self.hop_samples

    @property
    def pcm_analysis(self) -> F32:
        """Analysis window of int16 samples, whose full scale is one afterwards: shape (n_fft,)."""
        return self.analysis / FULL_SCALE

    @property
    def pcm_synthesis(self) -> F32:
        """Synthesis window that gives int16 samples, without its silent hops: it lies at the frame's end."""
        return (self.synthesis * FULL_SCALE)[self.silent_hops * self.hop_samples :]


def _overlapped(analysis: NDArray[np.floating], synthesis: NDArray[np.floating], hop: int) -> NDArray[np.float64]:
    """Sum of the overlapping products at each sample of a hop."""
    product = analysis.astype(np.float64) * synthesis
    return np.asarray(product.reshape(-1, hop).sum(axis=0))
