"""Intelligibility for listeners with and without a hearing loss: HASPI version 2 (Kates and Arehart 2021).

By the package pyclarity, whose list of dependencies is long and not needed: ``pip install --no-deps pyclarity``.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import MissingExtraError

from .metrics import RATE_HZ, Pcm

FREQUENCIES_HZ = (250, 500, 1000, 2000, 4000, 6000)
#: Hearing levels in dB at these frequencies: none, and N3 of IEC 60118-15 (Bisgaard et al. 2010), a moderate loss.
NORMAL = (0, 0, 0, 0, 0, 0)
MODERATE = (35, 35, 40, 50, 60, 65)
#: Level of the clean speech at the ear.
LEVEL_DB_SPL = 65.0
NALR_TAPS = 220


def haspi(clean: Pcm, enhanced: Pcm, hearing_levels_db: tuple[int, ...]) -> float:
    """Share of words that a listener understands, 0 to 1, through a hearing aid with NAL-R gains.

    Parameters
    ----------
    clean, enhanced : numpy.ndarray of int16, shape (n_samples,)
    hearing_levels_db : tuple of int
        Audiogram at ``FREQUENCIES_HZ``; without a loss there are no gains.

    Raises
    ------
    MissingExtraError
        When pyclarity is not installed.
    """
    haspi_v2, audiogram, nalr = _listener(hearing_levels_db)
    # RMS 1 of the clean speech stands for LEVEL_DB_SPL.
    gain = 1.0 / np.sqrt(np.mean(clean.astype(np.float64) ** 2))
    fitted: NDArray[np.float64] = np.convolve(enhanced * gain, nalr)
    # The model of the ear adds noise from NumPy's global generator: the same for all that are compared.
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    try:
        score, _ = haspi_v2(clean * gain, RATE_HZ, fitted, RATE_HZ, audiogram, LEVEL_DB_SPL)
    finally:
        np.random.set_state(state)  # noqa: NPY002
    return float(score)


def require_haspi() -> None:
    """Raise `MissingExtraError` when pyclarity is not installed."""
    _listener(NORMAL)


@cache
def _listener(hearing_levels_db: tuple[int, ...]) -> tuple[Any, Any, NDArray[np.float64]]:
    """Return the function, the audiogram, and the filter that fits it."""
    try:
        from clarity.enhancer.nalr import NALR
        from clarity.evaluator.haspi import haspi_v2
        from clarity.utils.audiogram import Audiogram
    except ImportError as error:
        raise MissingExtraError("HASPI needs pyclarity: pip install --no-deps pyclarity") from error
    audiogram = Audiogram(levels=np.array(hearing_levels_db, np.float64), frequencies=np.array(FREQUENCIES_HZ))
    nalr, _ = NALR(NALR_TAPS, RATE_HZ).build(audiogram)
    return haspi_v2, audiogram, nalr
