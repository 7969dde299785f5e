"""Level, clipping and offset of a signal, measured block by block."""

import math

import numpy as np

from acoustic.audio.resample import FULL_SCALE
from acoustic.audio.source import Float32, Pcm16

# The largest positive int16: a converter that clips cannot go higher.
CLIP_LEVEL = (FULL_SCALE - 1) / FULL_SCALE


class LevelMeter:
    """Running level statistics of everything pushed since the last reset.

    0 dBFS is full scale in both peak and root mean square: a sine wave that just does not clip has a
    peak of 0 dBFS and an RMS level of -3.01 dBFS. Digital silence is ``-inf`` dBFS.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything pushed so far."""
        self.n_samples = 0
        self._sum = 0.0
        self._sum_squares = 0.0
        self._peak = 0.0
        self._n_clipped = 0

    def push(self, x: Pcm16 | Float32) -> None:
        """Add samples.

        Parameters
        ----------
        x : numpy.ndarray of int16, or of float32 with full scale 1.0, shape (n,) or (n, channels)
            Finite samples; all channels count alike.
        """
        if x.size == 0:
            return
        scale = np.float32(1 / FULL_SCALE if x.dtype == np.int16 else 1)
        flat: Float32 = x.ravel().astype(np.float32, copy=False) * scale
        magnitude = np.abs(flat)
        self.n_samples += flat.size
        self._sum += float(flat.sum(dtype=np.float64))
        self._sum_squares += float(np.square(flat).sum(dtype=np.float64))
        self._peak = max(self._peak, float(magnitude.max()))
        self._n_clipped += int(np.count_nonzero(magnitude >= CLIP_LEVEL))

    def add(self, other: "LevelMeter") -> None:
        """Add what another meter has measured."""
        self.n_samples += other.n_samples
        self._sum += other._sum
        self._sum_squares += other._sum_squares
        self._peak = max(self._peak, other._peak)
        self._n_clipped += other._n_clipped

    @property
    def rms_dbfs(self) -> float:
        """Root-mean-square level (dB re full scale)."""
        return 10 * math.log10(self._sum_squares / self.n_samples) if self._sum_squares else -math.inf

    @property
    def peak_dbfs(self) -> float:
        """Largest magnitude (dB re full scale)."""
        return 20 * math.log10(self._peak) if self._peak else -math.inf

    @property
    def clipped(self) -> float:
        """Share of the samples at full scale, 0 to 1."""
        return self._n_clipped / self.n_samples if self.n_samples else 0.0

    @property
    def dc(self) -> float:
        """Mean of the samples (full scale = 1.0)."""
        return self._sum / self.n_samples if self.n_samples else 0.0
