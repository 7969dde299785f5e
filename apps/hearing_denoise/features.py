"""What the network is told of each frame: levels of bands relative to the running level and to their own floor."""

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend.enhancement import EnhancementFrontEnd
from acoustic.frontend.logarithm import log2
from acoustic.frontend.noise_floor import STEPS_PER_DB, to_steps
from acoustic.frontend.tables import F32

FRONT_END = EnhancementFrontEnd(rate_hz=16_000, analysis_samples=256, synthesis_samples=128, hop_samples=64)
N_BINS = FRONT_END.analysis_samples // 2 + 1

#: Bins of each band, from bin 1 on: single bins up to 1.5 kHz, then wider, much as the ear does.
BAND_BINS = (1,) * 24 + (2,) * 16 + (3,) * 8 + (4,) * 12
N_BANDS = len(BAND_BINS)
N_FEATURES = 2 * N_BANDS

#: A feature is in half decibels: 128 steps of 1/256 dB, as a shift.
FEATURE_SHIFT = 7
#: Power that counts as nothing, and the mean level (in steps) below which a frame is digital silence.
LEAST_POWER = np.float32(1e-11)
SILENCE = -105 * STEPS_PER_DB
#: Running values have this many more bits than a step, and go the given fraction (a shift) of the way each frame.
FRACTION_BITS = 8
LEVEL_UP, LEVEL_DOWN = 5, 9
FLOOR_UP, FLOOR_DOWN = 9, 4

_UP = np.array([LEVEL_UP, *[FLOOR_UP] * N_BANDS], np.int32)
_DOWN = np.array([LEVEL_DOWN, *[FLOOR_DOWN] * N_BANDS], np.int32)
_FIRST = np.concatenate([[1], 1 + np.cumsum(BAND_BINS)[:-1]])
#: Decibels of a factor of two in power.
OCTAVE_DB = np.float32(3.0102999566398120)


def band_levels(re: F32, im: F32) -> NDArray[np.int16]:
    """Levels of the bands of each frame: spectra (..., n_bins) to int16 (..., n_bands), in 1/256 dB."""
    power = re * re + im * im
    bands = power[..., _FIRST]
    for number in range(1, max(BAND_BINS)):  # bin by bin: the order of a sum decides its last bit
        wide = np.flatnonzero(np.array(BAND_BINS) > number)
        bands[..., wide] += power[..., _FIRST[wide] + number]
    return to_steps(log2(np.maximum(bands, LEAST_POWER)) * OCTAVE_DB)


class FeatureStream:
    """Features of a stream of spectra, or of many streams side by side.

    The running level follows the mean level of the bands, fast up and slowly down; each band's floor follows
    the band, fast down and slowly up. Both start at the first frame that is no digital silence, so there is
    no time of settling, and both stand still in digital silence. Integers throughout: blocks of any number
    of frames give the same bytes.

    Parameters
    ----------
    streams : tuple of int
        Shape of the streams side by side; empty for one.
    """

    def __init__(self, streams: tuple[int, ...] = ()) -> None:
        #: The running level, then the floor of each band.
        self._followed = np.zeros((*streams, 1 + N_BANDS), np.int32)
        self._heard = np.zeros((*streams, 1), np.bool_)

    def push(self, re: F32, im: F32) -> NDArray[np.int8]:
        """Take spectra, return the features of each frame.

        Parameters
        ----------
        re, im : float32 arrays, shape (n_frames, *streams, n_bins)

        Returns
        -------
        int8 array, shape (n_frames, *streams, n_features)
            In half decibels: each band less the running level, then each band less its floor.
        """
        levels = band_levels(re, im).astype(np.int32)
        mean = levels.sum(axis=-1, keepdims=True) // N_BANDS
        audible = mean > SILENCE
        targets = np.concatenate([mean, levels], axis=-1) << FRACTION_BITS
        for target, is_audible in zip(targets, audible, strict=True):
            self._follow(target, is_audible)
            target[...] = self._followed
        followed = targets >> FRACTION_BITS
        relative = np.concatenate([levels - followed[..., :1], levels - followed[..., 1:]], axis=-1)
        relative += 1 << (FEATURE_SHIFT - 1)
        return np.asarray(np.clip(relative >> FEATURE_SHIFT, -128, 127), np.int8)

    def _follow(self, target: NDArray[np.int32], audible: NDArray[np.bool_]) -> None:
        """Go some of the way to a frame's levels."""
        if not self._heard.all():
            first = audible & ~self._heard
            np.copyto(self._followed, target, where=first)
            self._heard |= audible
        way = target - self._followed
        way >>= np.where(way > 0, _UP, _DOWN)
        way *= audible
        self._followed += way
