"""What the network is told of each frame: levels of bands relative to the running level and to their own floor."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend.enhancement import EnhancementFrontEnd
from acoustic.frontend.logarithm import log2
from acoustic.frontend.noise_floor import STEPS_PER_DB, to_steps
from acoustic.frontend.tables import F32

#: What training takes unless told otherwise, and what the compiled chain is made for.
FRONT_END = EnhancementFrontEnd(rate_hz=16_000, analysis_samples=256, synthesis_samples=128, hop_samples=64)

#: Widths of the bands (Hz) up to a frequency (Hz), beyond the last one ``WIDEST_HZ``: much as the ear does.
WIDTHS_HZ = ((1500.0, 62.5), (3500.0, 125.0), (5000.0, 187.5), (8000.0, 250.0))
WIDEST_HZ = 500.0
#: Bins of a band fit a byte.
MOST_BINS = 255

#: A feature is in half decibels: 128 steps of 1/256 dB, as a shift.
FEATURE_SHIFT = 7
#: Power that counts as nothing, and the mean level (in steps) below which a frame is digital silence.
LEAST_POWER = np.float32(1e-11)
SILENCE = -105 * STEPS_PER_DB
#: Running values have this many more bits than a step, and go the given fraction (a shift) of the way each frame, at
#: ``PACE_HZ`` frames a second.
FRACTION_BITS = 8
LEVEL_UP, LEVEL_DOWN = 5, 9
FLOOR_UP, FLOOR_DOWN = 9, 4
PACE_HZ = 250.0
#: Decibels of a factor of two in power.
OCTAVE_DB = np.float32(3.0102999566398120)


@dataclass(frozen=True)
class BandLayout:
    """How the spectra of a front end become features."""

    band_bins: tuple[int, ...]
    """Bins of each band, from bin 1 on."""
    level_up: int
    level_down: int
    floor_up: int
    floor_down: int
    """Fractions of the way, as shifts, that the running level and the floors go in a frame."""

    @property
    def n_bins(self) -> int:
        """Bins of a spectrum."""
        return sum(self.band_bins) + 1

    @property
    def n_bands(self) -> int:
        """Bands of a spectrum."""
        return len(self.band_bins)

    @property
    def n_features(self) -> int:
        """Features of a frame."""
        return 2 * self.n_bands


@cache
def layout_of(front_end: EnhancementFrontEnd) -> BandLayout:
    """Lay out the features of a front end: bands as wide in Hz, running values as fast in seconds, as it allows.

    >>> layout = layout_of(FRONT_END)
    >>> layout.n_bins, layout.n_bands, layout.band_bins[0], layout.band_bins[-1]
    (129, 60, 1, 4)
    """
    n_bins, bin_hz = front_end.analysis_samples // 2 + 1, front_end.rate_hz / front_end.analysis_samples
    bands: list[int] = []
    first = 1
    while first < n_bins:
        width_hz = next((width for up_to, width in WIDTHS_HZ if first * bin_hz <= up_to), WIDEST_HZ)
        bands.append(min(max(1, round(width_hz / bin_hz)), MOST_BINS, n_bins - first))
        first += bands[-1]
    # Twice as many frames a second, half of the way in each.
    slower = round(np.log2(front_end.frames_per_second / PACE_HZ))
    shifts = (max(0, shift + slower) for shift in (LEVEL_UP, LEVEL_DOWN, FLOOR_UP, FLOOR_DOWN))
    return BandLayout(tuple(bands), *shifts)


class FeatureStream:
    """Features of a stream of spectra, or of many streams side by side.

    The running level follows the mean level of the bands, fast up and slowly down; each band's floor follows
    the band, fast down and slowly up. Both start at the first frame that is no digital silence, so there is
    no time of settling, and both stand still in digital silence. Integers throughout: blocks of any number
    of frames give the same bytes.

    Parameters
    ----------
    layout : BandLayout
    streams : tuple of int
        Shape of the streams side by side; empty for one.
    """

    def __init__(self, layout: BandLayout, streams: tuple[int, ...] = ()) -> None:
        widths = np.array(layout.band_bins)
        #: The first bin of each band, and, for the second bin, the third, ..., the bands that have one.
        self._first = np.concatenate([[1], 1 + np.cumsum(widths)[:-1]])
        self._wider = [np.flatnonzero(widths > number) for number in range(1, max(widths))]
        self._n_bands = layout.n_bands
        self._up = np.array([layout.level_up, *[layout.floor_up] * self._n_bands], np.int32)
        self._down = np.array([layout.level_down, *[layout.floor_down] * self._n_bands], np.int32)
        #: The running level, then the floor of each band.
        self._followed = np.zeros((*streams, 1 + self._n_bands), np.int32)
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
        levels = self._levels(re, im).astype(np.int32)
        mean = levels.sum(axis=-1, keepdims=True) // self._n_bands
        audible = mean > SILENCE
        targets = np.concatenate([mean, levels], axis=-1) << FRACTION_BITS
        for target, is_audible in zip(targets, audible, strict=True):
            self._follow(target, is_audible)
            target[...] = self._followed
        followed = targets >> FRACTION_BITS
        relative = np.concatenate([levels - followed[..., :1], levels - followed[..., 1:]], axis=-1)
        relative += 1 << (FEATURE_SHIFT - 1)
        return np.asarray(np.clip(relative >> FEATURE_SHIFT, -128, 127), np.int8)

    def _levels(self, re: F32, im: F32) -> NDArray[np.int16]:
        """Levels of the bands of each frame: spectra (..., n_bins) to int16 (..., n_bands), in 1/256 dB."""
        power = re * re + im * im
        bands = power[..., self._first]
        for number, wide in enumerate(self._wider, 1):  # bin by bin: the order of a sum decides its last bit
            bands[..., wide] += power[..., self._first[wide] + number]
        return to_steps(log2(np.maximum(bands, LEAST_POWER)) * OCTAVE_DB)

    def _follow(self, target: NDArray[np.int32], audible: NDArray[np.bool_]) -> None:
        """Go some of the way to a frame's levels."""
        if not self._heard.all():
            first = audible & ~self._heard
            np.copyto(self._followed, target, where=first)
            self._heard |= audible
        way = target - self._followed
        way >>= np.where(way > 0, self._up, self._down)
        way *= audible
        self._followed += way
