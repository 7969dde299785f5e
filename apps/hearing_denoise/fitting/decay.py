"""Peak detector: follows a rise at once and falls at a constant rate."""

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.int64]


class PeakDecay:
    """The largest of the present level and all past ones, each fallen since by so many steps a sample.

    In decibels a straight fall is the exponential decay of a rectifier with a capacitor. Levels are integers, so that
    blocks of any size give the same ones.

    Parameters
    ----------
    fall : int
        Steps by which a level falls from one sample to the next.
    start : int array, shape (...)
        Levels before the first sample.
    """

    def __init__(self, fall: int, start: Steps) -> None:
        self._fall = fall
        self._last = start

    @property
    def last(self) -> Steps:
        """Levels at the last sample, shape (...)."""
        return self._last

    def push(self, levels: Steps) -> Steps:
        """Take levels, return what is held: integer arrays, shape (n_samples, ...)."""
        if not len(levels):
            return levels
        # Against a scale that rises by what the peaks fall, the peaks only ever rise.
        fallen = self._fall * np.arange(1, len(levels) + 1).reshape(-1, *[1] * (levels.ndim - 1))
        held = levels + fallen
        np.maximum(held[0], self._last, out=held[:1])
        np.maximum.accumulate(held, axis=0, out=held)
        held -= fallen
        self._last = held[-1].copy()
        return held
