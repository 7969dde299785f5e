"""What recorders do: gain, noise, overload, noise suppression, automatic gain, lossy coding, lost blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from acoustic.signals import FloatArray, apply_envelope, row_energy

from .parameters import RoastParameters
from .signals import FRAME, RATE_HZ

_SIZE = 512
_HOP = _SIZE // 2
_BLOCK = 500
"""Frames (4 s) over which the suppressor takes its noise floor."""


def record(rng: np.random.Generator, x: FloatArray, gain: float, p: RoastParameters) -> FloatArray:
    """Turn what the microphone puts out (float32 [n * FRAME]) into what the recorder stores, full scale 1; no delay."""
    x = x * np.float32(gain)
    x += rng.standard_normal(len(x), dtype=np.float32) * np.float32(10 ** (p.self_noise_dbfs / 20))
    if p.clip_dbfs:
        ceiling = np.float32(10 ** (p.clip_dbfs / 20))
        np.clip(x, -ceiling, ceiling, out=x)
    if p.suppressor_db:
        x = _regain(x, lambda power: _suppressor_gain(power, p.suppressor_db))
    if p.agc:
        _automatic_gain(x, p.agc, p.gain_dbfs)
    if p.codec_holes_db:
        x = _regain(x, lambda power: _codec_gain(power, p.codec_holes_db))
    _drop_blocks(rng, x, p.dropouts_per_min)
    return x


def _regain(x: FloatArray, gain_of: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Change ``x`` by a gain for every frame and bin that ``gain_of`` takes from the power [frames, bins]."""
    window = np.sqrt(np.hanning(_SIZE + 1)[:-1]).astype(np.float32)
    frames = -(-len(x) // _HOP) + 1
    padded = np.zeros((frames + 1) * _HOP, dtype=np.float32)
    padded[_HOP : _HOP + len(x)] = x
    spectra = np.fft.rfft(np.lib.stride_tricks.sliding_window_view(padded, _SIZE)[::_HOP] * window)
    spectra *= gain_of((spectra.real**2 + spectra.imag**2).astype(np.float32))
    parts = np.fft.irfft(spectra, _SIZE) * window
    y = np.zeros_like(padded)
    y[:-_HOP] += parts[:, :_HOP].reshape(-1)
    y[_HOP:] += parts[:, _HOP:].reshape(-1)
    return y[_HOP : _HOP + len(x)].copy()


def _suppressor_gain(power: FloatArray, most_db: float) -> FloatArray:
    """Attenuate what does not stand out from its median of 4 s; the gain follows slowly, and so eats short sounds."""
    frames, lowest = len(power), 10 ** (-most_db / 20)
    blocks = max(1, frames // _BLOCK)
    floor = np.stack([np.median(part, axis=0) for part in np.array_split(power, blocks)])
    block = np.minimum(np.arange(frames) * blocks // frames, blocks - 1)
    gain: FloatArray = np.clip(1 - 3 * floor[block] / (power + 1e-20), lowest, 1).astype(np.float32)
    for k in range(1, frames):
        gain[k] = 0.6 * gain[k - 1] + 0.4 * gain[k]
    return gain


def _codec_gain(power: FloatArray, holes_db: float) -> FloatArray:
    """Zero groups of eight bins above 5 kHz wherever they are weaker than usual, as a codec short of bits does."""
    first = round(5000 / RATE_HZ * _SIZE) // 8 * 8
    groups = power[:, first:-1].reshape(len(power), -1, 8).sum(axis=2)
    weak = groups < np.median(groups, axis=0) * 10 ** (-holes_db / 10)
    gain = np.ones_like(power)
    gain[:, first:-1][np.repeat(weak, 8, axis=1)] = 0.0
    return gain


def _automatic_gain(x: FloatArray, share: float, target_db: float) -> None:
    """Take away a share of the level's distance to the target: fast down (20 ms), slow up (600 ms)."""
    level_db = 10 * np.log10(row_energy(x.reshape(-1, FRAME)) / FRAME + 1e-12)
    smooth = float(np.median(level_db))
    follow = np.empty(len(level_db) + 1)
    for k, level in enumerate(level_db.tolist()):
        smooth += (0.4 if level > smooth else 0.016) * (level - smooth)
        follow[k] = smooth
    follow[-1] = smooth
    apply_envelope(x, (10 ** (share * np.clip(target_db - follow, -20, 20) / 20)).astype(np.float32))


def _drop_blocks(rng: np.random.Generator, x: FloatArray, per_min: float) -> None:
    for _ in range(rng.poisson(per_min * len(x) / RATE_HZ / 60)):
        start = int(rng.integers(len(x)))
        x[start : start + int(rng.uniform(0.01, 0.1) * RATE_HZ)] = 0.0
