"""From the sound at the microphone to samples: response, gain, noise of its own, full scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acoustic.signals import FloatArray, fft_filter, minimum_phase

from .turbine import Turbine

_TAPS = 1024


def record(rng: np.random.Generator, x: FloatArray, turbine: Turbine, gain_db: float, rate_hz: int) -> FloatArray:
    """Return what the microphone puts out, full scale 1, not yet limited to it."""
    y = fft_filter(x, _response(turbine, rate_hz))
    y += rng.standard_normal(len(y), dtype=np.float32) * np.float32(
        10 ** ((turbine.self_noise_dbfs - turbine.gain_dbfs) / 20)
    )
    y *= np.float32(10 ** ((turbine.gain_dbfs + gain_db) / 20))
    return y


def to_pcm(x: FloatArray) -> NDArray[np.int16]:
    """Round to int16; what exceeds full scale is clipped."""
    return np.asarray(np.clip(np.rint(x * np.float32(32768)), -32768, 32767), dtype=np.int16)


def _response(turbine: Turbine, rate_hz: int) -> FloatArray:
    hz = np.fft.rfftfreq(4 * _TAPS, 1 / rate_hz)
    hz[0] = hz[1] / 2
    level_db = -10 * np.log10(1 + (turbine.highpass_hz / hz) ** 4)
    level_db += turbine.tilt_db * np.clip(np.log2(hz / 500) / 4, 0, 1)
    level_db += turbine.resonance_db * np.exp(-((np.log2(hz / turbine.resonance_hz) / 0.35) ** 2))
    return minimum_phase(10 ** (level_db / 20), _TAPS)
