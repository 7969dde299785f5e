"""How different two sounds are to an ear, after ITU-T P.862 and its wide-band extension P.862.2 (PESQ).

The standard compares powers in bands of half a Bark: it turns them into loudness (Zwicker), forgives small
differences, and counts what was added more than what is missing. Its alignment, equalisation and weights over time
are left out: here both sounds are aligned, and a gradient is wanted. Others have trained by such a measure before:
Martín-Doñas et al., "A deep learning loss function based on the perceptual evaluation of the speech quality",
IEEE Signal Processing Letters 25 (2018).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Level in dB SPL at which the standard assumes that speech is heard.
LISTENING_DB = 79.0
BAND_BARK = 0.5
#: Lowest frequency that counts.
LOWEST_HZ = 60.0
#: Exponent of loudness over power, and the factor to sone.
LOUDNESS, SONE = 0.23, 0.1866
#: Share of the lesser loudness by which a difference goes unnoticed.
UNNOTICED = 0.25
#: What was added weighs by this power of the ratio of powers, if that is ``LEAST`` or more, and ``MOST`` at most.
ADDED_POWER, ADDED_OFFSET, LEAST, MOST = 1.2, 50.0, 3.0, 12.0
#: Disturbance of a frame beyond which it cannot get worse.
WORST = 45.0
#: Opinion scores (of 1 to 4.5) that a unit of each disturbance costs.
PER_DIFFERENCE, PER_ADDITION = 0.1, 0.0309


def bark(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Critical-band rate of frequencies (Traunmüller, J. Acoust. Soc. Am. 88 (1990))."""
    return np.asarray(26.81 * hz / (1960.0 + hz) - 0.53)


def threshold_db(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Threshold of hearing in quiet in dB SPL (Terhardt, Hearing Research 1 (1979))."""
    khz = hz / 1000.0
    return np.asarray(3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 1e-3 * khz**4)


class Ear:
    """Tells how disturbing a sound is beside another.

    Parameters
    ----------
    hz : float array, shape (n_bins,)
        Centre frequencies of the bins of both, equally spaced.
    """

    def __init__(self, hz: NDArray[np.float64]) -> None:
        half = (hz[1] - hz[0]) / 2
        low, high = (bark(np.maximum(edges, LOWEST_HZ)) for edges in (hz - half, hz + half))
        starts = np.arange(low[0], high[-1], BAND_BARK)
        overlap = np.minimum(high[:, None], starts + BAND_BARK) - np.maximum(low[:, None], starts)
        #: Share of each bin that falls into each band: (n_bins, n_bands).
        self._shares = (np.maximum(overlap, 0.0) / np.maximum(high - low, 1e-9)[:, None]).astype(np.float32)
        centre = starts + BAND_BARK / 2
        self._threshold = (10 ** (threshold_db(1960.0 * (centre + 0.53) / (26.28 - centre)) / 10)).astype(np.float32)
        self._width = BAND_BARK * len(starts)

    def disturbance(self, heard: Any, wanted: Any) -> Any:
        """Opinion scores lost in each of several stretches.

        Parameters
        ----------
        heard, wanted : tensors float32 (n_frames, n, n_bins)
            Powers, where those of speech sum up to 10 ** (``LISTENING_DB`` / 10).

        Returns
        -------
        tensor float32 (n,)
        """
        import tensorflow as tf

        heard, wanted = (tf.tensordot(power, self._shares, 1) for power in (heard, wanted))
        loud, wanted_loud = (self._loudness(power) for power in (heard, wanted))
        difference = tf.abs(loud - wanted_loud)
        difference = tf.maximum(difference - UNNOTICED * tf.minimum(loud, wanted_loud), 0.0)
        ratio = tf.pow((heard + ADDED_OFFSET) / (wanted + ADDED_OFFSET), ADDED_POWER)
        weight = tf.where(ratio < LEAST, 0.0, tf.minimum(ratio, MOST))
        whole = self._width * tf.sqrt(BAND_BARK * tf.reduce_mean(difference * difference, -1) + 1e-4)
        added = self._width * tf.reduce_mean(weight * difference, -1)
        strength = tf.pow((tf.reduce_sum(wanted, -1) + 1e5) / 1e7, 0.04)
        lost = 0.0
        for per_unit, disturbance in ((PER_DIFFERENCE, whole / strength), (PER_ADDITION, added / strength)):
            # Softly, so that there is always a way to improve.
            limited = per_unit * WORST * (1.0 - tf.exp(-disturbance / WORST))
            lost += tf.sqrt(tf.reduce_mean(limited * limited, 0) + 1e-4)
        return lost

    def _loudness(self, power: Any) -> Any:
        """Loudness density of bands in sone a Bark."""
        import tensorflow as tf

        least = SONE * (2.0 * self._threshold) ** LOUDNESS
        return tf.maximum(least * (tf.pow(0.5 + 0.5 * power / self._threshold, LOUDNESS) - 1.0), 0.0)
