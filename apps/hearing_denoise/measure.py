"""Quality on held-out mixtures while a network is being made: noisy, float and int8 side by side, many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.audio.source import Pcm16
from acoustic.frontend.enhancement import EnhancementFrontEnd

from .evaluation.metrics import RATE_HZ, pesq_wb, reduction_db, remaining_noise, si_sdr_db, stoi
from .float_network import FloatMaskNetwork
from .mixtures.held_out import held_out_pairs
from .side_by_side import Gains, as_long, enhance_all, int8_gains, resampled


def measure(
    model: Any,
    network: bytes,
    data_dir: Path,
    front_end: EnhancementFrontEnd,
    floor_db: float,
    *,
    n_sentences: int = 24,
    seed: int = 1,
) -> dict[str, Any]:
    """Judge a float model and its int8 network on held-out mixtures, at the rate of wide-band PESQ.

    Returns
    -------
    dict
        ``mixtures``; ``by_snr``: for each ratio and each of noisy, float and int8 the means of PESQ-WB, STOI and
        SI-SDR; ``means`` of all ratios; ``clean_pesq`` of clean speech and ``noise_down_db`` of noise alone, int8.

    Raises
    ------
    DataError
        Recordings are missing.
    MissingExtraError
        The packages that measure are not installed.
    """
    pairs = list(held_out_pairs(data_dir, seed=seed, n_sentences=n_sentences))
    noisy = [pair.noisy for pair in pairs]

    def enhanced(gains: Gains, recordings: Sequence[Pcm16]) -> list[Pcm16]:
        wide = [resampled(pcm, RATE_HZ, front_end.rate_hz) for pcm in recordings]
        sounds = enhance_all(gains, wide, front_end, floor_db)
        back = (resampled(pcm, front_end.rate_hz, RATE_HZ) for pcm in sounds)
        return [as_long(sound, len(pcm)) for sound, pcm in zip(back, recordings, strict=True)]

    int8 = int8_gains(network)
    systems = {
        "noisy": noisy,
        "float": enhanced(FloatMaskNetwork.of(model).gains, noisy),
        "int8": enhanced(int8, noisy),
    }
    ratios = [pair.snr_db for pair in pairs]
    by_snr: dict[str, dict[str, list[float]]] = {f"{ratio:g}": {} for ratio in sorted(set(ratios))}
    means = {}
    for name, sounds in systems.items():
        table = np.array([_three(pair.clean, sound) for pair, sound in zip(pairs, sounds, strict=True)])
        means[name] = _rounded(table)
        for ratio in by_snr:
            by_snr[ratio][name] = _rounded(table[np.array(ratios) == float(ratio)])
    loudest = [pair for pair in pairs if pair.snr_db == max(ratios)]
    clean = [pair.clean for pair in loudest]
    clean_pesq = [pesq_wb(*pair) for pair in zip(clean, enhanced(int8, clean), strict=True)]
    noise = [remaining_noise(pair.clean, pair.noisy) for pair in pairs if pair.snr_db == min(ratios)]
    down_db = [reduction_db(*pair) or 0.0 for pair in zip(noise, enhanced(int8, noise), strict=True)]
    return {
        "mixtures": len(pairs),
        "by_snr": by_snr,
        "means": means,
        "clean_pesq": round(float(np.mean(clean_pesq)), 3),
        "noise_down_db": round(float(np.mean(down_db)), 1),
    }


def _three(clean: Pcm16, sound: Pcm16) -> tuple[float, float, float]:
    return pesq_wb(clean, sound), stoi(clean, sound), si_sdr_db(clean, sound)


def _rounded(table: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 3) for value in table.mean(axis=0)]
