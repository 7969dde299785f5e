"""Wide dynamic range compression: the gain of each band as a function of the level in it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .audiogram import Audiogram
from .prescription import nal_r_gains_db

#: Level in a band (dB SPL) at which the gain is the prescribed one.
REFERENCE_DB_SPL = 65.0
#: Compression threshold (dB SPL): below it the gain grows no more.
KNEE_DB_SPL = 50.0
#: Level (dB SPL) at which the gain would have fallen to nothing: so near discomfort, recruitment makes sounds as loud
#: to an ear with a loss as to one without.
NO_GAIN_DB_SPL = 110.0
#: Beyond this ratio fast compression flattens the envelope of speech.
HIGHEST_RATIO = 3.0


@dataclass(frozen=True, kw_only=True)
class CompressionCurves:
    """Gains of all bands by level: flat up to the knee, from there on falling in a straight line (in dB).

    The line goes through the prescribed gain at 65 dB SPL towards nothing at 110 dB SPL, so that the compression
    ratio grows with the loss, up to 3. A band without prescribed gain is linear.
    """

    reference_gains_db: tuple[float, ...]
    """Prescribed gain of each band at 65 dB SPL."""
    max_gain_db: float
    """No gain exceeds this one, whatever was prescribed: what leaks from the loudspeaker back to the microphone must
    stay fainter than what it came from."""

    @classmethod
    def prescribed(cls, audiogram: Audiogram, *, max_gain_db: float) -> Self:
        """Make the curves for an ear."""
        return cls(reference_gains_db=nal_r_gains_db(audiogram), max_gain_db=max_gain_db)

    @cached_property
    def slopes(self) -> NDArray[np.float64]:
        """Decibels of gain lost for each decibel of level above the knee, one for each band."""
        wanted = np.array(self.reference_gains_db) / (NO_GAIN_DB_SPL - REFERENCE_DB_SPL)
        return np.minimum(wanted, 1.0 - 1.0 / HIGHEST_RATIO)

    @property
    def ratios(self) -> NDArray[np.float64]:
        """Compression ratio of each band above the knee."""
        return 1.0 / (1.0 - self.slopes)

    @cached_property
    def _gains_at_zero_db(self) -> NDArray[np.float64]:
        """Where the falling lines would begin, at 0 dB SPL."""
        return self.reference_gains_db + self.slopes * REFERENCE_DB_SPL

    @cached_property
    def _highest_gains_db(self) -> NDArray[np.float64]:
        """Gain of each band at the knee and below."""
        return np.minimum(self._gains_at_zero_db - self.slopes * KNEE_DB_SPL, self.max_gain_db)

    def gains_db(self, levels_db_spl: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Return the gains for levels.

        Parameters
        ----------
        levels_db_spl : float64 array, shape (..., n_bands), or a single level for all bands

        Returns
        -------
        float64 array, shape (..., n_bands)
        """
        gains = self._gains_at_zero_db - self.slopes * levels_db_spl
        return np.minimum(np.maximum(gains, 0.0), self._highest_gains_db)
