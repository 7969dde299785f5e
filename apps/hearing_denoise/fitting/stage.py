"""The fitting stage: amplifies a stream for one ear, after the noise has been taken out of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError

from .audiogram import FREQUENCIES_HZ, Audiogram
from .compression import CompressionCurves
from .equaliser import STEPS_PER_DB as GAIN_STEPS_PER_DB
from .equaliser import Equaliser
from .levels import STEPS_PER_DB as LEVEL_STEPS_PER_DB
from .levels import BandLevels
from .limiter import Limiter

#: What a user is told before listening through the stage.
NOTICE = (
    "This is assistive software, not a medical device. The gains follow a published formula for the audiogram given; "
    "nobody has measured what reaches the ear. Start with the volume low, stop if a sound is uncomfortable, and see an "
    "audiologist about a hearing loss."
)
#: Levels at which the gains are reported (dB SPL): soft, conversational and loud.
REPORTED_DB_SPL = (50, 65, 80)
#: Gains change this often (s).
_HOP_S = 0.002


@dataclass(frozen=True, kw_only=True)
class FittingSettings:
    """Settings of the fitting stage that do not depend on the ear.

    Raises
    ------
    ParameterError
        When a value is out of range.
    """

    full_scale_db_spl: float = 100.0
    """Calibration: sound pressure level for which the microphone delivers a root mean square of full scale, and which
    the loudspeaker makes of it. Gains are right when it is; a sine that just does not clip is 3 dB below it."""
    max_output_db_spl: float = 100.0
    """Nothing comes out louder, not even a square wave: no sample exceeds the amplitude which as a root mean square has
    this level. Well below the 111 dB SPL that hearing aids sold over the counter may reach (21 CFR 800.30). Must not
    exceed ``full_scale_db_spl``."""
    max_gain_db: float = 40.0
    """No band is amplified by more, whatever is prescribed."""
    release_s: float = 0.08
    """Release time of the compression, as ANSI/ASA S3.22 measures it. The attack time is 5 ms."""

    def __post_init__(self) -> None:
        """Check every range."""
        checks = [
            (60.0 <= self.full_scale_db_spl <= 140.0, "full_scale_db_spl must be 60 to 140"),
            (40.0 <= self.max_output_db_spl <= self.full_scale_db_spl, "max_output_db_spl must be 40 to full scale"),
            (0.0 <= self.max_gain_db <= 50.0, "max_gain_db must be 0 to 50"),
            (0.01 <= self.release_s <= 1.0, "release_s must be 0.01 to 1"),
        ]
        for holds, sentence in checks:
            if not holds:
                raise ParameterError(f"fitting: {sentence}; this one is {self}")


class Fitting:
    """Amplifies int16 PCM for one ear: compression in six bands, limiter. It adds no delay.

    >>> fitting = Fitting(Audiogram.from_text("20,25,30,45,60,65"))
    >>> tone = (100 * np.sin(2 * np.pi * 2000 * np.arange(16_000) / 16_000)).astype(np.int16)
    >>> louder = fitting.push(tone)
    >>> bool(10 < 20 * np.log10(louder[8_000:].std() / tone[8_000:].std()) < 30)  # dB
    True

    Blocks of any size give the same bytes. Assistive software, not a medical device: see ``NOTICE``.

    Parameters
    ----------
    audiogram : Audiogram
    rate_hz : int
        16000 to 48000.
    settings : FittingSettings

    Raises
    ------
    ParameterError
        When the sampling rate is out of range.
    """

    def __init__(
        self, audiogram: Audiogram, rate_hz: int = 16000, settings: FittingSettings = FittingSettings()
    ) -> None:
        if not 16000 <= rate_hz <= 48000:
            raise ParameterError(f"fitting: the sampling rate must be 16000 to 48000 Hz, not {rate_hz}")
        self.audiogram, self.rate_hz, self.settings = audiogram, rate_hz, settings
        self._curves = CompressionCurves.prescribed(audiogram, max_gain_db=settings.max_gain_db)
        self.reset()

    def reset(self) -> None:
        """Start anew, in silence."""
        settings, rate_hz = self.settings, self.rate_hz
        hop_samples = 1 << round(np.log2(_HOP_S * rate_hz))
        ceiling = np.floor(32767.0 * 10.0 ** ((settings.max_output_db_spl - settings.full_scale_db_spl) / 20.0))
        self._levels = BandLevels(
            rate_hz, hop_samples, full_scale_db_spl=settings.full_scale_db_spl, release_s=settings.release_s
        )
        self._equaliser = Equaliser(rate_hz, hop_samples)
        self._limiter = Limiter(float(ceiling), rate_hz)

    def push(self, pcm: NDArray[np.int16]) -> NDArray[np.int16]:
        """Take samples, return as many: int16 of one dimension.

        Raises
        ------
        ParameterError
            When the samples are not one-dimensional int16.
        """
        levels = self._levels.push(pcm)
        gains_db = self._curves.gains_db(levels / LEVEL_STEPS_PER_DB)
        gains = np.rint(gains_db * GAIN_STEPS_PER_DB).astype(np.int64)
        amplified = self._equaliser.push(pcm, gains)
        return np.rint(self._limiter.push(amplified)).astype(np.int16)

    def describe(self) -> dict[str, Any]:
        """Return what the stage does, for a report: thresholds, gains by level and ratios of the bands, and limits.

        Everything in it can be written as JSON.
        """
        by_level = {level: self._curves.gains_db(level) for level in REPORTED_DB_SPL}
        bands = [
            {
                "frequency_hz": frequency_hz,
                "threshold_db_hl": self.audiogram.thresholds_db_hl[band],
                **{f"gain_{level}_db": round(float(gains[band]), 1) for level, gains in by_level.items()},
                "ratio": round(float(self._curves.ratios[band]), 2),
            }
            for band, frequency_hz in enumerate(FREQUENCIES_HZ)
        ]
        return {
            "bands": bands,
            "max_gain_db": self.settings.max_gain_db,
            "max_output_db_spl": self.settings.max_output_db_spl,
            "full_scale_db_spl": self.settings.full_scale_db_spl,
            "notice": NOTICE,
        }
