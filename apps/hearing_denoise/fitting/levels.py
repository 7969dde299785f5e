"""Levels of a stream of PCM in the bands of the compressor."""

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend.framing import Overlap

from .audiogram import FREQUENCIES_HZ
from .decay import PeakDecay, Steps

#: Levels are integers of this many steps, as sums and comparisons of integers do not depend on the size of blocks.
STEPS_PER_DB = 256
#: Length of the frames (s): long enough to tell 250 from 500 Hz.
FRAME_S = 0.016
#: The frames' window falls within this time at their end (s): so soon a sound that sets in is heard in full.
FALL_S = 0.002
#: Level of digital silence, dB re full scale.
SILENCE_DBFS = -120.0
#: Lower edge of the first band (Hz): what lies below is rumble.
LOWEST_HZ = 100.0


def release_fall_db_per_s(release_s: float) -> float:
    """Rate at which the detected level falls.

    Taken from the release time of ANSI/ASA S3.22: after a step from 90 to 55 dB SPL the output is to be within 4 dB of
    where it settles, which at a compression ratio of 2 is so when the level has fallen by 27 of the 35 dB.
    """
    return 27.0 / release_s


class BandLevels:
    """Short-term level of each band, a frame every ``hop_samples``.

    An asymmetric window (slow rise, short fall) weighs the newest samples most. Blocks of any size give the same
    levels.

    Parameters
    ----------
    rate_hz, hop_samples : int
    full_scale_db_spl : float
        Level of a signal whose root mean square is full scale.
    release_s : float
        Release time as in :func:`release_fall_db_per_s`; a rise is followed at once.
    """

    def __init__(self, rate_hz: int, hop_samples: int, *, full_scale_db_spl: float, release_s: float) -> None:
        self._hop = hop_samples
        n_fft = 1 << round(np.log2(FRAME_S * rate_hz))
        fall = round(FALL_S * rate_hz)
        position = np.arange(n_fft) + 0.5
        window = np.where(position < n_fft - fall, position / (n_fft - fall) / 2, (n_fft - position) / fall / 2)
        window = np.sin(np.pi * window) ** 2
        # The power of a sine, spread over the bins by the window, adds up to its mean square.
        scale = np.sqrt(2.0 / (n_fft * np.square(window).sum())) / 32768.0
        self._window = (window * scale).astype(np.float32)
        # What one unit in the first bin, an offset of the microphone, leaves in all of them.
        offset = np.fft.rfft(self._window)
        self._offset = offset / offset[0].real
        between = np.sqrt(np.multiply(FREQUENCIES_HZ[:-1], FREQUENCIES_HZ[1:]))
        bin_hz = rate_hz / n_fft
        first_bins = np.ceil(np.array([LOWEST_HZ, *between]) / bin_hz).astype(np.intp)
        self._first_parts = 2 * first_bins  # real and imaginary parts take turns
        self._full_scale = full_scale_db_spl * STEPS_PER_DB
        fall_db = release_fall_db_per_s(release_s) * hop_samples / rate_hz
        start = np.full(len(FREQUENCIES_HZ), round((SILENCE_DBFS + full_scale_db_spl) * STEPS_PER_DB))
        self._peaks = PeakDecay(round(fall_db * STEPS_PER_DB), start)
        self._overlap = Overlap(n_fft, hop_samples, after_silence=True)

    def push(self, pcm: NDArray[np.int16]) -> Steps:
        """Take samples, return the levels of the frames that they complete.

        Parameters
        ----------
        pcm : int16 array, shape (n_samples,)

        Returns
        -------
        int64 array, shape (n_frames, n_bands)
            Steps of 1/256 dB SPL.
        """
        pcm, n = self._overlap.push(pcm)
        if n == 0:
            return np.empty((0, len(FREQUENCIES_HZ)), np.int64)
        # A view: the frames overlap.
        frames = np.ndarray((n, len(self._window)), np.int16, pcm, strides=(2 * self._hop, 2))
        spectra = np.fft.rfft(frames * self._window)
        spectra -= spectra[:, :1].real * self._offset
        power = np.add.reduceat(np.square(spectra.view(np.float32)), self._first_parts, axis=1)
        bels = np.log10(np.maximum(power, 10.0 ** (SILENCE_DBFS / 10.0)))
        return self._peaks.push(np.rint((10 * STEPS_PER_DB) * bels + self._full_scale).astype(np.int64))
