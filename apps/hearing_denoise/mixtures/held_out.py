"""Mixtures to judge by: sentences and noises that no network has been trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acoustic.audio.resample import to_pcm16
from acoustic.signals import FloatArray

from .noise import MixtureLibrary, babble, draw_clip
from .speech import RATE_HZ, active_level, draw

SNR_DB = (-5.0, 0.0, 5.0, 10.0, 15.0)
#: Every so many sentences, the noise is babble.
BABBLE_EVERY = 6
BABBLE_TALKERS = 8
#: Of a shorter phrase, as many are said one after the other as fill this time.
LEAST_S = 4.0
#: Level of the speech, and the peak that no mixture exceeds.
LEVEL_DBFS, PEAK = -26.0, 0.95


class Pair(NamedTuple):
    """A mixture and the speech in it, sample for sample."""

    noisy: NDArray[np.int16]
    clean: NDArray[np.int16]
    snr_db: float
    """Power of the speech while somebody speaks over that of the noise."""
    noise: str
    """Kind of noise: a class of ESC-50, or ``babble``."""


def held_out_pairs(
    data_dir: Path,
    *,
    seed: int = 1,
    n_sentences: int = 60,
    snr_db: Sequence[float] = SNR_DB,
    rooms: bool = False,
    rate_hz: int = RATE_HZ,
) -> Iterator[Pair]:
    """Mix each held-out sentence with one held-out noise at each ratio.

    Parameters
    ----------
    data_dir : Path
        The data root.
    seed : int
        The same seed and settings give the same bytes; a smaller ``n_sentences`` gives the first of them.
    n_sentences : int
    snr_db : sequence of float
    rooms : bool
        Whether the talker stands in a simulated room; the clean side then holds the sound of the first 50 ms.
    rate_hz : int
        Sampling rate of the mixtures.

    Raises
    ------
    DataError
        The recordings are missing or incomplete.
    """
    library = MixtureLibrary.load(data_dir, "held_out", rate_hz)
    for number in range(n_sentences):
        rng = np.random.default_rng([seed, 77, number])
        wet, target = _sentence(rng, library, rooms)
        if number % BABBLE_EVERY == BABBLE_EVERY - 1:
            kind, noise = "babble", babble(rng, library, len(wet), BABBLE_TALKERS)
        else:
            kind, noise = draw_clip(rng, library, len(wet))
        noise *= np.float32(active_level(wet, rate_hz) / np.sqrt(np.mean(noise.astype(np.float64) ** 2)))
        for snr in snr_db:
            mixed = wet + noise * np.float32(10 ** (-snr / 20))
            gain = min(10 ** (LEVEL_DBFS / 20) / active_level(wet, rate_hz), PEAK / float(np.abs(mixed).max()))
            yield Pair(to_pcm16(mixed * np.float32(gain)), to_pcm16(target * np.float32(gain)), float(snr), kind)


def _sentence(rng: np.random.Generator, library: MixtureLibrary, rooms: bool) -> tuple[FloatArray, FloatArray]:
    """Speech as it reaches the microphone, and the part of it that is to be recovered."""
    said: list[FloatArray] = []
    rate_hz = library.rate_hz
    while sum(map(len, said)) < LEAST_S * rate_hz:
        said.append(draw(rng, library.speech.talkers, rate_hz))
        said.append(np.zeros(round(rng.uniform(0.1, 0.5) * rate_hz), np.float32))
    dry = np.concatenate(said)
    if not rooms:
        return dry, dry
    from .rooms import draw_room, reverberate

    return reverberate(dry, draw_room(rng, rate_hz))
