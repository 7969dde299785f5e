"""Output limiter: no sample ever exceeds the ceiling."""

import numpy as np
from numpy.typing import NDArray

from .decay import PeakDecay

#: Reductions are integers of so many steps to a factor of two that a release is smooth from sample to sample.
_STEPS_PER_OCTAVE = 1 << 20
#: Decibels of amplitude for a factor of two.
_DB_PER_OCTAVE = 20.0 * np.log10(2.0)
#: How fast a reduction is taken back (dB/s).
RELEASE_DB_PER_S = 200.0


class Limiter:
    """Turns the signal down at once where it would exceed the ceiling, and back up slowly.

    There is no look-ahead, hence no delay: the very sample that exceeds the ceiling is put on it. Blocks of any size
    give the same samples.

    Parameters
    ----------
    ceiling : float
        Largest magnitude of the output.
    rate_hz : int
    """

    def __init__(self, ceiling: float, rate_hz: int) -> None:
        self._ceiling = ceiling
        fall = round(RELEASE_DB_PER_S / _DB_PER_OCTAVE / rate_hz * _STEPS_PER_OCTAVE)
        self._reduction = PeakDecay(fall, np.zeros((), np.int64))

    def push(self, samples: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take samples of any size, return as many within the ceiling: float64 arrays, shape (n_samples,)."""
        size = np.abs(samples)
        if self._reduction.last <= 0 and size.max(initial=0.0) <= self._ceiling:
            return samples
        excess = np.log2(np.maximum(size / self._ceiling, 1.0))
        reduction = self._reduction.push(np.ceil(excess * _STEPS_PER_OCTAVE).astype(np.int64))
        limited = samples * np.exp2(reduction / -_STEPS_PER_OCTAVE)
        # The last bit of the powers of two is rounded.
        return np.clip(limited, -self._ceiling, self._ceiling)
