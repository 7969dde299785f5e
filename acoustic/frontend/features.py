"""What a model hears of a sound: levels over time and frequency, with both axes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.enhancement import EnhancementFrontEnd
from acoustic.frontend.logarithm import log2
from acoustic.frontend.logmel import log_mel
from acoustic.frontend.stft import Stft
from acoustic.frontend.tables import DB_PER_OCTAVE, F32, mel_edges_hz

#: Smallest power of a bin; smaller ones are raised to it before the logarithm.
FLOOR = np.float32(1e-10)


@dataclass(frozen=True, eq=False)
class Features:
    """Levels of a sound over time and frequency.

    Attributes
    ----------
    values : float32 array, shape (n_frames, n_bands)
        Levels in dB; 0 dB is a power of 1, where full scale of the samples is 1. librosa lays the same out as
        ``values.T``.
    times_s : float64 array, shape (n_frames,)
        Middle of each frame (s from the first sample).
    frequencies_hz : float64 array, shape (n_bands,)
        Middle of each band (Hz).
    """

    values: F32
    times_s: NDArray[np.float64]
    frequencies_hz: NDArray[np.float64]

    def __repr__(self) -> str:
        """Say how large it is and what it spans."""
        n_frames, n_bands = self.values.shape
        low, high = self.frequencies_hz[[0, -1]]
        until = f"to {self.times_s[-1]:.3f} s" if n_frames else "no sound"
        return f"Features({n_frames} frames {until}, {n_bands} bands of {low:.0f} to {high:.0f} Hz)"


def features(pcm: NDArray[np.int16], front_end: FrontEnd | EnhancementFrontEnd) -> Features:
    """Compute what a front end makes of a whole sound.

    Parameters
    ----------
    pcm : int16 array, shape (n_samples,)
        At the front end's rate.
    front_end : FrontEnd or EnhancementFrontEnd
        The first gives log-mel bands, see `log_mel`; the second the power of the bins of its Fourier transform, whose
        frames stand for the middle of their synthesis window and begin in the silence before the first sample.

    Raises
    ------
    ParameterError
        When the samples are not one-dimensional int16.
    """
    frequencies_hz: NDArray[np.float64]
    if isinstance(front_end, FrontEnd):
        values, first_s = log_mel(pcm, front_end), front_end.frame_centre_s(0)
        frequencies_hz = mel_edges_hz(front_end)[1:-1]
    else:
        re, im = Stft(front_end.windows).push(pcm)
        values = np.float32(DB_PER_OCTAVE) * log2(np.maximum(re * re + im * im, FLOOR))
        first_s = (front_end.hop_samples - front_end.synthesis_samples / 2) / front_end.rate_hz
        n_bins = front_end.analysis_samples // 2 + 1
        frequencies_hz = np.arange(n_bins, dtype=np.float64) * (front_end.rate_hz / front_end.analysis_samples)
    times_s = first_s + np.arange(len(values)) / front_end.frames_per_second
    return Features(values, times_s, frequencies_hz)
