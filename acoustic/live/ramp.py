"""Start-up ramp: a loudspeaker that is too near its microphone does not howl at once."""

import numpy as np

from acoustic.audio.source import Pcm16

#: Gain at the first sample (dB).
START_DB = -40.0


class StartUpRamp:
    """Fades a stream in from -40 dB, by the same number of decibels every second.

    Blocks of any size give the same samples.

    Parameters
    ----------
    rate_hz : int
    duration_s : float
        0 passes everything on from the first sample.
    """

    def __init__(self, rate_hz: int, duration_s: float) -> None:
        self._gains = 10.0 ** (np.linspace(START_DB, 0.0, round(duration_s * rate_hz), endpoint=False) / 20.0)

    def push(self, pcm: Pcm16) -> Pcm16:
        """Take samples, int16 (n,); return as many."""
        n = min(len(self._gains), len(pcm))
        if n == 0:
            return pcm
        faded = pcm.copy()
        faded[:n] = np.rint(pcm[:n] * self._gains[:n])
        self._gains = self._gains[n:]
        return faded
