"""Quality on held-out mixtures while a network is being made: noisy, float and int8 side by side, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend.stft import Stft, Synthesis
from acoustic.model.runtime import Network

from .evaluation.metrics import pesq_wb, reduction_db, remaining_noise, si_sdr_db, stoi
from .features import FRONT_END, FeatureStream
from .float_network import FloatMaskNetwork
from .mixtures.held_out import held_out_pairs
from .network import MaskNetwork, as_gain, floor_of

Pcm = NDArray[np.int16]
Gains = Callable[[NDArray[np.int8]], NDArray[np.float32]]
"""From features (n_frames, streams, n_features) to gains (n_frames, streams, n_bins)."""


def int8_gains(network: bytes) -> Gains:
    """Gains of an int8 network."""
    runtime = Network.from_bytes(network)
    return lambda features: as_gain(MaskNetwork(runtime, features.shape[1]).push(features))


def enhance_all(gains: Gains, recordings: Sequence[Pcm], floor_db: float) -> list[Pcm]:
    """Enhance recordings side by side, each from a fresh start; results are aligned with them and as long."""
    after = FRONT_END.delay_samples + FRONT_END.hop_samples
    longest = max(map(len, recordings)) + after
    spectra = [Stft(FRONT_END.windows).push(np.pad(pcm, (0, longest - len(pcm)))) for pcm in recordings]
    re, im = (np.stack(column, axis=1) for column in zip(*spectra, strict=True))
    factors = np.maximum(gains(FeatureStream((len(recordings),)).push(re, im)), floor_of(floor_db))
    enhanced = []
    for number, pcm in enumerate(recordings):
        one = [np.ascontiguousarray(part[:, number] * factors[:, number]) for part in (re, im)]
        sound = Synthesis(FRONT_END.windows).push(*one)
        enhanced.append(sound[FRONT_END.delay_samples :][: len(pcm)])
    return enhanced


def measure(
    model: Any, network: bytes, data_dir: Path, floor_db: float, *, n_sentences: int = 24, seed: int = 1
) -> dict[str, Any]:
    """Judge a float model and its int8 network on held-out mixtures.

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
    int8 = int8_gains(network)
    systems = {
        "noisy": noisy,
        "float": enhance_all(FloatMaskNetwork.of(model).gains, noisy, floor_db),
        "int8": enhance_all(int8, noisy, floor_db),
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
    clean_pesq = [pesq_wb(*pair) for pair in zip(clean, enhance_all(int8, clean, floor_db), strict=True)]
    noise = [remaining_noise(pair.clean, pair.noisy) for pair in pairs if pair.snr_db == min(ratios)]
    down_db = [reduction_db(*pair) or 0.0 for pair in zip(noise, enhance_all(int8, noise, floor_db), strict=True)]
    return {
        "mixtures": len(pairs),
        "by_snr": by_snr,
        "means": means,
        "clean_pesq": round(float(np.mean(clean_pesq)), 3),
        "noise_down_db": round(float(np.mean(down_db)), 1),
    }


def _three(clean: Pcm, sound: Pcm) -> tuple[float, float, float]:
    return pesq_wb(clean, sound), stoi(clean, sound), si_sdr_db(clean, sound)


def _rounded(table: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 3) for value in table.mean(axis=0)]
