"""What is measured of one enhanced recording beside the clean one: quality, intelligibility, error, residual noise.

All recordings are mono at ``RATE_HZ``; two that are compared are aligned and of one length.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import DataError
from acoustic.extras import require

Pcm = NDArray[np.int16]

#: The rate of wide-band PESQ, and so of everything that is compared.
RATE_HZ = 16_000
#: Beyond these a difference is rounding of int16: it keeps means finite.
SI_SDR_LIMIT_DB = 100.0
#: What PESQ-WB gives at worst: ITU-T P.862.2's mapping of a raw score of -0.5.
WORST_PESQ = float(0.999 + 4 / (1 + np.exp(1.3669 * 0.5 + 3.8224)))
#: Frames in which the clean speech is this far below its loudest are pauses.
PAUSE_FRAME_S, PAUSE_BELOW_DB, LEAST_PAUSES_S = 0.02, 45.0, 0.2
#: Frames of the spectrum whose statistics tell musical noise.
SPECTRUM_SAMPLES, SPECTRUM_HOP_SAMPLES = 512, 256


def require_packages() -> None:
    """Raise `MissingExtraError` when a package is missing that every evaluation needs."""
    require("Measuring", "pesq", "pystoi")


def pesq_wb(clean: Pcm, enhanced: Pcm) -> float:
    """Perceived quality, MOS-LQO of about 1.04 to 4.64 (ITU-T P.862.2, wide-band PESQ).

    Raises
    ------
    DataError
        When the clean recording holds no speech, or is shorter than a quarter of a second.
    MissingExtraError
        When the package pesq is not installed.
    """
    pesq = _needed("pesq")
    if not enhanced.any():
        return WORST_PESQ
    try:
        return float(pesq.pesq(RATE_HZ, clean, enhanced, "wb"))
    except pesq.NoUtterancesError as error:
        raise DataError("PESQ hears no speech in the clean recording") from error
    except pesq.BufferTooShortError as error:
        raise DataError("shorter than PESQ's quarter of a second") from error


def stoi(clean: Pcm, enhanced: Pcm, *, extended: bool = False) -> float:
    """Intelligibility, 0 to 1: STOI (Taal et al. 2011) or ESTOI (Jensen and Taal 2016).

    Raises
    ------
    DataError
        When less than 0.4 s of the clean recording is speech.
    MissingExtraError
        When the package pystoi is not installed.
    """
    pystoi = _needed("pystoi")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "Not enough STFT frames", RuntimeWarning)
            return float(pystoi.stoi(clean.astype(np.float64), enhanced.astype(np.float64), RATE_HZ, extended=extended))
    except RuntimeWarning as error:
        raise DataError("STOI needs 0.4 s of speech in the clean recording") from error


def si_sdr_db(clean: Pcm, enhanced: Pcm) -> float:
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al., "SDR - half-baked or well done?", 2019).

    It is limited to ``SI_SDR_LIMIT_DB`` either way. Of digital silence it is the lower limit.
    """
    reference, estimate = clean.astype(np.float64), enhanced.astype(np.float64)
    energy = float(reference @ reference)
    target = reference * (float(reference @ estimate) / energy if energy else 0.0)
    error = estimate - target
    kept, lost = float(target @ target), float(error @ error)
    if kept == 0.0:
        return -SI_SDR_LIMIT_DB
    ratio_db = 10 * np.log10(kept / lost) if lost else SI_SDR_LIMIT_DB
    return float(np.clip(ratio_db, -SI_SDR_LIMIT_DB, SI_SDR_LIMIT_DB))


def remaining_noise(clean: Pcm, noisy: Pcm) -> Pcm:
    """Return what a mixture holds beside the clean speech at its best-fitting scale."""
    reference, mixture = clean.astype(np.float64), noisy.astype(np.float64)
    energy = float(reference @ reference)
    scale = float(reference @ mixture) / energy if energy else 0.0
    return np.clip(np.rint(mixture - scale * reference), -32768, 32767).astype(np.int16)


def reduction_db(before: Pcm, after: Pcm) -> float | None:
    """By how much the power fell, in dB; None of silence. Silence afterwards counts as a power of 1/12 (rounding)."""
    power = float(np.mean(before.astype(np.float64) ** 2)) if len(before) else 0.0
    if power < 1.0:
        return None
    return float(10 * np.log10(power / max(float(np.mean(after.astype(np.float64) ** 2)), 1 / 12)))


def pause_reduction_db(clean: Pcm, noisy: Pcm, enhanced: Pcm) -> float | None:
    """By how much the noise falls while nobody speaks, in dB; None when somebody always does, or there is no noise."""
    n = round(PAUSE_FRAME_S * RATE_HZ)
    whole = len(clean) // n * n
    powers = (clean[:whole].astype(np.float64) ** 2).reshape(-1, n).mean(axis=1)
    pauses = powers < powers.max(initial=0.0) * 10 ** (-PAUSE_BELOW_DB / 10)
    if pauses.sum() * PAUSE_FRAME_S < LEAST_PAUSES_S:
        return None
    return reduction_db(*(pcm[:whole].reshape(-1, n)[pauses].ravel() for pcm in (noisy, enhanced)))


def log_kurtosis_ratio(before: Pcm, after: Pcm) -> float | None:
    """Musical noise in what is left of noise: 0 for none, the more the more isolated tones it left.

    The logarithm of the ratio of the kurtosis, the fourth moment over the squared second one, of the power spectrum
    after to that before (Uemura et al., "Automatic optimization scheme of spectral subtraction based on musical noise
    assessment via higher-order statistics", IWAENC 2008); over time in each bin, and the mean over the bins, so that
    the colour of the noise does not count. None when either is silent.
    """
    kurtoses = [_kurtoses(pcm) for pcm in (before, after)]
    sounding = np.isfinite(kurtoses[0]) & np.isfinite(kurtoses[1])
    if not sounding.any():
        return None
    return float(np.log(kurtoses[1][sounding] / kurtoses[0][sounding]).mean())


def _kurtoses(pcm: Pcm) -> NDArray[np.float64]:
    """Kurtosis of the power over time, for each bin; NaN where there is none."""
    n = SPECTRUM_SAMPLES
    if len(pcm) < 2 * n:
        return np.full(n // 2 - 1, np.nan)
    frames = np.lib.stride_tricks.sliding_window_view(pcm, n)[::SPECTRUM_HOP_SAMPLES] * np.hanning(n)
    power = np.abs(np.fft.rfft(frames)[:, 1:-1]) ** 2
    second, fourth = (power**2).mean(axis=0), (power**4).mean(axis=0)
    return np.asarray(np.divide(fourth, second**2, out=np.full_like(second, np.nan), where=second > 0))


def _needed(package: str) -> Any:
    """Import a package of the extra for evaluation."""
    from importlib import import_module

    require("Measuring", package)
    return import_module(package)
