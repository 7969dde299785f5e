"""Start-up ramp: a device that is put on, or whose loudspeaker is too near its microphone, does not howl at once."""

import numpy as np
from numpy.typing import NDArray

#: Gain at the first sample (dB).
START_DB = -40.0


class StartUpRamp:
    """Fades a stream in from -40 dB, by the same number of decibels every second.

    Parameters
    ----------
    rate_hz : int
    duration_s : float
        0 passes everything on from the first sample.
    """

    def __init__(self, rate_hz: int, duration_s: float) -> None:
        self._left = 10.0 ** (np.linspace(START_DB, 0.0, round(duration_s * rate_hz), endpoint=False) / 20.0)

    def push(self, samples: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take samples, return as many: float64 arrays, shape (n_samples,)."""
        n = min(len(self._left), len(samples))
        if n == 0:
            return samples
        faded = samples.copy()
        faded[:n] *= self._left[:n]
        self._left = self._left[n:]
        return faded
